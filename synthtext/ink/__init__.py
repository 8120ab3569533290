"""What lines are written with. In a recipe, the style `outline` means the class `Outline` of this package."""

from synthtext.ink.contrast import Colour, Ground, InkColour, InkField, choose_colours, find_ink, measure_grounds
from synthtext.ink.ink import Ink
from synthtext.ink.style import InkStyle, Outline, Plain, composite

__all__ = [
    "Colour",
    "Ground",
    "Ink",
    "InkColour",
    "InkField",
    "InkStyle",
    "Outline",
    "Plain",
    "choose_colours",
    "composite",
    "find_ink",
    "measure_grounds",
]
