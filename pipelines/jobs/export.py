"""Exports a dataset in the format of another tool. The folder appears when it is complete."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from pipelines.datasets.image import check_image
from pipelines.datasets.label_file import DatasetKind
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.provenance import SampleProvenance, read_provenance
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, LineSource, RowSource, read_rows
from pipelines.errors import format_counts
from pipelines.io.staged_folder import check_new_folder, staged_folder
from pipelines.jobs.export_annotations import (
    EMPTY_IMAGES,
    CocoTextWriter,
    CocoWriter,
    DoctrDetectionWriter,
    DoctrRecognitionWriter,
)
from pipelines.jobs.export_formats import IcdarWriter, LmdbExportWriter, PaddleOcrWriter
from pipelines.jobs.export_webdataset import WebDatasetWriter
from synthtext.core import InputError

ExportFormat: TypeAlias = Literal["paddleocr", "icdar", "lmdb", "doctr", "coco", "coco-text", "webdataset"]


class _ExportWriter(Protocol):
    """Writes one format. `unsupported` counts what the format does not support."""

    unsupported: Counter[str]

    def close(self) -> None: ...


class LineWriter(_ExportWriter, Protocol):
    """Writes lines."""

    def write_line(self, line: EncodedLine, provenance: SampleProvenance) -> None:
        """Write a line of text and what the format supports of its provenance."""


class SceneWriter(_ExportWriter, Protocol):
    """Writes scenes."""

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        ...


LINE_WRITERS: dict[str, Callable[[Path], LineWriter]] = {
    "paddleocr": PaddleOcrWriter,
    "lmdb": LmdbExportWriter,
    "doctr": DoctrRecognitionWriter,
    "webdataset": WebDatasetWriter,
}
SCENE_WRITERS: dict[str, Callable[[Path], SceneWriter]] = {
    "paddleocr": PaddleOcrWriter,
    "icdar": IcdarWriter,
    "lmdb": LmdbExportWriter,
    "doctr": DoctrDetectionWriter,
    "coco": CocoWriter,
    "coco-text": CocoTextWriter,
    "webdataset": WebDatasetWriter,
}

_BATCH_SIZE = 64  # lines
_SCENE_BATCH_SIZE = 16

EncodedT = TypeVar("EncodedT", EncodedLine, EncodedScene)


@dataclass(frozen=True)
class ExportSummary:
    """What an export wrote.

    Attributes:
        kind: "lines" or "scenes".
        images: number of images.
        texts: number of texts.
        unsupported: number of items that the format does not support, by what they are.
        left_out: images that cannot be read, or whose labels cannot be read, by reason.
        problems: labels that were repaired, ignored or left out, by problem.
    """

    kind: DatasetKind
    images: int
    texts: int
    unsupported: Counter[str]
    left_out: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)


def export_data(
    source: str | Path, format: ExportFormat, out: Path, on_progress: Callable[[int], None] = lambda amount: None
) -> ExportSummary:
    """Write lines or scenes in another format; images are copied byte for byte.

    Args:
        source: a dataset, a label file or an LMDB.
        format: "paddleocr" (labels.tsv, images/), "lmdb", "doctr" (labels.json, images/), "webdataset" (tar files), or
            for scenes only "icdar" (gt/, images/), "coco" (annotations.json, images/) and "coco-text" (cocotext.json,
            images/).
        out: the new folder; it may exist if it is empty.
        on_progress: called with the number of images that were finished.

    Raises:
        InputError: the source cannot be read, the format does not support lines, or the folder is not empty. Nothing is
            left behind.
        JobError: the disk is full, or the folder cannot be written.
    """
    kind = dataset_kind(source)
    if kind == "lines" and format not in LINE_WRITERS:
        others = ", ".join(LINE_WRITERS)
        raise InputError(f"{source} holds lines: the format {format} is for scenes; use one of {others}")
    check_new_folder(out)
    if kind == "scenes":
        scenes = open_scene_source(source)
        with staged_folder(out) as folder:
            return _export_scenes(scenes, format, folder, on_progress)
    lines = open_line_source(source)
    with staged_folder(out) as folder:
        return _export_lines(lines, format, folder, on_progress)


def _export_scenes(
    source: SceneSource, format: ExportFormat, folder: Path, on_progress: Callable[[int], None]
) -> ExportSummary:
    texts, problems, left_out = 0, Counter[str](), Counter[str]()
    with closing(SCENE_WRITERS[format](folder)) as writer:
        for batch in _readable(source, len(source), _SCENE_BATCH_SIZE, left_out, on_progress):
            for _, scene in batch:
                texts += writer.write_scene(scene)
                problems.update(scene.problems)
    images = _image_count(source, left_out) - writer.unsupported[EMPTY_IMAGES]
    return ExportSummary("scenes", images, texts, +writer.unsupported, left_out, problems)


def _readable(
    source: RowSource[EncodedT], count: int, size: int, left_out: Counter[str], on_progress: Callable[[int], None]
) -> Iterator[list[tuple[int, EncodedT]]]:
    """Batches of the rows that can be read, with their indices; the reasons of the others are counted."""
    for begin in range(0, count, size):
        rows, readable = np.arange(begin, min(begin + size, count)), []
        for row, item in zip(rows.tolist(), read_rows(source, rows), strict=True):
            if isinstance(item, str):
                left_out[item] += 1
                continue
            try:
                check_image(item.image, item.key)
                readable.append((row, item))
            except InputError:
                left_out[BROKEN_IMAGE] += 1
        yield readable
        on_progress(len(rows))


def _image_count(source: SceneSource | LineSource, left_out: Counter[str]) -> int:
    """The number of images that were written."""
    if left_out.total() == len(source):
        raise InputError(f"{source.name}: not one of {len(source):,} images can be used: {format_counts(left_out)}")
    return len(source) - left_out.total()


def _export_lines(
    source: LineSource, format: ExportFormat, folder: Path, on_progress: Callable[[int], None]
) -> ExportSummary:
    left_out = Counter[str]()
    with closing(LINE_WRITERS[format](folder)) as writer:
        for batch in _readable(source, len(source), _BATCH_SIZE, left_out, on_progress):
            provenances = read_provenance(source, np.array([row for row, _ in batch], np.int64))
            for (_, line), provenance in zip(batch, provenances, strict=True):
                writer.write_line(line, provenance)
    written = _image_count(source, left_out)
    return ExportSummary("lines", written, written, +writer.unsupported, left_out)
