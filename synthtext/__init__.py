"""Words become labelled pixels."""

from synthtext.design import BaselineEntry, LineDesign, PaperEntry
from synthtext.frame import Output
from synthtext.layout import Layout
from synthtext.line import ATTEMPTS, LineGenerator

__all__ = ["ATTEMPTS", "BaselineEntry", "Layout", "LineDesign", "LineGenerator", "Output", "PaperEntry"]
