"""What a job has, wants and did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.shards import Mark


@dataclass(frozen=True)
class Summary:
    """What a job did.

    Attributes:
        kind: what it drew: "lines" or "scenes".
        folder: of the data set.
        rows: samples in it.
        gaps: samples that could not be drawn, by reason.
        shards: in it.
        new_shards: of these, drawn by this job and not by an earlier one.
        new_samples: in them, gaps included.
        seconds: that drawing them took.
        deaths: workers that died over a shard, which was then drawn again.
    """

    kind: str
    folder: Path
    rows: int
    gaps: dict[str, int]
    shards: int
    new_shards: int = 0
    new_samples: int = 0
    seconds: float = 0.0
    deaths: int = 0


@dataclass
class Tally:
    """The finished shards of a job.

    Attributes:
        shards: their numbers.
        samples: in them, gaps included.
        rows: samples that are there.
        gaps: samples that are not, by reason.
        deaths: workers that died over one of them.
    """

    shards: set[int] = field(default_factory=set)
    samples: int = 0
    rows: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    deaths: int = 0

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "Tally":
        """The tally of some shards."""
        tally = cls()
        for mark in marks:
            tally.add(mark)
        return tally

    def add(self, mark: Mark) -> None:
        """Count one more finished shard."""
        self.shards.add(mark.index)
        self.samples += mark.count
        self.rows += mark.rows
        self.gaps.update(mark.gaps)
