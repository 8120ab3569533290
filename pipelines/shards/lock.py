"""Keeping two jobs out of the same folder."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.errors import JobError
from pipelines.shards.written import written


@contextmanager
def locked(path: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock file `path`. The system lets go of it when the process ends, however it ends.

    Args:
        path: of the file, which is made and goes away again.
        wait: until nobody else holds it.

    Raises:
        JobError: another process holds it, which the sentence names; or it cannot be written or locked.
    """
    descriptor = _acquire(path, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        with written(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        with suppress(OSError):  # on a disk that became read-only it stays, held by nobody
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path, kind: int) -> int:
    while True:
        with written(path):
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
