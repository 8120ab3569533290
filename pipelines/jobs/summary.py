"""What a job has, wants and did."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.io.charset_coverage import Rarity
from pipelines.io.manifest import Mark
from pipelines.io.paths import Place
from pipelines.io.statistics import Statistics
from synthtext.core import Charset


@dataclass(frozen=True)
class Summary:
    """What a job did.

    Attributes:
        kind: what it drew: "lines" or "scenes".
        folder: of the data set.
        rows: samples in it.
        gaps: samples that could not be drawn, by reason.
        shards: in it.
        rarity: how often the characters of its charset occur; None where no charset is known.
        owed: samples that owed a character, by how it came into their text, or why it did not.
        new_shards: of these, drawn by this job and not by an earlier one.
        new_samples: in them, gaps included.
        seconds: that drawing them took.
        deaths: workers that died over a shard, which was then drawn again.
        refused: a sentence of each machine that was not let draw.
    """

    kind: str
    folder: Place
    rows: int
    gaps: dict[str, int]
    shards: int
    rarity: Rarity | None = None
    owed: dict[str, int] = field(default_factory=dict)
    new_shards: int = 0
    new_samples: int = 0
    seconds: float = 0.0
    deaths: int = 0
    refused: tuple[str, ...] = ()


@dataclass
class Tally:
    """The finished shards of a job. Its size depends on what is in them, not on their number, but for that set.

    Attributes:
        shards: their numbers.
        samples: in them, gaps included.
        statistics: the sum of theirs.
        deaths: workers that died over one of them.
        refused: a sentence of each machine that was not let draw.
    """

    shards: set[int] = field(default_factory=set)
    samples: int = 0
    statistics: Statistics = field(default_factory=Statistics)
    deaths: int = 0
    refused: tuple[str, ...] = ()

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
        self.statistics.merge(mark.statistics)

    def summary(
        self,
        kind: str,
        folder: Place,
        charset: Charset | None,
        *,
        new_shards: int = 0,
        new_samples: int = 0,
        seconds: float = 0.0,
    ) -> Summary:
        """What a job did.

        Args:
            kind: what it drew.
            folder: of the data set.
            charset: of its recipe, if it has one.
            new_shards: that were drawn now.
            new_samples: in them.
            seconds: that drawing took.
        """
        statistics = self.statistics
        return Summary(
            kind=kind,
            folder=folder,
            rows=statistics.rows,
            gaps=dict(statistics.gaps),
            shards=len(self.shards),
            rarity=None if charset is None else Rarity.of(statistics.characters, charset),
            owed=dict(statistics.owed),
            new_shards=new_shards,
            new_samples=new_samples,
            seconds=seconds,
            deaths=self.deaths,
            refused=self.refused,
        )
