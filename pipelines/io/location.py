"""Files and folders on a storage, by URI."""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar
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

MAX_CONCURRENT_REQUESTS = 16
"""Requests to a storage that are open at a time."""

_RESERVED = re.compile(r"[\x00-\x20#?%\x7f]")
_CHUNK = 8 * 2**20  # bytes that are copied at a time

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class RemotePath:
    """A file or folder on a storage. It holds no connection, so that it can be pickled.

    Methods that read or write raise FileNotFoundError where nothing exists, and StorageError for all other failures.

    Attributes:
        uri: `scheme://bucket/path?options`.
    """

    uri: str

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> "RemotePath":
        """Return the path of an entry; the name may hold slashes and any other character."""
        return self._with_path(f"{self._parts.path.rstrip('/')}/{_quote(name)}")

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
        """The suffix of the name, with its dot."""
        return self._path.suffix

    @property
    def server(self) -> str:
        """The name of the server, for messages."""
        return server_name(self._parts)

    @property
    def bucket(self) -> str:
        """The first part after the scheme."""
        return self._parts.netloc

    def filesystem(self, extended_retries: bool = True) -> tuple[fs.FileSystem, str]:
        """Return the filesystem, and this path in it; arguments and errors are those of `open_filesystem`."""
        filesystem, root = open_filesystem(self._with_path("").uri, extended_retries)
        return filesystem, f"{root}/{str(self._path).strip('/')}".rstrip("/").removesuffix("/.")

    def call_filesystem(self, function: Callable[[fs.FileSystem, str], Any]) -> Any:
        """Call a function with the filesystem and this path in it, and explain its errors."""
        filesystem, path = self.filesystem()
        with wrap_storage_errors(self.server, self.bucket):
            return function(filesystem, path)

    def check_access(self) -> None:
        """Check that the storage answers and has the bucket; a key that may only see a prefix of the bucket passes.

        Raises:
            StorageError: it does not answer, refuses access, or has no such bucket.
        """
        try:
            self._check_access(extended_retries=False)
        except (NoResponseError, PermanentStorageError):
            raise
        except StorageError:  # the server answers, but is too busy
            self._check_access(extended_retries=True)

    def _check_access(self, extended_retries: bool) -> None:
        filesystem, path = self.filesystem(extended_retries)
        with wrap_storage_errors(self.server, self.bucket):
            if filesystem.get_file_info(fs.FileSelector(path, allow_not_found=True)) or not self.bucket:
                return
        root = self._with_path("").filesystem()[1]
        # A key without access to the bucket itself passes: its listing was not refused.
        with suppress(AccessDeniedError), wrap_storage_errors(self.server, self.bucket):
            if filesystem.get_file_info(root).type == fs.FileType.NotFound:
                raise BucketNotFoundError(self.bucket)

    def list_files(self, recursive: bool = True) -> dict[str, int]:
        """Return the files below this path: their names relative to it, and their sizes in bytes.

        Args:
            recursive: include the files of folders; False: include the folders themselves, with size -1.
        """

        def list_path(filesystem: fs.FileSystem, path: str) -> dict[str, int]:
            infos = filesystem.get_file_info(fs.FileSelector(path, recursive=recursive, allow_not_found=True))
            kept = [info for info in infos if info.is_file or (not recursive and info.type == fs.FileType.Directory)]
            return {info.path[len(path) + 1 :]: info.size if info.is_file else -1 for info in kept}

        sizes: dict[str, int] = self.call_filesystem(list_path)
        return {name: size for name, size in sorted(sizes.items()) if name}

    def file_states(self) -> dict[str, str]:
        """Return size and modification time of each file below this path, by name; of a file itself, by ""."""

        def list_path(filesystem: fs.FileSystem, path: str) -> dict[str, str]:
            found = filesystem.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
            infos = [info for info in found if info.is_file] or [filesystem.get_file_info(path)]
            return {info.path[len(path) + 1 :]: f"{info.size} {info.mtime_ns}" for info in infos if info.is_file}

        return dict(sorted(self.call_filesystem(list_path).items()))

    def is_file(self) -> bool:
        """Return whether a file exists."""
        return self.size() is not None

    def size(self) -> int | None:
        """Return the size of a file in bytes; None where none exists."""
        size: int | None = self.call_filesystem(lambda filesystem, path: filesystem.get_file_info(path).size)
        return size

    def read_bytes(self) -> bytes:
        """Read a file."""

        def read(filesystem: fs.FileSystem, path: str) -> bytes:
            with filesystem.open_input_file(path) as file:
                return bytes(file.read())

        content: bytes = self.call_filesystem(read)
        return content

    def write_bytes(self, data: bytes) -> None:
        """Write a small file; on object storage this is atomic."""

        def write(filesystem: fs.FileSystem, path: str) -> None:
            _make_parent(filesystem, path)
            with filesystem.open_output_stream(path) as file:
                file.write(data)

        self.call_filesystem(write)

    def upload(self, source: Path) -> None:
        """Upload a local file. This is not atomic: a reader may see a part of it."""

        def copy(filesystem: fs.FileSystem, path: str) -> None:
            _make_parent(filesystem, path)
            with source.open("rb") as file, filesystem.open_output_stream(path) as sink:
                for chunk in _chunks(file):
                    sink.write(chunk)

        self.call_filesystem(copy)

    def download(self, target: Path) -> None:
        """Download the file to a local path."""

        def copy(filesystem: fs.FileSystem, path: str) -> None:
            with filesystem.open_input_stream(path) as file, target.open("wb") as sink:
                for chunk in _chunks(file):
                    sink.write(chunk)

        self.call_filesystem(copy)


def parallel_map(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the results of a function that waits for a storage, in order, from several threads."""
    rest = iter(items)
    with ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS) as pool:
        while chunk := list(islice(rest, 4 * MAX_CONCURRENT_REQUESTS)):
            yield from pool.map(function, chunk)


def _quote(name: str) -> str:
    """Percent-encode the characters of a name that a URI reserves; slashes stay."""
    return _RESERVED.sub(lambda match: quote(match[0]), name)


def _make_parent(filesystem: fs.FileSystem, path: str) -> None:
    """Create the parent folder where folders exist: object storage has none."""
    if not isinstance(filesystem, fs.S3FileSystem):
        filesystem.create_dir(path.rpartition("/")[0], recursive=True)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
