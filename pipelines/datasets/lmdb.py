"""Lines in one LMDB, in the layout of deep-text-recognition-benchmark."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, cast

import lmdb
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.parquet import ROW_GROUP_CACHE
from pipelines.datasets.source import MISSING_IMAGE, MISSING_LABEL, EncodedLine, LocalSource, MissingDataError
from synthtext.core import InputError

_SEVERAL = 4  # rows of a run, from which on the whole run is read and kept


@dataclass(frozen=True)
class LmdbSource(LocalSource):
    """Keys `num-samples`, and `image-%09d` and `label-%09d` from 1; `meta-%09d` in ours.

    The environment is opened for one read at a time (25 us and more): LMDB survives no fork, and a process may open it
    only once.
    """

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return sample_count(self.path, "recognition lines")

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        for begin, end in pairwise(self.group_offsets.tolist()):  # nothing stays open while the caller has its turn
            with read_transaction(self.path) as transaction:
                texts = [self._text(transaction, row) for row in range(begin, end)]
            yield from texts

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels, from their headers."""
        count = len(self)
        with read_transaction(self.path) as transaction:
            sizes = (image_size(self._image(transaction, row), self._key(row)) for row in range(count))
            return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * count).reshape(-1, 2)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The chosen ones that any row's `meta-%09d` has."""
        with read_transaction(self.path) as transaction:
            metas = [self._meta(transaction, row) for row in range(len(self))]
        return {name: [meta.get(name) for meta in metas] for name in names if any(name in meta for meta in metas)}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order.

        Whoever wants several rows of a run in one go will come for its others, too, as a training does that shuffles:
        opening the environment and touching its pages for every batch would cost three times the rest of the work.
        """
        groups, places = np.divmod(rows, self.READ_GROUP_SIZE)
        wanted = np.unique(groups).tolist()
        if len(rows) < _SEVERAL * len(wanted):
            with read_transaction(self.path) as transaction:
                found = list(zip(*_values(transaction, (rows + 1).tolist()), strict=True))
        else:
            kept = {group: ROW_GROUP_CACHE.get(self.path, group, "label", _read_group) for group in wanted}
            pairs = zip(groups.tolist(), places.tolist(), strict=True)
            found = [(kept[group][0][place], kept[group][1][place]) for group, place in pairs]
        prefix = f"{self.path}:"
        return [self._line(prefix, row, *pair) for row, pair in zip(rows.tolist(), found, strict=True)]

    def _line(self, prefix: str, row: int, image: bytes | None, label: bytes | None) -> EncodedLine:
        if image is None or label is None:
            raise _missing(f"{'image' if image is None else 'label'}-{row + 1:09d}", self.path)
        try:
            return EncodedLine(f"{prefix}{row + 1:09d}", image, label.decode())
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: 'label-{row + 1:09d}' is no UTF-8 text") from None

    def _key(self, row: int) -> str:
        return f"{self.path}:{row + 1:09d}"

    def _image(self, transaction: lmdb.Transaction, row: int) -> bytes:
        return read_value(transaction, f"image-{row + 1:09d}", self.path)

    def _meta(self, transaction: lmdb.Transaction, row: int) -> dict[str, Any]:
        """What `meta-%09d` says of a row, if it is there and ours."""
        try:
            meta = json.loads(bytes(transaction.get(f"meta-{row + 1:09d}".encode()) or b"{}"))
        except ValueError:
            return {}
        return meta if isinstance(meta, dict) else {}

    def _text(self, transaction: lmdb.Transaction, row: int) -> str:
        try:
            return read_value(transaction, f"label-{row + 1:09d}", self.path).decode()
        except UnicodeDecodeError:
            raise InputError(f"{self.path}: 'label-{row + 1:09d}' is no UTF-8 text") from None


def sample_count(path: Path, what: str) -> int:
    """How many samples an LMDB says it holds.

    Args:
        path: of its folder.
        what: they should be, for the error.

    Raises:
        InputError: it does not say.
    """
    with read_transaction(path) as transaction:
        count = bytes(transaction.get(b"num-samples") or b"")
    if not count.isdigit():
        raise InputError(f"{path} is an LMDB without 'num-samples': it holds no {what}")
    return int(count)


def read_value(transaction: lmdb.Transaction, key: str, path: Path) -> bytes:
    """The value of a key.

    Raises:
        MissingError: it is missing; the sentence names the LMDB at `path`.
    """
    value = transaction.get(key.encode())
    if value is None:
        raise _missing(key, path)
    return bytes(value)


def _missing(key: str, path: Path) -> MissingDataError:
    reason = MISSING_LABEL if key.startswith("label") else MISSING_IMAGE
    return MissingDataError(f"{path}: 'num-samples' promises {key!r}, which is missing", reason)


class _Values(list[bytes | None]):
    """Values of an LMDB; None where there is none."""

    @property
    def nbytes(self) -> int:
        return sum(len(value) for value in self if value is not None)


def _values(transaction: lmdb.Transaction, numbers: Iterable[int]) -> tuple[_Values, _Values]:
    """Pictures and labels of samples, which are numbered from 1."""
    names = [b"%09d" % number for number in numbers]
    get = cast("Callable[[bytes], bytes | None]", transaction.get)  # without buffers
    return _Values(get(b"image-" + name) for name in names), _Values(get(b"label-" + name) for name in names)


def _read_group(path: Path, group: int, _label: str) -> tuple[_Values, _Values]:
    begin = group * LmdbSource.READ_GROUP_SIZE + 1
    with read_transaction(path) as transaction:
        return _values(transaction, range(begin, begin + LmdbSource.READ_GROUP_SIZE))


@contextmanager
def read_transaction(path: Path) -> Iterator[lmdb.Transaction]:
    """A transaction for one read.

    Raises:
        InputError: the folder cannot be read as an LMDB.
    """
    try:
        environment = lmdb.open(str(path), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise InputError(f"{path} cannot be read as LMDB: {error}") from None
    try:
        with environment, environment.begin() as transaction:
            yield transaction
    except lmdb.Error as error:
        raise InputError(f"{path} is damaged: {error}") from None
