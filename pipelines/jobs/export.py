"""A data set of ours in the format of another tool: written beside its place, and moved there when it is whole."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import lmdb
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import check_image
from pipelines.datasets.label_file import DatasetKind
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.provenance import SampleProvenance, read_provenance
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, LineSource, ReadsRows, read_rows
from pipelines.errors import JobError, format_counts
from pipelines.io.atomic import TEMPORARY_PREFIX, remove_path, temporary_path
from pipelines.io.line_row import LineRow
from pipelines.io.paths import expand_user
from pipelines.io.scene_row import SceneRow
from pipelines.jobs.export_formats import IcdarWriter, LmdbExportWriter, PaddleOcrWriter
from synthtext.core import InputError

ExportFormat: TypeAlias = Literal["paddleocr", "icdar", "lmdb"]

LINE_CLUSTERS, LINE_PROVENANCE = "lines' clusters", "lines' fonts, corpora and effects"

_BATCH_SIZE = 64  # lines that are read together
_SCENE_BATCH_SIZE = 16

EncodedT = TypeVar("EncodedT", EncodedLine, EncodedScene)


@dataclass(frozen=True)
class ExportSummary:
    """What was written.

    Attributes:
        kind: "lines" or "scenes".
        pictures: how many.
        texts: how many.
        lost: what the format does not hold, by what it is.
        left_out: pictures of the source that cannot be read, or whose labels cannot be, by reason.
        problems: labels of the source that were mended, made ignored or left out, by what was wrong with them.
    """

    kind: DatasetKind
    pictures: int
    texts: int
    unsupported: Counter[str]
    left_out: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)


def export_data(
    source: str | Path, form: ExportFormat, out: Path, advance: Callable[[int], None] = lambda _: None
) -> ExportSummary:
    """Write lines or scenes in another format; pictures byte for byte.

    Args:
        source: a data set of ours, a label file or an LMDB.
        form: "paddleocr" (labels.tsv, images/), "icdar" (gt/, images/; scenes alone) or "lmdb".
        out: folder to be made; it may be there if it is empty.
        advance: is told how many pictures were looked at.

    Raises:
        InputError: the source cannot be read, or nothing in it; the format holds no lines, or the folder holds
            something. Nothing is left.
        JobError: the disk is full, or the folder cannot be written.
    """
    kind = dataset_kind(source)
    if kind == "lines" and form == "icdar":
        raise InputError(f"{source} holds lines: ICDAR's files are for scenes; take paddleocr or lmdb")
    _check(out)
    if kind == "scenes":
        scenes = open_scene_source(source)
        with _staged(out) as folder:
            return _export_scenes(scenes, form, folder, advance)
    lines = open_line_source(source)
    with _staged(out) as folder:
        return _export_lines(lines, form, folder, advance)


def _check(out: Path) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InputError(f"{out} is there already and not an empty folder: name another one")


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder under a temporary name, which gets its own when all went well and is removed otherwise."""
    place = expand_user(out).absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place)
        staged = temporary_path(place)
        try:
            yield staged
            os.sync()  # thousands of files: one by one they would take minutes
            staged.replace(place)
        finally:
            remove_path(staged)
    except (OSError, lmdb.Error) as error:
        raise JobError(f"{out} cannot be written: {error}") from None


def _remove_abandoned(place: Path) -> None:
    """Remove what exports to this place left whose process was killed."""
    name = re.compile(
        re.escape(f"{TEMPORARY_PREFIX}{place.stem}-") + r"(\d{1,9})-[0-9a-f]{8}" + re.escape(place.suffix)
    )
    for path in place.parent.iterdir():
        found = name.fullmatch(path.name)
        if found and not _is_running(int(found[1])):
            remove_path(path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _export_scenes(
    source: SceneSource, form: ExportFormat, folder: Path, advance: Callable[[int], None]
) -> ExportSummary:
    texts, problems, left_out = 0, Counter[str](), Counter[str]()
    with closing(_scene_folder(form, folder)) as writer:
        for begin in range(0, len(source), _SCENE_BATCH_SIZE):
            rows = np.arange(begin, min(begin + _SCENE_BATCH_SIZE, len(source)))
            for _, scene in _readable(source, rows, left_out):
                texts += writer.write_scene(scene)
                problems.update(scene.problems)
            advance(len(rows))
    return ExportSummary("scenes", _rest(source, left_out), texts, +writer.lost, left_out, problems)


def _readable(
    source: ReadsRows[EncodedT], rows: NDArray[np.int64], left_out: Counter[str]
) -> list[tuple[int, EncodedT]]:
    """The rows that can be read, with their numbers; of the others the reasons are counted."""
    found: list[tuple[int, EncodedT]] = []
    for row, item in zip(rows.tolist(), read_rows(source, rows), strict=True):
        if isinstance(item, str):
            left_out[item] += 1
            continue
        try:
            check_image(item.image, item.key)
        except InputError:
            left_out[BROKEN_IMAGE] += 1
        else:
            found.append((row, item))
    return found


def _rest(source: SceneSource | LineSource, left_out: Counter[str]) -> int:
    """How many pictures were written."""
    if left_out.total() == len(source):
        raise InputError(f"{source.name}: not one of {len(source):,} pictures can be used: {format_counts(left_out)}")
    return len(source) - left_out.total()


def _scene_folder(form: ExportFormat, folder: Path) -> PaddleOcrWriter | IcdarWriter | LmdbExportWriter:
    if form == "lmdb":
        return LmdbExportWriter(folder, SceneRow)
    return PaddleOcrWriter(folder) if form == "paddleocr" else IcdarWriter(folder)


def _export_lines(
    source: LineSource, form: ExportFormat, folder: Path, advance: Callable[[int], None]
) -> ExportSummary:
    lost, left_out = Counter[str](), Counter[str]()
    writer = LmdbExportWriter(folder, LineRow) if form == "lmdb" else PaddleOcrWriter(folder)
    with closing(writer):
        for begin in range(0, len(source), _BATCH_SIZE):
            rows = np.arange(begin, min(begin + _BATCH_SIZE, len(source)))
            found = _readable(source, rows, left_out)
            known = read_provenance(source, np.array([row for row, _ in found], np.int64))
            for (_, line), made in zip(found, known, strict=True):
                if isinstance(writer, LmdbExportWriter):
                    writer.write_line(line, made)
                else:
                    writer.write_line(line)
                    lost.update(_known(made))
            advance(len(rows))
    written = _rest(source, left_out)
    return ExportSummary("lines", written, written, +(writer.lost + lost), left_out)


def _known(made: SampleProvenance) -> list[str]:
    """What a label file does not hold of a line."""
    meta = made.meta
    told = meta.font or meta.corpus or meta.script or meta.effects
    return [LINE_CLUSTERS] * (len(made.clusters) > 0) + [LINE_PROVENANCE] * bool(told)
