"""Generate labelled images of text lines; `synthtext.scenes` generates images with many texts."""

from synthtext.lines.coverage import CoverageOptions
from synthtext.lines.design import LayoutOptions, LineDesign, LineOutput
from synthtext.lines.generator import LineGenerator
from synthtext.lines.legibility import LineLegibility

__all__ = ["CoverageOptions", "LayoutOptions", "LineDesign", "LineGenerator", "LineLegibility", "LineOutput"]
