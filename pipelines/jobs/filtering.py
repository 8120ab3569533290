"""Filters a source of lines: drops lines that are trivial or unreadable."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self, Unpack

import numpy as np

from pipelines.config import SettingsDict
from pipelines.datasets.image import decode_image
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, LineSource, read_rows
from pipelines.errors import JobError
from pipelines.inference.digest import recognizer_digest
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER, DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.paths import AnyPath, local_path
from pipelines.io.plan import ShardSpec
from pipelines.io.row import to_json
from pipelines.io.statistics import UNREADABLE
from pipelines.jobs.importing import EMPTY_LABEL
from pipelines.jobs.line_filter import (
    KEPT,
    KEPT_TRIVIAL,
    TRIVIAL,
    FilterDecision,
    FilterSettings,
    LabelledLine,
    LineFilter,
)
from pipelines.jobs.shard_job import JobOptions, JobOutput
from pipelines.jobs.shard_source import ShardItem, ShardNote, code_fingerprint, register_source
from pipelines.jobs.stored_line_source import StoredLineSource
from pipelines.jobs.stored_lines import lines_digest
from pipelines.jobs.summary import JobSummary, SourceSummary, SummaryTable
from synthtext.core import Image, InputError, SkippedSample

_CODE = ("jobs/line_filter.py", "inference/predictors.py", "datasets/preprocessing.py")
_LIBRARIES = ("numpy", "opencv-python", "torch")
_MAX_GROUPS = 10  # in a table of the summary
_GROUP_COLUMNS = ("corpus", "font")


@register_source("filter")
@dataclass(frozen=True)
class FilterSource(StoredLineSource):
    """The lines of a source that a filter keeps, byte for byte and with everything that is known of them.

    Dropped lines are skipped samples. The decision about every line is a note, in `decisions/part-XXXXXX.jsonl`.

    Attributes:
        settings: of the filter.
    """

    settings: FilterSettings

    label: ClassVar[str] = "filtering"

    def open(self) -> None:
        """Open the lines and the recognizers."""
        _ = self.lines, self.line_filter

    @cached_property
    def line_filter(self) -> LineFilter:
        """The filter, opened once in each process."""
        return self.settings.open()

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """The lines, the recognizers, the thresholds, the code, the libraries."""
        settings = self.settings
        found = {"source": lines_digest(self.path)}
        found |= {name: str(value) for name, value in settings.thresholds().items()}
        found["weak"] = recognizer_digest(settings.weak, settings.charset)
        found["strong"] = recognizer_digest(settings.strong, settings.charset)
        return found | code_fingerprint(_CODE, _LIBRARIES)

    def to_recipe(self) -> SettingsDict:
        """The paths and the thresholds."""
        return {"kind": "filter", "source": str(self.path), **self.settings.to_dict()}

    @classmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again."""
        settings: SettingsDict = {name: value for name, value in recipe.items() if name not in ("kind", "source")}
        settings |= {name: Path(settings[name]) for name in ("weak", "strong", "charset") if name in settings}
        source = cls(Path(recipe["source"]), FilterSettings(**settings))
        source.open()
        return source

    def rows(self, spec: ShardSpec) -> Iterator[ShardItem]:
        """The lines of a shard that are kept, and a note about every line."""
        from pipelines.inference.engine import torch_single_thread

        indices = iter(spec.samples)
        while window := list(islice(indices, LineRow.ROW_GROUP_SIZE)):
            lines = dict(zip(window, self._read(window), strict=True))
            usable = {index: line for index, line in lines.items() if not isinstance(line, str)}
            keys = {index: self.stored.key(index) or line.key for index, (line, _) in usable.items()}
            labelled = [LabelledLine(keys[index], line.text, image) for index, (line, image) in usable.items()]
            with torch_single_thread():
                decisions = dict(zip(usable, self.line_filter.decide(labelled), strict=True))
            for index, line in lines.items():
                if isinstance(line, str):
                    yield ShardNote(to_json({"row": index, "decision": line}))
                    yield SkippedSample(index, (line,))
                    continue
                decision = decisions[index]
                yield _note(index, keys[index], decision)
                is_dropped = decision.decision in (TRIVIAL, UNREADABLE)
                yield SkippedSample(index, (decision.decision,)) if is_dropped else self._row(index, *line)

    def _read(self, window: list[int]) -> Iterator[tuple[EncodedLine, Image] | str]:
        """Lines with their decoded images; for a line that cannot be used, the reason."""
        for line in read_rows(self.lines, np.array(window)):
            if isinstance(line, str) or not line.text.strip():
                yield line if isinstance(line, str) else EMPTY_LABEL
                continue
            try:
                yield line, decode_image(line.image, line.key)
            except InputError:
                yield BROKEN_IMAGE

    def _row(self, index: int, line: EncodedLine, image: Image) -> LineRow:
        return self.stored.row(index, line) or self.imported_row(index, line, image.shape[1], image.shape[0])

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """How many lines were dropped, for each corpus and font, and what the recognizers cannot judge."""
        return count_decisions(self.lines, folder).summary(self._limits())

    def _limits(self) -> Iterator[str]:
        opened = self.line_filter
        for noun, recognizer, never in (("weak", opened.weak, TRIVIAL), ("strong", opened.strong, UNREADABLE)):
            if recognizer is None:
                continue
            if recognizer.charset.folds_case:
                yield f"the {noun} model ignores case"
            charset = recognizer.charset
            unknown = sum(not charset.covers(charset.fold(text)) for text in self.lines.texts())
            if unknown:
                yield f"{unknown:,} labels have characters that the {noun} model does not know: none of them is {never}"


