"""Folders of this machine for shards on their way to a storage."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pipelines.errors import JobError
from pipelines.shards.lock import locked

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
        with locked(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _sweep() -> None:
    """Once a process: remove what processes that were killed have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > _MINUTE:
                with locked(folder / _LOCK):
                    shutil.rmtree(folder, ignore_errors=True)
        except (OSError, JobError):  # of another user, or in use
            continue
