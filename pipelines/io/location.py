"""A place on a storage, by URI."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

import pyarrow.fs as fs

from pipelines.io.connection import (
    AccessDeniedError,
    BucketNotFoundError,
    NoResponseError,
    PermanentStorageError,
    StorageError,
    open_filesystem,
    server_name,
    wrap_storage_errors,
)

_SPECIAL = re.compile(r"[\x00-\x20#?%\x7f]")
_CHUNK = 8 * 2**20  # bytes that are copied at a time


@dataclass(frozen=True)
class RemotePath:
    """A file or folder on a storage. It is a name: pickled to other processes, which connect anew.

    What is read or written raises FileNotFoundError where nothing is, and StorageError for all else.

    Attributes:
        uri: `scheme://bucket/path?options`.
    """

    uri: str

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> "RemotePath":
        """What lies below under a name, or under names with slashes between them, whatever is in them."""
        return self._with_path(f"{self._parts.path.rstrip('/')}/{_quoted(name)}")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.uri)

    def _with_path(self, path: str) -> "RemotePath":
        return RemotePath(self._parts._replace(path=path).geturl())

    @property
    def _path(self) -> PurePosixPath:
        return PurePosixPath(unquote(self._parts.path))

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._path.name

    @property
    def suffix(self) -> str:
        """Of the name, with its dot."""
        return self._path.suffix

    @property
    def server(self) -> str:
        """Who is asked, for sentences."""
        return server_name(self._parts)

    @property
    def bucket(self) -> str:
        """The first part after the scheme."""
        return self._parts.netloc

    def filesystem(self, patient: bool = True) -> tuple[fs.FileSystem, str]:
        """The storage, and the path of this place in it.

        Args:
            patient: see `connected`.

        Raises:
            InputError: the URI is none that can be opened.
        """
        storage, root = open_filesystem(self._with_path("").uri, patient)
        return storage, f"{root}/{str(self._path).strip('/')}".rstrip("/").removesuffix("/.")

    def call_filesystem(self, what: Callable[[fs.FileSystem, str], Any]) -> Any:
        """Do something with the storage and the path in it, its errors explained."""
        storage, path = self.filesystem()
        with wrap_storage_errors(self.server, self.bucket):
            return what(storage, path)

    def check_access(self) -> None:
        """Ask whether the storage answers and has the bucket. A key that may only see a prefix is not told of that.

        Raises:
            StorageError: it does not, or it has not.
        """
        try:
            self._check(patient=False)
        except (NoResponseError, PermanentStorageError):
            raise
        except StorageError:  # someone is there, but busy
            self._check(patient=True)

    def _check(self, patient: bool) -> None:
        storage, path = self.filesystem(patient)
        with wrap_storage_errors(self.server, self.bucket):
            if storage.get_file_info(fs.FileSelector(path, allow_not_found=True)) or not self.bucket:
                return
        _, root = self._with_path("").filesystem(patient)
        with (
            suppress(AccessDeniedError),
            wrap_storage_errors(self.server, self.bucket),
        ):  # what was listed was not refused
            if storage.get_file_info(root).type == fs.FileType.NotFound:
                raise BucketNotFoundError(self.bucket)

    def list_files(self, recursive: bool = True) -> dict[str, int]:
        """The files below this place: their names relative to it, and their sizes in bytes.

        Args:
            recursive: those of folders, too; else folders are listed, too, with the size -1.
        """

        def listed(storage: fs.FileSystem, path: str) -> dict[str, int]:
            found = storage.get_file_info(fs.FileSelector(path, recursive=recursive, allow_not_found=True))
            kept = [info for info in found if info.is_file or (not recursive and info.type == fs.FileType.Directory)]
            return {info.path[len(path) + 1 :]: info.size if info.is_file else -1 for info in kept}

        names: dict[str, int] = self.call_filesystem(listed)
        return {name: size for name, size in sorted(names.items()) if name}

    def file_states(self) -> dict[str, str]:
        """Size and time of the last change of the files below this place, by name; of a file itself, by no name."""

        def seen(storage: fs.FileSystem, path: str) -> dict[str, str]:
            found = storage.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
            infos = [info for info in found if info.is_file] or [storage.get_file_info(path)]
            return {info.path[len(path) + 1 :]: f"{info.size} {info.mtime_ns}" for info in infos if info.is_file}

        return dict(sorted(self.call_filesystem(seen).items()))

    def is_file(self) -> bool:
        """Whether there is a file."""
        return bool(self.call_filesystem(lambda storage, path: storage.get_file_info(path).is_file))

    def size(self) -> int | None:
        """Bytes of a file; None where there is none."""
        size: int | None = self.call_filesystem(lambda storage, path: storage.get_file_info(path).size)
        return size

    def read_bytes(self) -> bytes:
        """The content of a file."""

        def read(storage: fs.FileSystem, path: str) -> bytes:
            with storage.open_input_file(path) as file:
                return bytes(file.read())

        content: bytes = self.call_filesystem(read)
        return content

    def write_bytes(self, data: bytes) -> None:
        """Write a small file; on object storage it is there as a whole or not at all."""

        def write(storage: fs.FileSystem, path: str) -> None:
            _make_parent(storage, path)
            with storage.open_output_stream(path) as file:
                file.write(data)

        self.call_filesystem(write)

    def upload(self, source: Path) -> None:
        """Copy a local file here. A reader may see a part of it: only its mark says that it is whole."""

        def copy(storage: fs.FileSystem, path: str) -> None:
            _make_parent(storage, path)
            with source.open("rb") as file, storage.open_output_stream(path) as sink:
                for chunk in _chunks(file):
                    sink.write(chunk)

        self.call_filesystem(copy)

    def download(self, target: Path) -> None:
        """Copy the file here into a local one."""

        def copy(storage: fs.FileSystem, path: str) -> None:
            with storage.open_input_stream(path) as file, target.open("wb") as sink:
                for chunk in _chunks(file):
                    sink.write(chunk)

        self.call_filesystem(copy)


def _quoted(name: str) -> str:
    """A name, or names, as a part of a URI: what would end the path or mean another character is written in digits."""
    return _SPECIAL.sub(lambda found: quote(found[0]), name)


def _make_parent(storage: fs.FileSystem, path: str) -> None:
    """Where folders are real: object storage has none."""
    if not isinstance(storage, fs.S3FileSystem):
        storage.create_dir(path.rpartition("/")[0], recursive=True)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
