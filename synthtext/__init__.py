"""Words become labelled pixels."""

from synthtext.frame import Output
from synthtext.layout import Layout
from synthtext.line import ATTEMPTS, LineDesign, LineGenerator, PaperEntry

__all__ = ["ATTEMPTS", "Layout", "LineDesign", "LineGenerator", "Output", "PaperEntry"]
