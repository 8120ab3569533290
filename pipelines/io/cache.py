"""Files of a storage on this machine: brought once, known by their checksum."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.atomic import TEMPORARY_PREFIX, file_lock, file_sha256, fsync_path, remove_path, temporary_path
from pipelines.io.connection import StorageError, read_error
from pipelines.io.location import RemotePath
from pipelines.io.paths import expand_user, parse_path
from synthtext.core import InputError


def cache_folder() -> Path:
    """Where fetched files are kept: `OCRMILL_CACHE`, or `ocrmill` in the user's cache folder."""
    if named := os.environ.get("OCRMILL_CACHE"):
        return expand_user(named)
    return expand_user(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "ocrmill"


def fetch_file(uri: "str | Path | RemotePath", digest: str, cache: Path | None = None) -> Path:
    """A file at a place, on this machine, with the content that it must have.

    A file that is fetched has its checksum as the name of its folder, so it is brought once, whoever asks for it; of
    several processes that do so at a time, one brings it and the others wait.

    Args:
        uri: of a file; one of this machine is not copied.
        digest: its SHA-256, hexadecimal.
        cache: folder that it is kept in; None: `cache_folder()`.

    Raises:
        InputError: there is no such file, or it has another content.
        JobError: the storage fails, or the cache folder cannot be written.
    """
    found = parse_path(uri)
    if isinstance(found, Path):
        _compare(found, digest, found)
        return found
    target = (cache_folder() if cache is None else cache) / digest / found.name

    def bring(staged: Path) -> None:
        found.download(staged / target.name)
        _compare(staged / target.name, digest, found)
        fsync_path(staged / target.name)

    try:
        return _kept(target, found, bring)
    except FileNotFoundError:
        raise InputError(f"{found}: there is no such file") from None
    except StorageError as error:
        raise JobError(f"{found} cannot be fetched: {error}") from None


def fetch_path(uri: "str | Path | RemotePath", cache: Path | None = None) -> Path:
    """A file, or all files of a folder, at a place, on this machine, as they are now.

    They are brought once, and again when a name, a size or a time of change differs.

    Args:
        uri: of a file or folder; one of this machine is not copied.
        cache: folder that it is kept in; None: `cache_folder()`.

    Raises:
        InputError: there is nothing, or the storage does not let it be read; UnansweredError where it may another time.
        JobError: the cache folder cannot be written.
    """
    found = parse_path(uri)
    if isinstance(found, Path):
        return found
    try:
        found.check_access()
        state = found.file_states()
    except StorageError as error:
        raise read_error(found, error) from None
    if strange := [name for name in state if name.startswith("/") or ".." in name.split("/")]:
        raise InputError(f"{found} cannot be read: {strange[0]!r} in it is no name for a file of this machine")
    if not state:
        raise InputError(f"{found}: there is no such file or folder")
    key = hashlib.sha256(json.dumps([found.uri, state]).encode()).hexdigest()
    target = (cache_folder() if cache is None else cache) / "trees" / key / (found.name or found.bucket)

    def bring(staged: Path) -> None:
        for name in state:
            file = staged / target.name / name
            file.parent.mkdir(parents=True, exist_ok=True)
            (found / name if name else found).download(file)

    try:
        return _kept(target, found, bring)
    except FileNotFoundError as error:
        raise JobError(f"{found} cannot be fetched: {error.strerror or error}; it changes just now") from None
    except StorageError as error:
        raise read_error(found, error) from None


def _kept(target: Path, found: RemotePath, bring: Callable[[Path], None]) -> Path:
    """What is kept, or brought by one process while others that want it wait.

    Args:
        target: it, in a folder of its own.
        found: where it comes from.
        bring: puts it into a folder.

    Raises:
        FileNotFoundError: it is not there.
        StorageError: the storage fails.
        JobError: nothing can be kept here.
    """
    folder = target.parent
    if target.exists():
        return target
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_name(f".lock-{folder.name}"), wait=True):
            if not target.exists():
                for left in folder.parent.glob(f"{TEMPORARY_PREFIX}{folder.name}-*"):  # by processes that were killed
                    remove_path(left)
                _bring(temporary_path(folder), target, bring)
    except (FileNotFoundError, StorageError):
        raise
    except OSError as error:
        raise JobError(f"{found} cannot be fetched into {folder.parent}: {error.strerror or error}") from None
    return target


def _bring(staged: Path, target: Path, bring: Callable[[Path], None]) -> None:
    try:
        staged.mkdir()
        bring(staged)
        if target.parent.is_dir():  # with the same content by another name
            (staged / target.name).replace(target)
        else:
            staged.rename(target.parent)
    finally:
        remove_path(staged)


def _compare(path: Path, digest: str, where: Path | RemotePath) -> None:
    try:
        found = file_sha256(path)
    except OSError as error:
        raise InputError(f"{where} cannot be read: {error.strerror}") from None
    if found != digest:
        raise InputError(f"{where} has another content than it should: SHA-256 {found[:12]}..., not {digest[:12]}...")
