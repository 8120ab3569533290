"""What lines are written on. In a recipe, `photos:` means the class `Photos` of this package."""

from synthtext.paper.fabric import Fabric
from synthtext.paper.fibrous_paper import FibrousPaper
from synthtext.paper.halftone import Halftone
from synthtext.paper.made import MadePaper
from synthtext.paper.metal import Metal
from synthtext.paper.paper import Paper, PaperStock
from synthtext.paper.photos import PhotoPool, Photos
from synthtext.paper.procedural import Gradient, Plain, Texture
from synthtext.paper.ruled import Ruled
from synthtext.paper.screen import Screen
from synthtext.paper.table import Table
from synthtext.paper.wood import Wood

__all__ = [
    "Fabric",
    "FibrousPaper",
    "Gradient",
    "Halftone",
    "MadePaper",
    "Metal",
    "Paper",
    "PaperStock",
    "PhotoPool",
    "Photos",
    "Plain",
    "Ruled",
    "Screen",
    "Table",
    "Texture",
    "Wood",
]
