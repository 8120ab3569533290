"""The cache of downloaded files, each identified by its checksum or by the state of its source."""

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.atomic import file_lock, file_sha256, fsync_path, remove_path, remove_temporary_files, temporary_path
from pipelines.io.connection import StorageError, read_error
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath, parse_path
from synthtext.core import InputError
from synthtext.core.cache import cache_folder

_logger = logging.getLogger("pipelines.io")


def fetch_file(uri: str | AnyPath, digest: str, cache: Path | None = None) -> Path:
    """Return a local copy of a file whose checksum is known.

    The file is downloaded once: its folder in the cache is named by the checksum. Of several processes that ask for it
    at a time, one downloads it and the others wait.

    Args:
        uri: of a file; a local one is not copied.
        digest: expected SHA-256, hexadecimal.
        cache: folder of the copy; None: `cache_folder()`.

    Raises:
        InputError: the file does not exist, or has another checksum.
        JobError: the storage fails, or the cache cannot be written.
    """
    path = parse_path(uri)
    if isinstance(path, Path):
        _check_digest(path, digest, path)
        return path
    target = (cache or cache_folder()) / digest / path.name

    def download(folder: Path) -> None:
        path.download(folder / target.name)
        _check_digest(folder / target.name, digest, path)
        fsync_path(folder / target.name)

    try:
        return _cached(target, path, download)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except StorageError as error:
        raise JobError(f"{path} cannot be fetched: {error}") from None


def fetch_path(uri: str | AnyPath, cache: Path | None = None) -> Path:
    """Return a local copy of a file, or of a folder with all files below it, in its present state.

    It is downloaded again only when a name, a size or a time of modification has changed.

    Args:
        uri: of a file or folder; a local one is not copied.
        cache: folder of the copy; None: `cache_folder()`.

    Raises:
        InputError: nothing exists there, or access is denied; StorageUnavailableError where a later try may succeed.
        JobError: the cache cannot be written.
    """
    path = parse_path(uri)
    if isinstance(path, Path):
        return path
    try:
        path.check_access()
        states = path.file_states()
    except StorageError as error:
        raise read_error(path, error) from None
    if unsafe := [name for name in states if name.startswith("/") or ".." in name.split("/")]:
        raise InputError(f"{path} cannot be read: it holds a file named {unsafe[0]!r}, which cannot be stored locally")
    if not states:
        raise InputError(f"{path}: there is no such file or folder")
    key = hashlib.sha256(json.dumps([path.uri, states]).encode()).hexdigest()
    target = (cache or cache_folder()) / "trees" / key / (path.name or path.bucket)

    def download(folder: Path) -> None:
        for name in states:
            file = folder / target.name / name
            file.parent.mkdir(parents=True, exist_ok=True)
            (path / name if name else path).download(file)

    try:
        return _cached(target, path, download)
    except FileNotFoundError as error:
        raise JobError(f"{path} cannot be fetched: {error.strerror or error}; its files are being changed") from None
    except StorageError as error:
        raise read_error(path, error) from None


def _cached(target: Path, source: RemotePath, download: Callable[[Path], None]) -> Path:
    """Return a cached file or folder, alone in its folder; one process downloads what is missing, others wait.

    `download` writes `target.name` into the folder that it gets. Errors of the source stay as they are.
    """
    folder = target.parent
    if target.exists():
        return target
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_name(f".lock-{folder.name}"), wait=True):
            if not target.exists():
                remove_temporary_files(folder.parent, f"{folder.name}-")
                _logger.debug("downloading %s to %s", source, target)
                _download_into(temporary_path(folder), target, download)
    except (FileNotFoundError, StorageError):
        raise
    except OSError as error:
        raise JobError(f"{source} cannot be fetched into {folder.parent}: {error.strerror or error}") from None
    return target


def _download_into(staged: Path, target: Path, download: Callable[[Path], None]) -> None:
    try:
        staged.mkdir()
        download(staged)
        if target.parent.is_dir():  # the same content is cached under another file name
            (staged / target.name).replace(target)
        else:
            staged.rename(target.parent)
    finally:
        remove_path(staged)


def _check_digest(path: Path, expected: str, source: AnyPath) -> None:
    try:
        digest = file_sha256(path)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}") from None
    if digest != expected:
        raise InputError(f"{source} has changed: its SHA-256 is {digest[:12]}..., expected {expected[:12]}...")
