"""Writing files so that a crash at any moment leaves the old file or the new one, and never a half."""

import fcntl
import hashlib
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.paths import AnyPath

TEMPORARY_PREFIX = ".tmp-"
"""Files and folders of this prefix are unfinished: whoever holds the data set's lock may remove them."""


def temporary_path(path: Path) -> Path:
    """A fresh name beside `path`, of the same suffix."""
    return path.with_name(f"{TEMPORARY_PREFIX}{path.stem}-{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}")


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file under a temporary name, sync it, and give it its name."""
    staged = temporary_path(path)
    try:
        staged.write_bytes(data.encode() if isinstance(data, str) else data)
        fsync_path(staged)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    fsync_path(path.parent)


def fsync_path(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_path(path: Path) -> None:
    """Remove a file, or a folder and all in it; nothing happens if it is not there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_temporary_files(folder: Path) -> None:
    """Remove what an interrupted job left unfinished in a folder."""
    if folder.is_dir():
        for path in sorted(folder.glob(f"{TEMPORARY_PREFIX}*")):
            remove_path(path)


def file_sha256(path: Path) -> str:
    """The checksum of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def wrap_write_errors(place: AnyPath) -> Iterator[None]:
    """Tell in one sentence that a disk is full, a folder read-only, or a storage gone.

    Args:
        place: that is being written.

    Raises:
        JobError: instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise JobError(f"{place} cannot be written: {reason}; the same command again goes on") from None


@contextmanager
def file_lock(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock file `path`. The system lets go of it when the process ends, however it ends.

    Args:
        path: of the file, which is made and goes away again.
        wait: until nobody else holds it.

    Raises:
        JobError: another process holds it, which the sentence names; or it cannot be written or locked.
    """
    descriptor = _acquire(path, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        with wrap_write_errors(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        with suppress(OSError):  # on a disk that became read-only it stays, held by nobody
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, kind: int) -> int:
    while True:
        with wrap_write_errors(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try_lock(descriptor, path, kind)
        except BaseException:
            os.close(descriptor)
            raise
        if _is_current(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last holder removed it between our opening and our locking


def try_lock(descriptor: int, path: Path, kind: int) -> None:
    """Lock an open file, or say why not.

    Args:
        descriptor: of the file.
        path: of the file.
        kind: of lock, as `fcntl.flock` takes it.

    Raises:
        JobError: another process holds it, which the sentence names; or the disk has no locks, as some mounts.
    """
    try:
        fcntl.flock(descriptor, kind)
    except BlockingIOError:
        holder = os.pread(descriptor, 200, 0).decode(errors="replace") or "another process"
        raise JobError(f"{path.parent} is being written by {holder}; wait for it, or take another folder") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise JobError(f"{path} cannot be locked: {reason}; take a folder on a disk that has locks") from None


def _is_current(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


_PREFIX, _LOCK = "ocrmill-shard-", ".lock"
_MINUTE = 60.0  # seconds after which a folder without a holder is not one that is just being made


@contextmanager
def staging_folder() -> Iterator[Path]:
    """A folder in the system's place for temporary files, which goes away with all in it.

    Raises:
        JobError: none can be made.
    """
    _sweep()
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise JobError(f"no folder for temporary files can be made: {error}; set TMPDIR to one with room") from None
    try:
        with file_lock(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _sweep() -> None:
    """Once a process: remove what processes that were killed have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > _MINUTE:
                with file_lock(folder / _LOCK):
                    shutil.rmtree(folder, ignore_errors=True)
        except (OSError, JobError):  # of another user, or in use
            continue
