"""A folder that appears when it is complete."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from pipelines.errors import JobError
from pipelines.io.atomic import TEMPORARY_PREFIX, remove_path, temporary_path
from pipelines.io.paths import expand_user
from synthtext.core import InputError


def check_new_folder(out: Path) -> None:
    """Check that a path is free or an empty folder; raises InputError if it is not."""
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InputError(f"{out} exists and is not an empty folder: name another one")


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """Make a folder under a temporary name, which is renamed on success and removed otherwise.

    Raises:
        JobError: The disk is full, or the folder cannot be written; nothing is left behind.
    """
    path = expand_user(out).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        staged = temporary_path(path)
        try:
            yield staged
            os.sync()  # syncing thousands of files one by one would take minutes
            staged.replace(path)
        finally:
            remove_path(staged)
    except (OSError, lmdb.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise JobError(f"{out} cannot be written: {reason}; nothing was left behind") from None


def _remove_abandoned(out: Path) -> None:
    """Remove the temporary folders of exports to this path whose process was killed."""
    name = re.compile(re.escape(f"{TEMPORARY_PREFIX}{out.stem}-") + r"(\d{1,9})-[0-9a-f]{8}" + re.escape(out.suffix))
    for path in out.parent.iterdir():
        match = name.fullmatch(path.name)
        if match and not _is_running(int(match[1])):
            remove_path(path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
