"""What is wrong with a data set, one line each, bounded however much there is."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

SHOWN = 5
"""Problems of a kind that are told one by one; further ones are counted."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: in a few words that can be counted, such as "checksum differs".
        place: file, row and key.
        detail: what exactly; may be empty.
        remedy: what to do; empty for what drawing the shard again mends.
        shard: number of the shard that has to be made again, or None.
    """

    kind: str
    place: str
    detail: str = ""
    remedy: str = ""
    shard: int | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}{f' ({self.detail})' if self.detail else ''}"


@dataclass
class Problems:
    """The problems of a shard or of a whole data set; those of parts can be merged.

    Attributes:
        shown: the first ones of every kind.
        counts: all, by kind.
        damaged: numbers of the shards that have to be made again.
    """

    shown: dict[str, list[Problem]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    damaged: set[int] = field(default_factory=set)

    def add(self, problem: Problem) -> None:
        """Count a problem."""
        self._show(problem)
        self.counts[problem.kind] += 1
        if problem.shard is not None:
            self.damaged.add(problem.shard)

    def merge(self, other: "Problems") -> None:
        """Add the problems of another part."""
        for problems in other.shown.values():
            for problem in problems:
                self._show(problem)
        self.counts.update(other.counts)
        self.damaged |= other.damaged

    def lines(self, remedy: str) -> Iterator[str]:
        """The problems as lines, each with what to do; of further ones of a kind, how many there are.

        Args:
            remedy: for those that making a shard again mends.
        """
        for kind, problems in self.shown.items():
            yield from (f"{problem}; {problem.remedy or remedy}" for problem in problems)
            if self.counts[kind] > len(problems):
                yield f"{self.counts[kind] - len(problems):,} more: {kind}"

    def _show(self, problem: Problem) -> None:
        shown = self.shown.setdefault(problem.kind, [])
        if len(shown) < SHOWN:
            shown.append(problem)
