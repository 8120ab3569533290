"""Counts the decisions of a filter."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.datasets.source import LineSource
from pipelines.errors import JobError
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER, DatasetFolder
from pipelines.io.paths import AnyPath
from pipelines.jobs.line_filter import KEPT, KEPT_TRIVIAL, TRIVIAL, UNREADABLE
from pipelines.jobs.summary import SourceSummary, SummaryTable
from synthtext.core import InputError

GROUP_COLUMNS = ("corpus", "font")


@dataclass(frozen=True)
class DecisionCounts:
    """The number of lines by decision.

    Attributes:
        total: number of lines.
        decisions: lines by decision, or by the reason why a line cannot be used.
        by_column: decisions by "corpus" and by "font", if the source has them, by their values.
    """

    total: int
    decisions: Counter[str]
    by_column: Mapping[str, Mapping[str, Counter[str]]]

    @property
    def kept(self) -> int:
        """Number of lines that are kept."""
        return self.decisions[KEPT] + self.decisions[KEPT_TRIVIAL]

    def most_dropped(self, column: str, limit: int = 10) -> list[tuple[str, Counter[str]]]:
        """The values of a column with the most dropped lines, and their decisions."""
        groups = [(name, counts) for name, counts in self.by_column.get(column, {}).items() if _dropped(counts)]
        return sorted(groups, key=lambda group: (-_dropped(group[1]), group[0]))[:limit]

    def summary(self, notes: tuple[str, ...]) -> SourceSummary:
        """The counts as sentences, and tables of corpora and fonts.

        Args:
            notes: further sentences.
        """
        kept = f"{self.kept:,} of {self.total:,} lines kept"

        trivial = [f"trivial, kept at random: {self.decisions[KEPT_TRIVIAL]:,}"] * bool(self.decisions[KEPT_TRIVIAL])
        tables = (_table(column, groups) for column in self.by_column if (groups := self.most_dropped(column)))
        return SourceSummary((*notes, kept, *trivial), tuple(tables))


def _table(column: str, groups: list[tuple[str, Counter[str]]]) -> SummaryTable:
    rows = []
    for name, counts in groups:
        kept = (counts.total() - _dropped(counts)) / counts.total()
        numbers = counts.total(), counts[TRIVIAL], counts[UNREADABLE]
        rows.append((name, *(f"{number:,}" for number in numbers), f"{kept:.0%}"))
    return SummaryTable((column, "lines", TRIVIAL, UNREADABLE, "kept"), tuple(rows))


def _dropped(counts: Counter[str]) -> int:
    return counts[TRIVIAL] + counts[UNREADABLE]


def count_decisions(lines: LineSource, folder: DatasetFolder) -> DecisionCounts:
    """Count the decisions in the folder of a complete dataset.

    Args:
        lines: the source that was filtered.
        folder: of the dataset.

    Raises:
        InputError: the decisions about some lines are missing.
        JobError: the storage cannot be read.
    """
    columns = lines.columns(GROUP_COLUMNS)
    decisions = Counter[str]()
    by_column: dict[str, dict[str, Counter[str]]] = {name: {} for name in columns}
    for note in _notes(folder.path / FILTER_DECISIONS_FOLDER):
        decisions[note["decision"]] += 1
        for column, groups in by_column.items():
            if name := columns[column][note["row"]]:
                groups.setdefault(name, Counter())[note["decision"]] += 1
    if decisions.total() != len(lines):
        raise InputError(
            f"{folder.path / FILTER_DECISIONS_FOLDER} is incomplete: it has decisions about {decisions.total():,} of "
            f"{len(lines):,} lines; run ocrmill check --repair"
        )
    return DecisionCounts(len(lines), decisions, by_column)


def _notes(folder: AnyPath) -> Iterator[dict[str, Any]]:
    try:
        if isinstance(folder, Path):
            names = sorted(path.name for path in folder.glob("part-*.jsonl"))
        else:
            names = list(folder.list_files())
        for name in names:
            yield from map(json.loads, (folder / name).read_bytes().splitlines())
    except StorageError as error:
        raise JobError(f"{folder} cannot be read: {error}") from None
