"""The folder of a dataset, on a disk or at a URI."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.atomic import TEMPORARY_PREFIX, wrap_write_errors
from pipelines.io.card import CARD_FILE, build_card, read_text
from pipelines.io.commit import LOCK_FILE, MANIFESTS_FOLDER, SHARDS_FOLDER, ManifestLastCommit, RenameCommit
from pipelines.io.connection import StorageError
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.location import parallel_map
from pipelines.io.paths import AnyPath, parse_path
from pipelines.io.plan import ShardManifest, ShardPlan, ShardSpec, read_manifest
from pipelines.io.shard_writer import PendingShard, ShardFormat
from pipelines.io.statistics import Statistics
from pipelines.io.writers import LMDB_DATA_FILE
from synthtext.core import InputError

CROP_BANK_FILE = "crops.arrow"
"""Name of the file with the bank of crops of a CopyPaste dataset."""

FILTER_DECISIONS_FOLDER = "decisions"
"""Name of the folder with the decisions about every line of the source of a filtered dataset."""

RECIPE_FILE = "recipe.yaml"
"""Name of the file from which the dataset can be generated again."""

STATISTICS_FILE = "statistics.json"
"""Name of the file with the statistics of a complete dataset."""


class DatasetFolder:
    """The files of a dataset. Nothing is accessed on construction.

    Args:
        path: a path or URI, see `parse_path`; the folder need not exist.

    Attributes:
        path: of the folder; absolute on a disk.
        shards: path of the folder of shards.
        manifests: path of the folder of their manifests.
        files: the strategy to read and write them.

    Raises:
        InputError: the URI is incomplete or malformed.
    """

    def __init__(self, path: str | AnyPath) -> None:
        parsed = parse_path(path)
        self.path = parsed.absolute() if isinstance(parsed, Path) else parsed
        self.shards, self.manifests = self.path / SHARDS_FOLDER, self.path / MANIFESTS_FOLDER
        self.files = RenameCommit(self.path) if isinstance(self.path, Path) else ManifestLastCommit(self.path)
        self._unfinished: set[str] | None = None  # manifests of unfinished shards at the last listing, by name

    def check_usable(self) -> DatasetDescription | None:
        """Check that the folder is empty or holds a dataset, without changing it.

        Returns:
            The description of the dataset, or None when the folder is empty or does not exist.

        Raises:
            InputError: it cannot be accessed or written, or holds something else.
        """
        names = self.files.list_names()
        if DESCRIPTION_FILE in names:
            return read_description(self.path / DESCRIPTION_FILE)
        for folder in {SHARDS_FOLDER, MANIFESTS_FOLDER}.intersection(names):
            names += self.files.list_names(folder)
        for name in names:  # an interrupted job may leave these before it writes the description
            known = (LOCK_FILE, CROP_BANK_FILE, SHARDS_FOLDER, MANIFESTS_FOLDER, RECIPE_FILE)
            if name not in known and not name.startswith(TEMPORARY_PREFIX):
                raise InputError(f"{self.path} holds {name!r}, but is not an ocrmill dataset: use an empty folder")
        return None

    def open(self) -> AbstractContextManager[None]:
        """Create the folder, hold its lock, and remove unfinished files; a URI needs none of that.

        Raises:
            InputError: the folder cannot be created.
            JobError: another job is writing to it.
        """
        return self.files.open()

    def write_description(self, description: DatasetDescription) -> None:
        """Write dataset.json.

        Raises:
            JobError: the disk is full, or the folder or storage cannot be written; so for all methods below.
        """
        self._write(DESCRIPTION_FILE, description.to_json())

    def write_recipe(self, recipe: str) -> None:
        """Write recipe.yaml."""
        self._write(RECIPE_FILE, recipe)

    def write_card(self, parts: Mapping[str, DatasetDescription]) -> None:
        """Write README.md of complete datasets, as for `build_card`, and keep what users have written there."""
        (folder, first), *_ = parts.items()
        if first.format == "parquet":
            with self._wrap_read_errors():
                recipe = read_text((self.path / folder if folder else self.path) / RECIPE_FILE)
                card = build_card(parts, recipe or "", read_text(self.path / CARD_FILE) or "")
            self._write(CARD_FILE, card)

    def write_statistics(self, statistics: Statistics) -> None:
        """Write statistics.json."""
        self._write(STATISTICS_FILE, statistics.to_json())

    def remove_statistics(self) -> None:
        """Withdraw statistics.json, which is about to become outdated."""
        with wrap_write_errors(self.path):
            self.files.withdraw(STATISTICS_FILE)

    def _write(self, name: str, content: str) -> None:
        with wrap_write_errors(self.path / name):
            self.files.write(name, content)

    def invalidate_shard(self, spec: ShardSpec, digest: str) -> None:
        """Withdraw the manifest of a shard that is about to be replaced, unless another job has finished the shard.

        Shards without a manifest at the last listing need no access to the folder. On a disk, `commit` does it, so that
        the last shard of a dataset that is being extended counts until a longer one replaces it.
        """
        if isinstance(self.path, Path):
            return
        if self._unfinished is None:
            self._unfinished = set(self._manifest_names(self._sizes()))
        if spec.manifest_name in self._unfinished:
            with wrap_write_errors(self.path):
                if self.finished_manifest(spec, digest) is None:
                    self.files.withdraw(f"{MANIFESTS_FOLDER}/{spec.manifest_name}")

    def commit(self, pending: PendingShard) -> None:
        """Give the data of a shard its final name, and write its manifest last."""
        manifest = pending.manifest
        manifest_name = f"{manifest.file.rpartition('.')[0]}.json"
        with wrap_write_errors(self.shards / manifest.file):
            self.files.publish(pending, manifest_name)
            self.files.write(f"{MANIFESTS_FOLDER}/{manifest_name}", manifest.to_json())

    def remove_shard(self, spec: ShardSpec, format: ShardFormat) -> None:
        """Remove a shard, its manifest first: data without a manifest counts for nothing."""
        with wrap_write_errors(self.shards):
            self.files.withdraw(f"{MANIFESTS_FOLDER}/{spec.manifest_name}")
            self.files.remove_data(f"{SHARDS_FOLDER}/{spec.name}.{format}")

    def finished_manifest(self, spec: ShardSpec, digest: str) -> ShardManifest | None:
        """Return the manifest of a shard if it is of this recipe and the data has its full size."""
        manifest = read_manifest(self.manifests / spec.manifest_name)
        if manifest is None or not manifest.matches(spec, digest):
            return None
        data = manifest.file if manifest.file.endswith(".parquet") else f"{manifest.file}/{LMDB_DATA_FILE}"
        return manifest if self.files.size(f"{SHARDS_FOLDER}/{data}") == manifest.bytes else None

    def indices_with_manifest(self, plan: ShardPlan) -> set[int]:
        """Return the indices of the shards of a plan that have a manifest, from one listing of names."""
        names = self._unfinished = set(self._manifest_names(self._sizes()))
        return {spec.index for spec in plan if spec.manifest_name in names} if names else set()

    def finished_samples(self, description: DatasetDescription) -> int:
        """Return the number of samples up to the end of the last shard of a dataset that has a manifest."""
        plan = description.plan
        indices = self.indices_with_manifest(plan)
        if not indices:
            return 0
        spec = plan[max(indices)]
        manifest = read_manifest(self.manifests / spec.manifest_name)
        return spec.start - plan.start + (spec.count if manifest is None else manifest.count)

    def finished_manifests(self, plan: ShardPlan, digest: str) -> Iterator[ShardManifest]:
        """Yield the manifests of the finished shards of a plan, in order; only shards with a manifest are read."""
        sizes = self._sizes()
        unfinished = self._unfinished = set(self._manifest_names(sizes))
        specs = [spec for spec in plan if spec.manifest_name in unfinished] if unfinished else []

        def read(spec: ShardSpec) -> ShardManifest | None:
            manifest = read_manifest(self.manifests / spec.manifest_name)
            if manifest is None or not manifest.matches(spec, digest):
                return None
            return manifest if stored_bytes(sizes, manifest.file) == manifest.bytes else None

        with self._wrap_read_errors():
            manifests = map(read, specs) if isinstance(self.path, Path) else parallel_map(read, specs)
            for spec, manifest in zip(specs, manifests, strict=True):
                if manifest is not None:
                    unfinished.discard(spec.manifest_name)
                    yield manifest

    def _sizes(self) -> dict[str, int]:
        with self._wrap_read_errors():
            return self.files.shard_sizes()

    @staticmethod
    def _manifest_names(sizes: dict[str, int]) -> Iterator[str]:
        """The names of the manifests that have not been withdrawn."""
        return (name for name, size in sizes.items() if size and name.endswith(".json"))

    @contextmanager
    def _wrap_read_errors(self) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            raise JobError(f"{self.shards} cannot be read: {error}; re-run the same command to resume") from None


def stored_bytes(sizes: dict[str, int], file: str) -> int | None:
    """Return the size of the data file or folder of a shard in bytes, from the sizes of all files of shards."""
    return sizes.get(file, sizes.get(f"{file}/{LMDB_DATA_FILE}"))
