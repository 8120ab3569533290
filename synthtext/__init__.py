"""Words become labelled pixels."""

from synthtext.core.randomness import Entry
from synthtext.lines.coverage import Balance
from synthtext.lines.design import Layout, LineDesign, Output
from synthtext.lines.generator import ATTEMPTS, LineGenerator

__all__ = ["ATTEMPTS", "Balance", "Entry", "Layout", "LineDesign", "LineGenerator", "Output"]
