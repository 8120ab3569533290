"""Words become labelled pixels."""

from synthtext.core.randomness import WeightedComponent
from synthtext.lines.coverage import CoverageOptions
from synthtext.lines.design import LayoutOptions, LineDesign, Output
from synthtext.lines.generator import MAX_ATTEMPTS, LineGenerator

__all__ = [
    "MAX_ATTEMPTS",
    "CoverageOptions",
    "LayoutOptions",
    "LineDesign",
    "LineGenerator",
    "Output",
    "WeightedComponent",
]
