"""Words become labelled pixels."""

from synthtext.balance import Balance
from synthtext.design import LineDesign
from synthtext.entry import Entry
from synthtext.frame import Output
from synthtext.layout import Layout
from synthtext.line import ATTEMPTS, LineGenerator

__all__ = ["ATTEMPTS", "Balance", "Entry", "Layout", "LineDesign", "LineGenerator", "Output"]
