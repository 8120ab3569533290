"""The offsets of the lines of a text file; those of a large file are stored once, and mapped by all processes."""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError
from synthtext.core.cache import cache_folder

MIN_STORED_BYTES = 1 << 24
"""Size of a text file from which on its index is stored."""

_CHUNK = 1 << 21  # bytes that are read at a time
_OFFSET = np.dtype("<i8")

_logger = logging.getLogger("synthtext.corpora")


def line_starts(path: Path) -> NDArray[np.int64]:
    """Return the offsets of the lines of a UTF-8 file that are not blank, int64.

    The index of a file of at least `MIN_STORED_BYTES` is stored in `cache_folder()`, under the path, the size and the
    time of modification of the file, and returned as a read-only map. If the folder cannot be written, the index is
    held in memory.

    Raises:
        InputError: The file is not UTF-8 text.
        OSError: It cannot be read.
    """
    state = path.stat()
    if state.st_size < MIN_STORED_BYTES:
        return np.concatenate(list(_scan(path)))
    prefix = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]
    try:
        index = cache_folder() / "corpora" / f"{prefix}-{state.st_size:x}-{state.st_mtime_ns:x}.lines"
        if not index.is_file():
            index.parent.mkdir(parents=True, exist_ok=True)
            with _locked(index.parent / f".lock-{prefix}"):  # one process writes it, others wait
                if not index.is_file():
                    _store(path, index, f"{prefix}-*")
        return np.memmap(index, _OFFSET, "r") if index.stat().st_size else np.empty(0, np.int64)
    except OSError as error:
        _logger.debug("the index of %s is held in memory: %s", path, error)
        return np.concatenate(list(_scan(path)))


def _store(path: Path, index: Path, outdated: str) -> None:
    _logger.info("indexing the lines of %s, once", path)
    staged = index.with_name(f".tmp-{index.name}-{os.getpid()}")
    try:
        with staged.open("wb") as file:
            for starts in _scan(path):
                file.write(starts.astype(_OFFSET).tobytes())
        for other in index.parent.glob(outdated):  # of the file in another state
            other.unlink(missing_ok=True)
        staged.replace(index)
    finally:
        staged.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _scan(path: Path) -> Iterator[NDArray[np.int64]]:
    """Check that a file is UTF-8 text; yield the offsets of the lines that are not blank, block by block."""
    offset, line = 0, 1
    with path.open("rb") as file:
        while block := file.read(_CHUNK) + file.readline():
            if b"\x00" in block:
                raise InputError(
                    f"corpus {str(path)!r} is a binary file (a zero byte after line {line}), not UTF-8 text"
                )
            try:
                block.decode()
            except UnicodeDecodeError as error:
                at = line + block[: error.start].count(b"\n")
                raise InputError(
                    f"corpus {str(path)!r} is not UTF-8 text: byte {offset + error.start}, line {at}; convert it first"
                ) from None
            array = np.frombuffer(block, np.uint8)
            breaks = np.flatnonzero(array == ord("\n"))
            starts = np.append(0, breaks + 1)
            starts = starts[: -1 if block.endswith(b"\n") else None]
            is_visible = np.logical_or.reduceat(array > ord(" "), starts)
            yield (starts[is_visible] + offset).astype(np.int64)
            line, offset = line + len(breaks), offset + len(block)
