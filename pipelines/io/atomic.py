"""Atomic writes, locks and temporary folders: after a crash at any moment a file is either the old or the new one."""

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

from filelock import FileLock, Timeout

from pipelines.errors import JobError
from pipelines.io.paths import AnyPath

TEMPORARY_PREFIX = ".tmp-"
"""Prefix of unfinished files and folders. The process that holds the lock of a dataset may remove them."""


def temporary_path(path: Path) -> Path:
    """Return a new name beside `path` with the same suffix."""
    return path.with_name(f"{TEMPORARY_PREFIX}{path.stem}-{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}")


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file under a temporary name, sync it, and rename it."""
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
    """Flush the content of a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_path(path: Path) -> None:
    """Remove a file or a folder with its content, if it exists."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_temporary_files(folder: Path, prefix: str = "") -> None:
    """Remove the unfinished files of an interrupted job from a folder; with a prefix, those of paths that begin so."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}{prefix}*"):
        remove_path(path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def wrap_write_errors(path: AnyPath) -> Iterator[None]:
    """Turn an OSError, such as that of a full disk, into a JobError of one line; `path` names what is being written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise JobError(f"{path} cannot be written: {reason}; re-run the same command to resume") from None


@contextmanager
def file_lock(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold an exclusive lock on a file, which exists only meanwhile.

    The kernel releases the lock when the process ends for any reason, `kill -9` included.

    Args:
        path: of the lock file.
        wait: until other holders release the lock.

    Raises:
        JobError: another process holds the lock; or the file cannot be written or locked.
    """
    lock = FileLock(path, timeout=-1 if wait else 0, thread_local=False, fallback_to_soft=False)
    with wrap_write_errors(path):
        path.touch()
    try:
        lock.acquire()
    except Timeout:
        raise _held_error(path) from None
    except OSError as error:
        raise _lock_error(path, error) from None
    try:
        with wrap_write_errors(path):
            path.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        with suppress(OSError):  # the disk may have become read-only; nobody holds a file that stays
            path.unlink(missing_ok=True)
        lock.release()


def check_unlocked(path: Path) -> None:
    """Check that no process holds a lock file; the file need not be writable.

    Raises:
        JobError: a process holds it, or it cannot be locked.
    """
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: several processes may check at a time
        except BlockingIOError:
            raise _held_error(path) from None
        except OSError as error:
            raise _lock_error(path, error) from None


def _held_error(path: Path) -> JobError:
    holder = path.read_text(errors="replace")[:200] if path.is_file() else ""
    return JobError(
        f"{path.parent} is being written by {holder or 'another process'}; wait until it ends, or use another folder"
    )


def _lock_error(path: Path, error: OSError) -> JobError:
    reason = error.strerror or str(error)
    return JobError(f"{path} cannot be locked: {reason}; use a folder on a disk that supports file locks")


_STAGING_PREFIX, _LOCK_NAME = "ocrmill-shard-", ".lock"
_MIN_AGE = 60.0  # seconds; a younger folder without a lock may be one that is just being created


@contextmanager
def staging_folder() -> Iterator[Path]:
    """Create a temporary folder, and remove it with its content at the end. Raises JobError if it cannot be created."""
    _remove_abandoned_folders()
    try:
        folder = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX))
    except OSError as error:
        raise JobError(f"cannot create a temporary folder: {error}; set TMPDIR to a folder with free space") from None
    try:
        with file_lock(folder / _LOCK_NAME):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _remove_abandoned_folders() -> None:
    """Remove the temporary folders of killed processes, once per process."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_STAGING_PREFIX}*"):
        with suppress(OSError, JobError):  # it belongs to another user, or is in use
            if time.time() - folder.stat().st_mtime > _MIN_AGE:
                with file_lock(folder / _LOCK_NAME):
                    shutil.rmtree(folder, ignore_errors=True)
