"""Ink colours and styles. In a recipe, the style `outline` refers to the class `Outline` of this package."""

from synthtext.core.compositing import composite
from synthtext.ink.colours import AnyColour, ColourSource, Palettes, PhotoColours, SampledColours, Tones
from synthtext.ink.contrast import (
    Colour,
    InkColour,
    InkMask,
    LocalBackground,
    choose_colours,
    compute_ink_masks,
    measure_backgrounds,
)
from synthtext.ink.decorations import Highlight, StrikeThrough, Underline
from synthtext.ink.fills import Blend, GradientFill, TextureFill, Translucent
from synthtext.ink.outlines import Bleeding, DotMatrix, DoubleOutline, Glow, Outline, Worn
from synthtext.ink.relief import Emboss, Extrusion, LongShadow, Shadow
from synthtext.ink.segments import SevenSegment
from synthtext.ink.stencil import Stencil
from synthtext.ink.style import ContrastLoss, DecorationMargins, Ink, InkStyle, Plain

__all__ = [
    "AnyColour",
    "Bleeding",
    "Blend",
    "Colour",
    "ColourSource",
    "ContrastLoss",
    "DecorationMargins",
    "DotMatrix",
    "DoubleOutline",
    "Emboss",
    "Extrusion",
    "Glow",
    "GradientFill",
    "Highlight",
    "Ink",
    "InkColour",
    "InkMask",
    "InkStyle",
    "LocalBackground",
    "LongShadow",
    "Outline",
    "Palettes",
    "PhotoColours",
    "Plain",
    "SampledColours",
    "SevenSegment",
    "Shadow",
    "Stencil",
    "StrikeThrough",
    "TextureFill",
    "Tones",
    "Translucent",
    "Underline",
    "Worn",
    "choose_colours",
    "composite",
    "compute_ink_masks",
    "measure_backgrounds",
]
