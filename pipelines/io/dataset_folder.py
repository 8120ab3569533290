"""A data set's folder: where what lies, and how shards come into it."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.io.atomic import (
    TEMPORARY_PREFIX,
    file_lock,
    fsync_path,
    remove_path,
    remove_temporary_files,
    temporary_path,
    wrap_write_errors,
    write_atomic,
)
from pipelines.io.description import DatasetDescription, read_description
from pipelines.io.manifest import ShardManifest, read_manifest
from pipelines.io.paths import AnyPath, local_path, parse_path, wrap_read_errors
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.io.remote_folder import RemoteDatasetFolder
from pipelines.io.shard_writer import PendingShard, ShardFormat
from pipelines.io.statistics import Statistics
from synthtext.core import InputError

_LOCK = ".lock"
CROP_BANK_FILE = "crops.arrow"
"""The bank of crops that a CopyPaste data set is made with."""

FILTER_DECISIONS_FOLDER = "decisions"
"""The folder of the decisions about every line of the source, in a filtered dataset."""

RECIPE_FILE = "recipe.yaml"
"""From which a data set can be made again."""


class DatasetFolder:
    """The only place that knows the names in a data set's folder.

    Args:
        path: of the folder, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = local_path(path, "this data set").absolute()
        self.shards = self.path / "shards"
        self.crops = self.path / CROP_BANK_FILE
        self._description = self.path / "dataset.json"

    def check_usable(self) -> DatasetDescription | None:
        """Look at the folder without touching it.

        Returns:
            The description of the data set in it, or None when the folder is empty or does not exist.

        Raises:
            InputError: it is a file, cannot be written, or holds something that is no data set of ours.
        """
        with wrap_read_errors(self.path):
            return self._look()

    def _look(self) -> DatasetDescription | None:
        existing = next(place for place in (self.path, *self.path.parents) if place.exists())
        if not existing.is_dir():
            raise InputError(f"{existing} is a file: name a folder for the data set")
        if not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
            raise InputError(f"{existing} cannot be written: take another folder, or change its permissions")
        if self._description.exists():
            return read_description(self._description)
        foreign = self._foreign()
        if foreign:
            raise InputError(f"{self.path} holds {foreign!r} and no data set of ours: take an empty folder")
        return None

    def _foreign(self) -> str | None:
        """Something that a job which was stopped before it wrote its description cannot have left."""
        inside = sorted(self.path.iterdir()) if self.path.is_dir() else []
        places = [*inside, *(sorted(self.shards.iterdir()) if self.shards.is_dir() else [])]
        known = (_LOCK, CROP_BANK_FILE, self.shards.name, RECIPE_FILE)
        foreign = [
            place.name for place in places if place.name not in known and not place.name.startswith(TEMPORARY_PREFIX)
        ]
        return foreign[0] if foreign else None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Make the folder if need be and hold its lock; remove what is unfinished, before and after.

        Raises:
            InputError: the folder cannot be made.
            JobError: another job is writing to it.
        """
        with self._making():
            self.shards.mkdir(parents=True, exist_ok=True)
        with file_lock(self.path / _LOCK):
            self._remove_temporary()
            try:
                yield
            finally:
                self._remove_temporary()

    def check_creatable(self) -> None:
        """Make a folder where this one is or would be, and remove it again.

        Raises:
            InputError: none can be made there.
        """
        place = temporary_path(
            next(place for place in (self.path, *self.path.parents) if place.exists()) / self.path.name
        )
        with self._making():
            place.mkdir()
            place.rmdir()

    @contextmanager
    def _making(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.path} cannot be made: {error.strerror}; take another folder") from None

    def _remove_temporary(self) -> None:
        with wrap_write_errors(self.path):
            remove_temporary_files(self.path)
            remove_temporary_files(self.shards)

    def free_bytes(self) -> int:
        """What is free on the disk that the folder is, or would be, on."""
        return shutil.disk_usage(next(place for place in (self.path, *self.path.parents) if place.exists())).free

    def write_description(self, description: DatasetDescription) -> None:
        """Write dataset.json.

        Raises:
            JobError: the disk is full or the folder cannot be written; so do the others.
        """
        self._write(self._description, description.to_json())

    def write_recipe(self, recipe: str) -> None:
        """Write recipe.yaml."""
        self._write(self.path / RECIPE_FILE, recipe)

    def write_statistics(self, statistics: Statistics) -> None:
        """Write statistics.json."""
        self._write(self.path / "statistics.json", statistics.to_json())

    def invalidate_shard(self, spec: ShardSpec, digest: str) -> None:
        """Nothing: a shard's old mark goes when the new data get their name."""

    def remove_statistics(self) -> None:
        """Remove statistics.json: it is about to become wrong."""
        with wrap_write_errors(self.path):
            (self.path / "statistics.json").unlink(missing_ok=True)

    def commit(self, draft: PendingShard) -> None:
        """Give a shard its name and, when that is on the disk, its mark. One process commits: who holds the lock.

        Raises:
            JobError: the disk is full or the folder cannot be written.
        """
        mark, data = self._mark_path(draft.manifest.file), self.shards / draft.manifest.file
        with wrap_write_errors(data):
            mark.unlink(missing_ok=True)  # of a shorter shard that this one replaces
            if data.is_dir():
                remove_path(data)
            draft.local_path.replace(data)
            fsync_path(self.shards)
            write_atomic(mark, draft.manifest.to_json())

    def remove_shard(self, spec: ShardSpec, form: ShardFormat) -> None:
        """Remove a shard, its mark first: data without a mark count for nothing."""
        with wrap_write_errors(self.shards):
            (self.shards / f"{spec.name}.json").unlink(missing_ok=True)
            fsync_path(self.shards)
            remove_path(self.shards / f"{spec.name}.{form}")

    def finished_manifest(self, spec: ShardSpec, digest: str) -> ShardManifest | None:
        """The mark of a shard if it is finished: its mark is of this recipe and its data are there in full."""
        mark = read_manifest(self.shards / f"{spec.name}.json")
        if mark is None or not mark.matches(spec, digest):
            return None
        data = self.shards / mark.file
        data = data / "data.mdb" if data.is_dir() else data
        return mark if data.exists() and data.stat().st_size == mark.bytes else None

    def indices_with_manifest(self, plan: ShardPlan) -> set[int]:
        """Numbers of the shards of a plan that have a mark, whatever is in it: one look at the list of names."""
        if not self.shards.is_dir():
            return set()
        with os.scandir(self.shards) as places:
            names = {place.name for place in places if place.name.endswith(".json")}
        return {spec.index for spec in plan if f"{spec.name}.json" in names} if names else set()

    def finished_manifests(self, plan: ShardPlan, digest: str) -> Iterable[ShardManifest]:
        """The marks of the finished shards of a plan, in order; only shards that have a mark are looked at."""
        for index in sorted(self.indices_with_manifest(plan)):
            mark = self.finished_manifest(plan[index], digest)
            if mark is not None:
                yield mark

    @staticmethod
    def _write(path: Path, content: str) -> None:
        with wrap_write_errors(path):
            write_atomic(path, content)

    def _mark_path(self, file: str) -> Path:
        return self.shards / Path(file).with_suffix(".json")


def open_dataset_folder(out: "str | AnyPath") -> DatasetFolder | RemoteDatasetFolder:
    """The folder of a data set, on a disk or a storage.

    Args:
        out: a path or a URI; see `pipelines.storage.place`.

    Raises:
        InputError: it is a URI, but not a whole one.
    """
    found = parse_path(out)
    return DatasetFolder(found) if isinstance(found, Path) else RemoteDatasetFolder(found)
