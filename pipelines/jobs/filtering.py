"""Filters a source of lines: drops lines that are trivial or unreadable."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from pipelines.config import SettingsDict
from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, LineSource, read_rows
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.paths import local_path
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.io.row import to_json
from pipelines.io.shard_writer import check_shard_format
from pipelines.jobs.executor import Executor
from pipelines.jobs.filter_summary import count_decisions
from pipelines.jobs.importing import EMPTY_LABEL, imported_line_row, imported_meta
from pipelines.jobs.line_filter import (
    TRIVIAL,
    UNREADABLE,
    FilterDecision,
    LabelledLine,
    LineFilter,
    covers_folded,
    open_optional_recognizer,
    recognizer_digest,
)
from pipelines.jobs.shard_job import ShardJob
from pipelines.jobs.shard_source import ShardItem, ShardNote, ShardSource, register_source
from pipelines.jobs.stored_lines import StoredLines, lines_digest
from pipelines.jobs.summary import JobSummary, SourceSummary
from synthtext.core import Image, InputError, SkippedSample

_HOME = Path(__file__).parents[1]
_CODE = ("jobs/line_filter.py", "inference/predictors.py", "datasets/preprocessing.py")
_LIBRARIES = ("numpy", "opencv-python", "torch")


@dataclass(frozen=True)
class FilterSettings:
    """Recognizers and thresholds; see `LineFilter`.

    Attributes:
        weak: run directory or ONNX file of the weak recognizer, or None.
        strong: run directory or ONNX file of the strong recognizer, or None.
        charset: dictionary of ONNX files that do not hold their characters, or None.
        confidence: 0 to 1.
        max_edits: 0 to 1.
        keep_trivial: 0 to 1.
    """

    weak: Path | None = None
    strong: Path | None = None
    charset: Path | None = None
    confidence: float = 0.95
    max_edits: float = 0.5
    keep_trivial: float = 0.1

    def thresholds(self) -> dict[str, float]:
        """The thresholds that matter for the recognizers."""
        weak = {"confidence": self.confidence, "keep_trivial": self.keep_trivial} if self.weak else {}
        return weak | ({"max_edits": self.max_edits} if self.strong else {})

    def absolute(self) -> "FilterSettings":
        """The same settings with absolute paths."""
        weak, strong, charset = (path and path.absolute() for path in (self.weak, self.strong, self.charset))
        return replace(self, weak=weak, strong=strong, charset=charset)

    def models(self) -> dict[str, str]:
        """The paths by name."""
        named = {"weak": self.weak, "strong": self.strong, "charset": self.charset}
        return {name: str(path) for name, path in named.items() if path is not None}

    def open(self) -> LineFilter:
        """Open the recognizers.

        Raises:
            InputError: one cannot be opened, or a number is out of its range.
        """
        if self.charset is not None and not any(
            path is not None and path.is_file() for path in (self.weak, self.strong)
        ):
            raise InputError(f"{self.charset}: a dictionary is for ONNX files; a run has its own charset")
        weak, strong = (open_optional_recognizer(path, self.charset) for path in (self.weak, self.strong))
        return LineFilter(weak, strong, self.confidence, self.max_edits, self.keep_trivial)


@register_source("filter")
@dataclass(frozen=True)
class FilterSource(ShardSource):
    """The lines of a source that a filter keeps, byte for byte and with everything that is known of them.

    Dropped lines are skipped samples. The decision about every line is a note, in `decisions/part-XXXXXX.jsonl`.

    Attributes:
        path: of the lines, absolute.
        settings: of the filter.
    """

    path: Path
    settings: FilterSettings

    kind = "lines"
    label: ClassVar[str] = "filtering"
    limits_skipped: ClassVar[bool] = False
    covers_inputs: ClassVar[bool] = False  # the images of a label file

    def open(self) -> None:
        """Open the lines and the recognizers."""
        _ = self.lines, self.line_filter

    @cached_property
    def lines(self) -> LineSource:
        """The lines that are filtered."""
        return open_line_source(self.path)

    @cached_property
    def line_filter(self) -> LineFilter:
        """The filter, opened once in each process."""
        return self.settings.open()

    @cached_property
    def _stored(self) -> StoredLines:
        return StoredLines(self.lines)

    @property
    def name(self) -> str:
        """The path of the lines."""
        return str(self.path)

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """The lines, the recognizers, the thresholds, the code, the libraries."""
        settings = self.settings
        found = {"source": lines_digest(self.path)}
        found |= {name: str(value) for name, value in settings.thresholds().items()}
        found |= {"weak": recognizer_digest(settings.weak, settings.charset)}
        found |= {"strong": recognizer_digest(settings.strong, settings.charset)}
        found |= {f"code {file}": file_sha256(_HOME / file) for file in _CODE}
        return found | {f"version of {library}": version(library) for library in _LIBRARIES}

    def to_recipe(self) -> SettingsDict:
        """The paths and the thresholds."""
        settings = {**self.settings.models(), **self.settings.thresholds()}
        return {"kind": "filter", "source": str(self.path), **settings}

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
        indices = iter(spec.samples)
        while window := list(islice(indices, LineRow.ROW_GROUP_SIZE)):
            lines = dict(zip(window, self._read(window), strict=True))
            usable = {index: line for index, line in lines.items() if not isinstance(line, str)}
            keys = {index: self._stored.key(index) or line.key for index, (line, _) in usable.items()}
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
        if row := self._stored.row(index, line):
            return row
        corpus = self.path.parent.name if self.path.is_file() else self.path.name
        key, meta = f"{self.digest[:8]}{index:010d}", imported_meta(self.name, line.key)
        return imported_line_row(key, line, image.shape[1], image.shape[0], corpus, meta)

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """How many lines were dropped, for each corpus and font, and what the recognizers cannot judge."""
        return count_decisions(self.lines, folder).summary(tuple(self._limits()))

    def _limits(self) -> Iterator[str]:
        opened = self.line_filter
        for noun, recognizer, never in (("weak", opened.weak, TRIVIAL), ("strong", opened.strong, UNREADABLE)):
            if recognizer is None:
                continue
            if recognizer.charset.folds_case:
                yield f"the {noun} model ignores case"
            unknown = sum(not covers_folded(recognizer.charset, text) for text in self.lines.texts())
            if unknown:
                yield f"{unknown:,} labels have characters that the {noun} model does not know: none of them is {never}"


def _note(index: int, key: str, decision: FilterDecision) -> ShardNote:
    note: dict[str, Any] = {"row": index, "key": key, "decision": decision.decision}
    if decision.weak is not None:
        note |= {"weak": decision.weak, "confidence": round(decision.confidence, 4)}
    if decision.strong is not None:
        note |= {"strong": decision.strong}
    return ShardNote(to_json(note))


@contextmanager
def torch_single_thread() -> Iterator[None]:
    """Restrict torch to one thread, as in Ray workers: the number of threads can change the last bits of a result."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def filter_lines(
    source: str | Path,
    out: str | Path,
    settings: FilterSettings,
    *,
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    format: str = "parquet",
) -> JobSummary:
    """Copy the lines that a filter keeps into a dataset folder, or resume an interrupted job.

    Args:
        source: a dataset of lines, a label file or an LMDB.
        out: folder of the dataset, or its URI.
        settings: recognizers and thresholds.
        workers: as for `generate`, and so are the following; all machines must see the inputs under the same paths.
        address: of a Ray cluster to join.
        shard_size: lines of the source in a shard; None: 4,096.
        format: "parquet" or "lmdb".

    Raises:
        InputError: an argument is invalid, the folder holds another dataset, or no line is kept.
        JobError: the disk is full, or another job is writing to the folder.
    """
    folder, checked_format, executor = DatasetFolder(out), check_shard_format(format), Executor(workers, address)
    opened = FilterSource(local_path(source, "what is filtered").absolute(), settings.absolute())
    opened.open()
    plan = ShardPlan(len(opened.lines), size=LineRow.SHARD_SIZE if shard_size is None else shard_size)
    return ShardJob(opened, plan, folder, executor, checked_format).run()
