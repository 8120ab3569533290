"""What was changed in a recipe."""

from typing import NamedTuple


class Change(NamedTuple):
    """A weight or a probability that was looked at.

    Attributes:
        part: of the recipe: "corpus", "effect", "ink style", "paper", "font", "length" or "character".
        name: of what is drawn.
        total: lines, or characters, that were counted for it.
        wrong: of these, misread.
        before: the weight.
        after: the weight.
    """

    part: str
    name: str
    total: int
    wrong: int
    before: float
    after: float

    @property
    def factor(self) -> float:
        """By which the weight has changed; 1 if it was 0."""
        return self.after / self.before if self.before else 1.0
