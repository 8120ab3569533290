"""Letters of one colour."""

from dataclasses import dataclass

from synthtext.ink.style import InkStyle


@dataclass(frozen=True)
class Plain(InkStyle):
    """Letters of one colour, nothing below them."""
