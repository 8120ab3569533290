"""Lines and scenes in an LMDB, in the layout of deep-text-recognition-benchmark."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, ClassVar, cast

import lmdb
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.parquet import ROW_GROUP_CACHE
from pipelines.datasets.scene_labels import parse_instances, parse_scene_label
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.sequence import RowT_co
from pipelines.datasets.source import MISSING_IMAGE, MISSING_LABEL, EncodedLine, LocalSource, MissingDataError
from pipelines.io.scene_row import SceneRow
from synthtext.core import InputError

_MIN_ROWS_PER_GROUP = 4  # from this many requested rows of a group on, the whole group is read and cached


@dataclass(frozen=True)
class _Lmdb(LocalSource[RowT_co]):
    """An LMDB with the keys `num-samples`, and `image-%09d` and `label-%09d` from 1; `meta-%09d` if ocrmill wrote it.

    The environment is opened for one read at a time (from 25 us), because LMDB does not survive a fork and a process
    may open an environment only once.
    """

    CONTENT: ClassVar[str]

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return sample_count(self.path, self.CONTENT)


@dataclass(frozen=True)
class LmdbSource(_Lmdb[EncodedLine]):
    """An LMDB of lines."""

    CONTENT = "recognition lines"

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        for start, stop in pairwise(self.group_offsets.tolist()):  # the environment is closed before each yield
            with read_transaction(self.path) as transaction:
                labels = [read_value(transaction, f"label-{row + 1:09d}", self.path) for row in range(start, stop)]
            yield from map(self._decode, labels, range(start, stop))

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels, from their headers."""
        count = len(self)
        with read_transaction(self.path) as transaction:
            images = (read_value(transaction, f"image-{row + 1:09d}", self.path) for row in range(count))
            sizes = (image_size(image, f"{self.path}:{row + 1:09d}") for row, image in enumerate(images))
            return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * count).reshape(-1, 2)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return the chosen columns that the `meta-%09d` of any row has."""
        metas = self.read_meta(np.arange(len(self)))
        return {name: [meta.get(name) for meta in metas] for name in names if any(name in meta for meta in metas)}

    def read_meta(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Read the objects in `meta-%09d`; empty where a row has none, or one in another format."""
        with read_transaction(self.path) as transaction:
            return [_parse_object(transaction.get(f"meta-{row + 1:09d}".encode())) for row in rows.tolist()]

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order.

        Where several rows of a group are requested, the whole group is read and cached, as its other rows will be
        requested soon in shuffled training. Opening the environment and touching its pages for every batch would take
        three times as long as the rest of the work.
        """
        groups, positions = np.divmod(rows, self.READ_GROUP_SIZE)
        requested = np.unique(groups).tolist()
        if len(rows) < _MIN_ROWS_PER_GROUP * len(requested):
            with read_transaction(self.path) as transaction:
                values = list(zip(*_read_values(transaction, (rows + 1).tolist()), strict=True))
        else:
            cached = {group: ROW_GROUP_CACHE.get(self.path, group, "label", _read_group) for group in requested}
            pairs = zip(groups.tolist(), positions.tolist(), strict=True)
            values = [(cached[group][0][position], cached[group][1][position]) for group, position in pairs]
        return [self._line(row, *value) for row, value in zip(rows.tolist(), values, strict=True)]

    def _line(self, row: int, image: bytes | None, label: bytes | None) -> EncodedLine:
        if image is None or label is None:
            raise _missing(f"{'image' if image is None else 'label'}-{row + 1:09d}", self.path)
        return EncodedLine(f"{self.path}:{row + 1:09d}", image, self._decode(label, row))

    def _decode(self, label: bytes, row: int) -> str:
        try:
            return label.decode()
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: 'label-{row + 1:09d}' is not UTF-8 text") from None


@dataclass(frozen=True)
class LmdbSceneSource(_Lmdb[EncodedScene]):
    """An LMDB of scenes: one that ocrmill wrote, with everything in `meta-%09d`, or one with labels of PaddleOCR."""

    CONTENT = "scenes"
    READ_GROUP_SIZE = SceneRow.ROW_GROUP_SIZE

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """Read scenes, in the given order."""
        with read_transaction(self.path) as transaction:
            return [self._scene(transaction, f"{row + 1:09d}") for row in rows.tolist()]

    def _scene(self, transaction: lmdb.Transaction, number: str) -> EncodedScene:
        image, label = (read_value(transaction, f"{name}-{number}", self.path) for name in ("image", "label"))
        meta, where = bytes(transaction.get(f"meta-{number}".encode()) or b""), f"{self.path}:{number}"
        try:
            if meta:
                scene = json.loads(meta)
                return EncodedScene(scene["key"], image, parse_instances(scene["instances"], where))
            return EncodedScene(where, image, *parse_scene_label(label.decode(), where))
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{where}: its label cannot be read ({type(error).__name__}: {error})") from None


def _parse_object(value: bytes | memoryview | None) -> dict[str, Any]:
    try:
        parsed = json.loads(bytes(value or b"{}"))
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def sample_count(path: Path, what: str) -> int:
    """Read the number of samples of an LMDB; raises InputError, which says `what` it should hold, if there is none."""
    with read_transaction(path) as transaction:
        count = bytes(transaction.get(b"num-samples") or b"")
    if not count.isdigit():
        raise InputError(f"{path} is an LMDB without 'num-samples': it holds no {what}")
    return int(count)


def read_value(transaction: lmdb.Transaction, key: str, path: Path) -> bytes:
    """Read the value of a key; raises MissingDataError if it is missing; the message names the LMDB at `path`."""
    value = transaction.get(key.encode())
    if value is None:
        raise _missing(key, path)
    return bytes(value)


def _missing(key: str, path: Path) -> MissingDataError:
    reason = MISSING_LABEL if key.startswith("label") else MISSING_IMAGE
    return MissingDataError(f"{path}: 'num-samples' promises {key!r}, which is missing", reason)


class _Values(list[bytes | None]):
    """Values of an LMDB; None for a missing one."""

    @property
    def nbytes(self) -> int:
        return sum(len(value) for value in self if value is not None)


def _read_values(transaction: lmdb.Transaction, numbers: Iterable[int]) -> tuple[_Values, _Values]:
    """Read images and labels of samples, numbered from 1."""
    names = [b"%09d" % number for number in numbers]
    get = cast("Callable[[bytes], bytes | None]", transaction.get)  # without buffers
    return _Values(get(b"image-" + name) for name in names), _Values(get(b"label-" + name) for name in names)


def _read_group(path: Path, group: int, _label: str) -> tuple[_Values, _Values]:
    first = group * LmdbSource.READ_GROUP_SIZE + 1
    with read_transaction(path) as transaction:
        return _read_values(transaction, range(first, first + LmdbSource.READ_GROUP_SIZE))


@contextmanager
def read_transaction(path: Path) -> Iterator[lmdb.Transaction]:
    """Open an LMDB for one read; raises InputError if the folder cannot be read as an LMDB."""
    try:
        environment = lmdb.open(str(path), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise InputError(f"{path} cannot be read as LMDB: {error}") from None
    try:
        with environment, environment.begin() as transaction:
            yield transaction
    except lmdb.Error as error:
        raise InputError(f"{path} is damaged: {error}") from None
