"""Backgrounds of lines. In a recipe, `photos` refers to the class `Photos` of this package."""

from synthtext.background.background import Background, BackgroundSource, ParametricBackground
from synthtext.background.fibrous_paper import FibrousPaper
from synthtext.background.materials import Fabric, Metal, Wood
from synthtext.background.photos import PhotoPool, Photos
from synthtext.background.printed import Halftone, Ruled, Table
from synthtext.background.procedural import Gradient, Plain, Texture
from synthtext.background.screen import Screen

__all__ = [
    "Background",
    "BackgroundSource",
    "Fabric",
    "FibrousPaper",
    "Gradient",
    "Halftone",
    "Metal",
    "ParametricBackground",
    "PhotoPool",
    "Photos",
    "Plain",
    "Ruled",
    "Screen",
    "Table",
    "Texture",
    "Wood",
]
