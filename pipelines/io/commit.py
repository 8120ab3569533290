"""Two strategies to commit files to the folder of a dataset: by renaming on a disk, manifest last at a URI."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from pipelines.io.atomic import (
    file_lock,
    fsync_path,
    remove_path,
    remove_temporary_files,
    temporary_path,
    wrap_write_errors,
    write_atomic,
)
from pipelines.io.connection import StorageError
from pipelines.io.location import RemotePath
from pipelines.io.paths import wrap_read_errors
from pipelines.io.shard_writer import PendingShard
from pipelines.io.writers import LMDB_DATA_FILE
from synthtext.core import InputError

LOCK_FILE = ".lock"
"""Name of the lock file in a folder on a disk."""

SHARDS_FOLDER = "shards"
"""Name of the folder of shards in that of a dataset; it holds data only, so that any reader of Parquet takes it."""

MANIFESTS_FOLDER = "manifests"
"""Name of the folder of the manifests of shards."""


class RenameCommit:
    """The strategy on a disk: files are written under temporary names and renamed, under a lock.

    Files are named by their paths in the folder of the dataset. Methods raise OSError, unless they say otherwise.

    Args:
        path: of the folder, absolute.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shards, self._manifests = path / SHARDS_FOLDER, path / MANIFESTS_FOLDER

    @property
    def _existing(self) -> Path:
        return next(path for path in (self.path, *self.path.parents) if path.exists())

    def list_names(self, folder: str = "") -> list[str]:
        """Return the sorted names in the folder of the dataset, or in a folder below it.

        Raises:
            InputError: the folder of the dataset cannot be written.
        """
        with wrap_read_errors(self.path):
            existing = self._existing
            if not existing.is_dir():
                raise InputError(f"{existing} is a file: name a folder for the dataset")
            if not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
                raise InputError(f"{existing} cannot be written: use another folder, or change its permissions")
            path = self.path / folder
            return sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []

    @contextmanager
    def open(self) -> Iterator[None]:
        """Create the folder, hold its lock, and remove unfinished files before and after.

        Raises:
            InputError: the folder cannot be created.
            JobError: another job holds the lock.
        """
        with self._wrap_creation_errors():
            self._shards.mkdir(parents=True, exist_ok=True)
            self._manifests.mkdir(exist_ok=True)
        with file_lock(self.path / LOCK_FILE):
            self._remove_temporary()
            try:
                yield
            finally:
                self._remove_temporary()

    def _remove_temporary(self) -> None:
        with wrap_write_errors(self.path):
            for folder in (self.path, self._shards, self._manifests):
                remove_temporary_files(folder)

    def write(self, name: str, content: str) -> None:
        """Write a small file atomically."""
        write_atomic(self.path / name, content)

    def withdraw(self, name: str) -> None:
        """Remove a file that may exist."""
        path = self.path / name
        if path.exists():
            path.unlink()
            fsync_path(path.parent)

    def remove_data(self, name: str) -> None:
        """Remove the data of a shard without a manifest."""
        remove_path(self.path / name)

    def publish(self, pending: PendingShard, manifest_name: str) -> None:
        """Give the data of a shard its final name; an old manifest is removed before."""
        data = self._shards / pending.manifest.file
        (self._manifests / manifest_name).unlink(missing_ok=True)  # of a shorter shard that this one replaces
        if data.is_dir():
            remove_path(data)
        assert isinstance(pending.path, Path)
        pending.path.replace(data)
        fsync_path(self._shards)

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes; None where none exists."""
        path = self.path / name
        return path.stat().st_size if path.is_file() else None

    def shard_sizes(self) -> dict[str, int]:
        """Return the sizes of all files of shards and of their manifests in bytes, by their names in their folders."""
        sizes: dict[str, int] = {}
        for folder in filter(Path.is_dir, (self._manifests, self._shards)):  # data exist before their manifest
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # another job may be replacing it
                        name = f"{entry.name}/{LMDB_DATA_FILE}" if entry.is_dir() else entry.name
                        sizes[name] = (folder / name).stat().st_size
        return sizes

    def free_bytes(self) -> int:
        """Return the free space of the disk in bytes."""
        return shutil.disk_usage(self._existing).free

    def check_creatable(self) -> None:
        """Create a folder at this place, and remove it again. Raises InputError if that fails."""
        path = temporary_path(self._existing / self.path.name)
        with self._wrap_creation_errors():
            path.mkdir()
            path.rmdir()

    @contextmanager
    def _wrap_creation_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.path} cannot be created: {error.strerror}; use another folder") from None


class ManifestLastCommit:
    """The strategy at a URI, where nothing can be renamed, locked or synced.

    The data of a shard is uploaded under its final name, and counts for nothing until its manifest exists, which is one
    small file and therefore atomic. A manifest that is no longer valid is emptied. There is no lock: two jobs of the
    same recipe, seed and size write the same bytes, and neither withdraws what the other one has finished. Another
    dataset is refused because of its description.

    Args:
        path: of the folder.
    """

    def __init__(self, path: RemotePath) -> None:
        self.path = path

    def list_names(self, folder: str = "") -> list[str]:
        """Return the sorted names, as above. Raises InputError if the storage does not answer."""
        try:
            self.path.check_access()
            return sorted((self.path / folder if folder else self.path).list_files(recursive=False))
        except StorageError as error:
            raise InputError(f"{self.path} cannot be used: {error}") from None

    def open(self) -> AbstractContextManager[None]:
        """Do nothing: the folder needs no preparation."""
        return nullcontext()

    def check_creatable(self) -> None:
        """Do nothing: the folder needs no creation."""

    def publish(self, pending: PendingShard, manifest_name: str) -> None:
        """Do nothing: the data has its final name."""

    def remove_data(self, name: str) -> None:
        """Do nothing: data without a manifest counts for nothing."""

    def free_bytes(self) -> None:
        """Return None: the free space is unknown."""

    def write(self, name: str, content: str) -> None:
        """Write a small file atomically."""
        (self.path / name).write_bytes(content.encode())

    def withdraw(self, name: str) -> None:
        """Empty a file that may exist."""
        file = self.path / name
        if file.is_file():
            file.write_bytes(b"")

    def size(self, name: str) -> int | None:
        """Return the size."""
        return (self.path / name).size()

    def shard_sizes(self) -> dict[str, int]:
        """Return the sizes from a listing of either folder, that of the manifests first: data exist before them."""
        return (self.path / MANIFESTS_FOLDER).list_files() | (self.path / SHARDS_FOLDER).list_files()
