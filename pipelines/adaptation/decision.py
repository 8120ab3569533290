"""The decision about a round: whether its network replaces the former one."""

from dataclasses import dataclass

MIN_GAIN = 0.002
"""Least gain of a round that counts, as a share of the lines or texts."""


@dataclass(frozen=True)
class Score:
    """Scores of a network.

    Attributes:
        estimate: Estimated score on the held-out photographs, without labels, 0 to 1.
        labelled: Score on labelled data, 0 to 1; None without such data.
        statistics: Further numbers about the held-out photographs, by name.
    """

    estimate: float
    labelled: float | None
    statistics: dict[str, float]

    @property
    def decisive(self) -> float:
        """The score that decides: the labelled one, if there is one."""
        return self.estimate if self.labelled is None else self.labelled


@dataclass(frozen=True)
class Decision:
    """Whether the network of a round is accepted, and why."""

    accepted: bool
    reason: str


def decide(before: Score, after: Score, collapse: str) -> Decision:
    """Decide whether a new network replaces the former one.

    Args:
        before: Scores of the former network.
        after: Scores of the new one.
        collapse: How the new one collapsed, in a sentence; empty if it did not.
    """
    name = "estimated score on the held-out photographs" if after.labelled is None else "score on the labelled data"
    change = f"the {name} changed from {before.decisive:.3f} to {after.decisive:.3f}"
    if collapse:
        return Decision(False, f"collapse: {collapse}; the former network is kept ({change})")
    if after.decisive < before.decisive + MIN_GAIN:
        return Decision(False, f"{change}, which is no gain; the former network is kept")
    return Decision(True, change)
