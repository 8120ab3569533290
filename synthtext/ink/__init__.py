"""What lines are written with. In a recipe, the style `outline` means the class `Outline` of this package."""

from synthtext.core.compositing import composite, overlay
from synthtext.ink.colours import AnyColour, ColourSource, Palettes, PaperColours, PhotoColours, Tones
from synthtext.ink.contrast import Colour, Ground, InkColour, InkField, choose_colours, find_ink, measure_grounds
from synthtext.ink.decorations import Highlight, StrikeThrough, Underline
from synthtext.ink.fills import Blend, GradientFill, TextureFill, Translucent
from synthtext.ink.outlines import DoubleOutline, Glow, Outline
from synthtext.ink.printing import Bleeding, DotMatrix, Worn
from synthtext.ink.relief import Emboss, Extrusion
from synthtext.ink.shadows import LongShadow, Shadow
from synthtext.ink.style import Fading, Ink, InkStyle, Plain, Room

__all__ = [
    "AnyColour",
    "Bleeding",
    "Blend",
    "Colour",
    "ColourSource",
    "DotMatrix",
    "DoubleOutline",
    "Emboss",
    "Extrusion",
    "Fading",
    "Glow",
    "GradientFill",
    "Ground",
    "Highlight",
    "Ink",
    "InkColour",
    "InkField",
    "InkStyle",
    "LongShadow",
    "Outline",
    "Palettes",
    "PaperColours",
    "PhotoColours",
    "Plain",
    "Room",
    "Shadow",
    "StrikeThrough",
    "TextureFill",
    "Tones",
    "Translucent",
    "Underline",
    "Worn",
    "choose_colours",
    "composite",
    "find_ink",
    "measure_grounds",
    "overlay",
]
