"""A data set of ours in the format of another tool: written beside its place, and moved there when it is whole."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import lmdb
import numpy as np

from pipelines.errors import JobError
from pipelines.exporting.icdar import IcdarFolder
from pipelines.exporting.lmdb import LmdbFolder
from pipelines.exporting.paddleocr import PaddleOcrFolder
from pipelines.pages.provenance import Made, provenance
from pipelines.reader import RecognitionSource, SceneSource, iterate_scenes, open_scenes, open_source
from pipelines.reader.kind import Kind, kind_of
from pipelines.shards import LineRow, SceneRow
from pipelines.shards.files import TEMPORARY, remove, temporary
from synthtext.core import InputError

Form: TypeAlias = Literal["paddleocr", "icdar", "lmdb"]

CLUSTERS, MADE = "lines' clusters", "lines' fonts, corpora and effects"

_TOGETHER = 64  # lines that are read together


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        kind: "lines" or "scenes".
        pictures: how many.
        texts: how many.
        lost: what the format does not hold, by what it is.
        problems: labels of the source that were mended, made ignored or left out, by what was wrong with them.
    """

    kind: Kind
    pictures: int
    texts: int
    lost: Counter[str]
    problems: Counter[str] = field(default_factory=Counter)


def export_data(source: str | Path, form: Form, out: Path, advance: Callable[[int], None] = lambda _: None) -> Exported:
    """Write lines or scenes in another format; pictures byte for byte.

    Args:
        source: a data set of ours, a label file or an LMDB.
        form: "paddleocr" (labels.tsv, images/), "icdar" (gt/, images/; scenes alone) or "lmdb".
        out: folder to be made; it may be there if it is empty.
        advance: is told how many pictures were written.

    Raises:
        InputError: the source cannot be read, the format holds no lines, or the folder holds something; nothing is
            left.
        JobError: the disk is full, or the folder cannot be written.
    """
    kind = kind_of(source)
    if kind == "lines" and form == "icdar":
        raise InputError(f"{source} holds lines: ICDAR's files are for scenes; take paddleocr or lmdb")
    _check(out)
    if kind == "scenes":
        scenes = open_scenes(source)
        with _staged(out) as folder:
            return _export_scenes(scenes, form, folder, advance)
    lines = open_source(source)
    with _staged(out) as folder:
        return _export_lines(lines, form, folder, advance)


def _check(out: Path) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InputError(f"{out} is there already and not an empty folder: name another one")


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder under a temporary name, which gets its own when all went well and is removed otherwise."""
    place = out.expanduser().absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place)
        staged = temporary(place)
        try:
            yield staged
            os.sync()  # thousands of files: one by one they would take minutes
            staged.replace(place)
        finally:
            remove(staged)
    except (OSError, lmdb.Error) as error:
        raise JobError(f"{out} cannot be written: {error}") from None


def _remove_abandoned(place: Path) -> None:
    """Remove what exports to this place left whose process was killed."""
    name = re.compile(re.escape(f"{TEMPORARY}{place.stem}-") + r"(\d{1,9})-[0-9a-f]{8}" + re.escape(place.suffix))
    for path in place.parent.iterdir():
        found = name.fullmatch(path.name)
        if found and not _is_running(int(found[1])):
            remove(path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _export_scenes(source: SceneSource, form: Form, folder: Path, advance: Callable[[int], None]) -> Exported:
    texts, problems = 0, Counter[str]()
    with closing(_scene_folder(form, folder)) as writer:
        for scene in iterate_scenes(source):
            texts += writer.write_scene(scene)
            problems.update(scene.problems)
            advance(1)
    return Exported("scenes", len(source), texts, +writer.lost, problems)


def _scene_folder(form: Form, folder: Path) -> PaddleOcrFolder | IcdarFolder | LmdbFolder:
    if form == "lmdb":
        return LmdbFolder(folder, SceneRow)
    return PaddleOcrFolder(folder) if form == "paddleocr" else IcdarFolder(folder)


def _export_lines(source: RecognitionSource, form: Form, folder: Path, advance: Callable[[int], None]) -> Exported:
    lost: Counter[str] = Counter()
    writer = LmdbFolder(folder, LineRow) if form == "lmdb" else PaddleOcrFolder(folder)
    with closing(writer):
        for begin in range(0, len(source), _TOGETHER):
            rows = np.arange(begin, min(begin + _TOGETHER, len(source)))
            for line, made in zip(source.read(rows), provenance(source, rows), strict=True):
                if isinstance(writer, LmdbFolder):
                    writer.write_line(line, made)
                else:
                    writer.write_line(line)
                    lost.update(_known(made))
            advance(len(rows))
    return Exported("lines", len(source), len(source), +(writer.lost + lost))


def _known(made: Made) -> list[str]:
    """What a label file does not hold of a line."""
    meta = made.meta
    told = meta.font or meta.corpus or meta.script or meta.effects
    return [CLUSTERS] * (len(made.clusters) > 0) + [MADE] * bool(told)
