"""Writing files so that a crash at any moment leaves the old file or the new one, and never a half."""

import hashlib
import os
import shutil
import uuid
from pathlib import Path

TEMPORARY = ".tmp-"
"""Files and folders of this prefix are unfinished: whoever holds the data set's lock may remove them."""


def temporary(path: Path) -> Path:
    """A fresh name beside `path`, of the same suffix."""
    return path.with_name(f"{TEMPORARY}{path.stem}-{os.getpid()}-{uuid.uuid4().hex[:8]}{path.suffix}")


def write_file(path: Path, data: str | bytes) -> None:
    """Write a file under a temporary name, sync it, and give it its name."""
    staged = temporary(path)
    try:
        staged.write_bytes(data.encode() if isinstance(data, str) else data)
        sync(staged)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, or a folder and all in it; nothing happens if it is not there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_temporary(folder: Path) -> None:
    """Remove what an interrupted job left unfinished in a folder."""
    if folder.is_dir():
        for path in sorted(folder.glob(f"{TEMPORARY}*")):
            remove(path)


def sha256(path: Path) -> str:
    """The checksum of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
