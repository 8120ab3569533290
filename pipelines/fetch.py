"""Files of a storage on this machine: brought once, known by their checksum."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from pipelines.errors import JobError
from pipelines.shards.files import remove, sha256, sync, temporary
from pipelines.storage import Location, StorageError, expanded, place
from synthtext.core import InputError


def cache_folder() -> Path:
    """Where fetched files are kept: `OCRMILL_CACHE`, or `ocrmill` in the user's cache folder."""
    if named := os.environ.get("OCRMILL_CACHE"):
        return expanded(named)
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "ocrmill"


def fetched(uri: "str | Path | Location", digest: str, cache: Path | None = None) -> Path:
    """A file at a place, on this machine, with the content that it must have.

    A file that is fetched has its checksum as the name of its folder, so it is brought once, whoever asks for it;
    two who do so at a time both bring it, and one of the copies stays.

    Args:
        uri: of a file; one of this machine is not copied.
        digest: its SHA-256, hexadecimal.
        cache: folder that it is kept in; None: `cache_folder()`.

    Raises:
        InputError: there is no such file, or it has another content.
        JobError: the storage fails, or the cache folder cannot be written.
    """
    found = place(uri)
    if isinstance(found, Path):
        _compare(found, digest, found)
        return found
    target = (cache_folder() if cache is None else cache) / digest / found.name
    if target.is_file():
        return target
    staged = temporary(target.parent)
    try:
        staged.mkdir(parents=True)
        found.download(staged / found.name)
        _compare(staged / found.name, digest, found)
        sync(staged / found.name)
        _settle(staged, target)
    except FileNotFoundError:
        raise InputError(f"{found}: there is no such file") from None
    except OSError as error:
        raise JobError(f"{found} cannot be fetched into {target.parent.parent}: {error.strerror or error}") from None
    finally:
        remove(staged)
    return target


def fetched_tree(uri: "str | Path | Location", cache: Path | None = None) -> Path:
    """A file, or all files of a folder, at a place, on this machine, as they are now.

    They are brought once, and again when a name, a size or a time of change differs.

    Args:
        uri: of a file or folder; one of this machine is not copied.
        cache: folder that it is kept in; None: `cache_folder()`.

    Raises:
        InputError: there is nothing, or the storage does not let it be read.
        JobError: the cache folder cannot be written.
    """
    found = place(uri)
    if isinstance(found, Path):
        return found
    try:
        found.check()
        state = found.state()
    except StorageError as error:
        raise InputError(f"{found} cannot be read: {error}") from None
    if strange := [name for name in state if name.startswith("/") or ".." in name.split("/")]:
        raise InputError(f"{found} cannot be read: {strange[0]!r} in it is no name for a file of this machine")
    if not state:
        raise InputError(f"{found}: there is no such file or folder")
    key = hashlib.sha256(json.dumps([found.uri, state]).encode()).hexdigest()
    target = (cache_folder() if cache is None else cache) / "trees" / key / (found.name or found.bucket)
    if target.exists():
        return target
    staged = temporary(target.parent)
    try:
        for name in state:
            file = staged / target.name / name
            file.parent.mkdir(parents=True, exist_ok=True)
            (found / name if name else found).download(file)
        with suppress(OSError):  # another process was faster
            staged.rename(target.parent)
        if not target.exists():
            raise JobError(f"{found} cannot be fetched into {target.parent}: it cannot be written")
    except OSError as error:
        raise JobError(f"{found} cannot be fetched into {target.parent}: {error.strerror or error}") from None
    finally:
        remove(staged)
    return target


def _settle(staged: Path, target: Path) -> None:
    """Give a folder its name, unless another process was faster or brought the same content by another name."""
    try:
        staged.rename(target.parent)
    except OSError:
        if not target.is_file():
            (staged / target.name).replace(target)


def _compare(path: Path, digest: str, where: Path | Location) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error.strerror}") from None
    if found != digest:
        raise InputError(f"{where} has another content than it should: SHA-256 {found[:12]}..., not {digest[:12]}...")
