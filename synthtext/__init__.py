"""Words become labelled pixels."""

from synthtext.balance import Balance
from synthtext.entry import Entry
from synthtext.layout import Layout, LineDesign, Output
from synthtext.line import ATTEMPTS, LineGenerator

__all__ = ["ATTEMPTS", "Balance", "Entry", "Layout", "LineDesign", "LineGenerator", "Output"]
