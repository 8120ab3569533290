"""What lines are written with. In a recipe, the style `outline` means the class `Outline` of this package."""

from synthtext.ink.any_colour import AnyColour
from synthtext.ink.bleeding import Bleeding
from synthtext.ink.blend import Blend
from synthtext.ink.contrast import Colour, Ground, InkColour, InkField, choose_colours, find_ink, measure_grounds
from synthtext.ink.dot_matrix import DotMatrix
from synthtext.ink.double_outline import DoubleOutline
from synthtext.ink.emboss import Emboss
from synthtext.ink.extrusion import Extrusion
from synthtext.ink.glow import Glow
from synthtext.ink.gradient_fill import GradientFill
from synthtext.ink.highlight import Highlight
from synthtext.ink.ink import Ink
from synthtext.ink.long_shadow import LongShadow
from synthtext.ink.outline import Outline
from synthtext.ink.palettes import Palettes
from synthtext.ink.paper_colours import PaperColours
from synthtext.ink.photo_colours import PhotoColours
from synthtext.ink.plain import Plain
from synthtext.ink.shadow import Shadow
from synthtext.ink.source import ColourSource
from synthtext.ink.strike_through import StrikeThrough
from synthtext.ink.style import Fading, InkStyle, Room
from synthtext.ink.texture_fill import TextureFill
from synthtext.ink.tones import Tones
from synthtext.ink.translucent import Translucent
from synthtext.ink.underline import Underline
from synthtext.ink.worn import Worn
from synthtext.layers import composite, overlay

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