def _note(index: int, key: str, decision: FilterDecision) -> ShardNote:
    note: dict[str, Any] = {"row": index, "key": key, "decision": decision.decision}
    if decision.weak is not None:
        note |= {"weak": decision.weak, "confidence": round(decision.confidence, 4)}
    if decision.strong is not None:
        note |= {"strong": decision.strong}
    return ShardNote(to_json(note))


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

    def most_dropped(self, column: str) -> list[tuple[str, Counter[str]]]:
        """Return the values of a column with the most dropped lines, and their decisions."""
        groups = [(name, counts) for name, counts in self.by_column.get(column, {}).items() if _dropped(counts)]
        return sorted(groups, key=lambda group: (-_dropped(group[1]), group[0]))[:_MAX_GROUPS]

    def summary(self, notes: Iterable[str]) -> SourceSummary:
        """Return the counts as sentences after other notes, and tables of corpora and fonts."""
        notes = [*notes, f"{self.kept:,} of {self.total:,} lines kept"]
        if self.decisions[KEPT_TRIVIAL]:
            notes.append(f"trivial, kept at random: {self.decisions[KEPT_TRIVIAL]:,}")
        tables = (_table(column, groups) for column in self.by_column if (groups := self.most_dropped(column)))
        return SourceSummary(tuple(notes), tuple(tables))


def _table(column: str, groups: list[tuple[str, Counter[str]]]) -> SummaryTable:
    rows = []
    for name, counts in groups:
        numbers = (counts.total(), counts[TRIVIAL], counts[UNREADABLE])
        kept = (counts.total() - _dropped(counts)) / counts.total()
        rows.append((name, *(f"{number:,}" for number in numbers), f"{kept:.0%}"))
    return SummaryTable((column, "lines", TRIVIAL, UNREADABLE, "kept"), tuple(rows))


def _dropped(counts: Counter[str]) -> int:
    return counts[TRIVIAL] + counts[UNREADABLE]


def count_decisions(lines: LineSource, folder: DatasetFolder) -> DecisionCounts:
    """Count the decisions in the folder of a complete dataset of lines.

    Raises:
        InputError: the decisions about some lines are missing.
        JobError: the storage cannot be read.
    """
    columns = lines.columns(_GROUP_COLUMNS)
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


def filter_lines(
    source: str | Path,
    out: str | Path,
    settings: FilterSettings,
    **options: Unpack[JobOptions],
) -> JobSummary:
    """Copy the lines that a filter keeps into a dataset folder, or resume an interrupted job.

    Args:
        source: a dataset of lines, a label file or an LMDB.
        out: folder of the dataset, or its URI.
        settings: recognizers and thresholds.
        options: `workers`, `address`, `shard_size` and `format`, as for `generate`; all machines must see the inputs
            under the same paths.

    Raises:
        InputError: an argument is invalid, the folder holds another dataset, or no line is kept.
        JobError: the disk is full, or another job is writing to the folder.
    """
    output = JobOutput(out, **options)
    opened = FilterSource(local_path(source, "what is filtered").absolute(), settings.absolute())
    opened.open()
    return output.run(opened, len(opened.lines))
