"""What a job has, wants and did."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.rarity import Rarity
from pipelines.shards import Mark
from pipelines.storage import Place
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


@dataclass
class Tally:
    """The finished shards of a job.

    Attributes:
        shards: their numbers.
        samples: in them, gaps included.
        rows: samples that are there.
        gaps: samples that are not, by reason.
        characters: of all labels.
        owed: samples that owed a character, by how it came into their text, or why it did not.
        deaths: workers that died over one of them.
    """

    shards: set[int] = field(default_factory=set)
    samples: int = 0
    rows: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
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
        self.characters.update(mark.statistics.characters)
        self.owed.update(mark.statistics.owed)

    def summary(
        self, kind: str, folder: Place, charset: Charset | None, before: "Tally | None" = None, seconds: float = 0.0
    ) -> Summary:
        """What a job did.

        Args:
            kind: what it drew.
            folder: of the data set.
            charset: of its recipe, if it has one.
            before: what an earlier job had finished; none means all of it.
            seconds: that drawing took.
        """
        old = before or self
        return Summary(
            kind=kind,
            folder=folder,
            rows=self.rows,
            gaps=dict(self.gaps),
            shards=len(self.shards),
            rarity=None if charset is None else Rarity.of(self.characters, charset),
            owed=dict(self.owed),
            new_shards=len(self.shards) - len(old.shards),
            new_samples=self.samples - old.samples,
            seconds=seconds,
            deaths=self.deaths,
        )
