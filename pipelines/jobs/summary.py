"""The summary of a job."""

from dataclasses import dataclass, field

from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardManifest
from pipelines.io.statistics import CharacterFrequencies, Statistics


@dataclass(frozen=True)
class SummaryTable:
    """A table for the terminal.

    Attributes:
        columns: the headings; the first column is a name, the others are numbers.
        rows: the cells.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SourceSummary:
    """What a source reports of a dataset, beside its statistics.

    Attributes:
        notes: one sentence each.
        tables: for the terminal.
    """

    notes: tuple[str, ...] = ()
    tables: tuple[SummaryTable, ...] = ()


@dataclass(frozen=True)
class JobSummary:
    """What a job did.

    Attributes:
        kind: "lines" or "scenes".
        folder: of the dataset.
        shards: in the dataset.
        statistics: of the whole dataset.
        character_frequencies: of the characters of the charset; None if no charset is known.
        new_shards: written by this run, not by an earlier one.
        new_samples: in the new shards, skipped ones included.
        seconds: that writing the new shards took.
        lost_workers: workers that died; their shards were written again.
        excluded_nodes: a message for each machine that was excluded.
        source: what the source reports.
    """

    kind: str
    folder: AnyPath
    shards: int
    statistics: Statistics
    character_frequencies: CharacterFrequencies | None = None
    new_shards: int = 0
    new_samples: int = 0
    seconds: float = 0.0
    lost_workers: int = 0
    excluded_nodes: tuple[str, ...] = ()
    source: SourceSummary = field(default_factory=SourceSummary)

    @property
    def rows(self) -> int:
        """Samples in the dataset."""
        return self.statistics.rows

    @property
    def skipped(self) -> dict[str, int]:
        """Samples that were skipped, by reason."""
        return dict(self.statistics.skipped)


@dataclass
class FinishedShards:
    """The finished shards of a job. Its size does not grow with the number of shards, except for the set of indices.

    Attributes:
        indices: of the shards.
        samples: in them, skipped ones and those of other splits included.
        bytes: size of their data.
        statistics: their sum.
    """

    indices: set[int] = field(default_factory=set)
    samples: int = 0
    bytes: int = 0
    statistics: Statistics = field(default_factory=Statistics)

    def add(self, manifest: ShardManifest) -> None:
        """Add a shard."""
        self.indices.add(manifest.index)
        self.samples += manifest.count
        self.bytes += manifest.bytes
        self.statistics.merge(manifest.statistics)
