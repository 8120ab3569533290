"""What a job has, wants and did."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.io.charset_coverage import CharacterFrequencies
from pipelines.io.manifest import ShardManifest
from pipelines.io.paths import AnyPath
from pipelines.io.statistics import Statistics
from synthtext.core import Charset


@dataclass(frozen=True)
class JobSummary:
    """What a job did.

    Attributes:
        kind: what it drew: "lines" or "scenes".
        folder: of the data set.
        rows: samples in it.
        gaps: samples that could not be drawn, by reason.
        shards: in it.
        character_frequencies: how often the characters of its charset occur; None where no charset is known.
        owed: samples that owed a character, by how it came into their text, or why it did not.
        new_shards: of these, drawn by this job and not by an earlier one.
        new_samples: in them, gaps included.
        seconds: that drawing them took.
        deaths: workers that died over a shard, which was then drawn again.
        refused: a sentence of each machine that was not let draw.
    """

    kind: str
    folder: AnyPath
    rows: int
    skipped: dict[str, int]
    shards: int
    character_frequencies: CharacterFrequencies | None = None
    coverage_outcomes: dict[str, int] = field(default_factory=dict)
    new_shards: int = 0
    new_samples: int = 0
    seconds: float = 0.0
    lost_workers: int = 0
    excluded_nodes: tuple[str, ...] = ()


@dataclass
class FinishedShards:
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
    def from_manifests(cls, marks: Iterable[ShardManifest]) -> "FinishedShards":
        """The tally of some shards."""
        tally = cls()
        for mark in marks:
            tally.add(mark)
        return tally

    def add(self, mark: ShardManifest) -> None:
        """Count one more finished shard."""
        self.shards.add(mark.index)
        self.samples += mark.count
        self.statistics.merge(mark.statistics)

    def summary(
        self,
        kind: str,
        folder: AnyPath,
        charset: Charset | None,
        *,
        new_shards: int = 0,
        new_samples: int = 0,
        seconds: float = 0.0,
    ) -> JobSummary:
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
        return JobSummary(
            kind=kind,
            folder=folder,
            rows=statistics.rows,
            skipped=dict(statistics.skipped),
            shards=len(self.shards),
            character_frequencies=None
            if charset is None
            else CharacterFrequencies.from_counts(statistics.characters, charset),
            coverage_outcomes=dict(statistics.coverage_outcomes),
            new_shards=new_shards,
            new_samples=new_samples,
            seconds=seconds,
            lost_workers=self.deaths,
            excluded_nodes=self.refused,
        )
