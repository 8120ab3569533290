"""A data set on a storage, where nothing can be renamed, locked or synced."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from pipelines.errors import JobError
from pipelines.io.atomic import wrap_write_errors
from pipelines.io.connection import StorageError
from pipelines.io.description import DatasetDescription, read_description
from pipelines.io.location import RemotePath
from pipelines.io.manifest import ShardManifest, read_manifest
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.io.shard_writer import PendingShard
from pipelines.io.statistics import Statistics
from pipelines.io.writers import LMDB_DATA_FILE
from synthtext.core import InputError

MAX_CONCURRENT_REQUESTS = 16
"""Small files that are read at a time."""

_KNOWN = ("dataset.json", "recipe.yaml", "statistics.json", "crops.arrow", "shards")

T = TypeVar("T")
R = TypeVar("R")


class RemoteDatasetFolder:
    """What `DatasetFolder` is on a disk.

    A shard's data are uploaded under their own name; they count for nothing until their mark is there, which is one
    small file, whole or not at all. A mark that no longer holds is made empty. There is no lock: two jobs of the same
    recipe, seed and number write the same bytes, and neither withdraws what the other one has finished; another data
    set is refused by its description.

    Args:
        path: of the folder, which need not exist.
    """

    def __init__(self, path: RemotePath) -> None:
        self.path = path
        self.shards = path / "shards"
        self._description = path / "dataset.json"
        self._unfinished: set[str] | None = None  # marks that were there, but of no finished shard, at the last look

    def check_usable(self) -> DatasetDescription | None:
        """Look at the place without touching it.

        Returns:
            The description of the data set there, or None when there is nothing.

        Raises:
            InputError: the storage does not answer or refuses, or what is there is no data set of ours.
        """
        try:
            self.path.check_access()
            names = self.path.list_files(recursive=False)
            if self._description.name in names:
                return read_description(self._description)
        except StorageError as error:
            raise InputError(f"{self.path} cannot be used: {error}") from None
        foreign = [name for name in names if name not in _KNOWN]
        if foreign:
            raise InputError(f"{self.path} holds {foreign[0]!r} and no data set of ours: take an empty folder")
        return None

    def check_creatable(self) -> None:
        """Nothing has to be made."""

    @contextmanager
    def open(self) -> Iterator[None]:
        """Nothing has to be held."""
        yield

    def free_bytes(self) -> None:
        """Nobody knows."""

    def write_description(self, description: DatasetDescription) -> None:
        """Write dataset.json; raises JobError."""
        self._write(self._description, description.to_json())

    def write_recipe(self, recipe: str) -> None:
        """Write recipe.yaml; raises JobError."""
        self._write(self.path / "recipe.yaml", recipe)

    def write_statistics(self, statistics: Statistics) -> None:
        """Write statistics.json; raises JobError."""
        self._write(self.path / "statistics.json", statistics.to_json())

    def remove_statistics(self) -> None:
        """Empty statistics.json, if it is there: it is about to become wrong."""
        with wrap_write_errors(self.path):
            self._empty(self.path / "statistics.json")

    def invalidate_shard(self, spec: ShardSpec, digest: str) -> None:
        """Make sure that a shard which is about to be written does not count: it may replace a shorter one.

        Nothing is asked about a shard that had no mark when the marks were last listed.

        Raises:
            JobError: the storage cannot be written.
        """
        file = self.shards / f"{spec.name}.json"
        if self._unfinished is None:
            self._unfinished = _marks(self._sizes())
        if file.name not in self._unfinished:
            return
        with wrap_write_errors(self.path):
            mark = read_manifest(file)  # another job may have finished it since
            if mark is None or not mark.matches(spec, digest) or self._size(mark) != mark.bytes:
                file.write_bytes(b"")

    def commit(self, draft: PendingShard) -> None:
        """Write the mark of a shard whose data are there.

        Raises:
            JobError: the storage cannot be written.
        """
        self._write(self.shards / f"{draft.manifest.file.rpartition('.')[0]}.json", draft.manifest.to_json())

    def indices_with_manifest(self, plan: ShardPlan) -> set[int]:
        """Numbers of the shards of a plan that have a mark, whatever is in it: one look at the list of names.

        Raises:
            JobError: the storage cannot be read.
        """
        marks = self._unfinished = _marks(self._sizes())
        return {spec.index for spec in plan if f"{spec.name}.json" in marks}

    def finished_manifests(self, plan: ShardPlan, digest: str) -> Iterable[ShardManifest]:
        """The marks of the finished shards of a plan, in order; only shards that have a mark are looked at.

        Raises:
            JobError: the storage cannot be read.
        """
        sizes = self._sizes()
        unfinished = self._unfinished = _marks(sizes)

        def mark_of(spec: ShardSpec) -> ShardManifest | None:
            mark = read_manifest(self.shards / f"{spec.name}.json")
            return (
                mark if mark and mark.matches(spec, digest) and stored_bytes(sizes, mark.file) == mark.bytes else None
            )

        with self._read():
            marked = [spec for spec in plan if f"{spec.name}.json" in unfinished]
            for mark in parallel_map(mark_of, marked):
                if mark is not None:
                    unfinished.discard(f"{plan[mark.index].name}.json")
                    yield mark

    def _sizes(self) -> dict[str, int]:
        with self._read():
            return self.shards.list_files()

    def _size(self, mark: ShardManifest) -> int | None:
        """Bytes of a shard's data, as they are now."""
        data = self.shards / mark.file
        return (data if data.suffix == ".parquet" else data / LMDB_DATA_FILE).size()

    @contextmanager
    def _read(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            raise JobError(f"{self.shards} cannot be read: {error}; the same command again goes on") from None

    def _empty(self, file: RemotePath) -> None:
        if file.is_file():
            file.write_bytes(b"")

    def _write(self, file: RemotePath, content: str) -> None:
        with wrap_write_errors(file):
            file.write_bytes(content.encode())


def _marks(sizes: dict[str, int]) -> set[str]:
    """The names of those that are not empty."""
    return {name for name, size in sizes.items() if size and name.endswith(".json")}


def stored_bytes(sizes: dict[str, int], file: str) -> int | None:
    """Bytes of a shard's data.

    Args:
        sizes: of the files in the folder of shards, by name.
        file: or folder of the shard, as its mark names it.
    """
    return sizes.get(file, sizes.get(f"{file}/{LMDB_DATA_FILE}"))


def parallel_map(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results of a function that waits for a storage, in order, some at a time."""
    rest = iter(items)
    with ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS) as pool:
        while chunk := list(islice(rest, 4 * MAX_CONCURRENT_REQUESTS)):
            yield from pool.map(function, chunk)
