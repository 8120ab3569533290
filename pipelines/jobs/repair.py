"""The job that made a data set, to be run again in its folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pipelines.config import SettingsDict, read_yaml
from pipelines.datasets.open import open_scene_source
from pipelines.io.atomic import remove_path
from pipelines.io.dataset_folder import RECIPE_FILE, DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.location import RemotePath
from pipelines.io.manifest import read_manifest
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.io.shard_writer import write_shard
from pipelines.jobs.check_dataset import LEFTOVER_FILE, SUMMARY_PROBLEMS, CheckReport, check_dataset
from pipelines.jobs.copypaste_settings import settings_from_dict
from pipelines.jobs.copypaste_source import CopyPasteSource
from pipelines.jobs.crops import CropsSource
from pipelines.jobs.import_formats import open_import_source
from pipelines.jobs.importing import LineImportSource, SceneImportSource
from pipelines.jobs.probe import check_skipped
from pipelines.jobs.shard_job import ShardJob
from pipelines.jobs.source import ShardSource
from pipelines.progress import progress_bar
from pipelines.recipes.digest import describe_difference
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError


class RerunnableJob(Protocol):
    """A job that can go on in a data set's folder."""

    @property
    def description(self) -> DatasetDescription:
        """Of what it would write."""
        ...

    def check(self, shards: Iterable[ShardSpec]) -> None:
        """Refuse to make these anew where that would give other samples, though the description is the same."""
        ...

    def run(self) -> None:
        """Make the shards that are missing, then call the data set complete."""
        ...


@dataclass(frozen=True)
class GenerationRerun:
    """A job with a recipe.

    Attributes:
        job: as it was started, except for its workers.
    """

    job: ShardJob

    @property
    def description(self) -> DatasetDescription:
        """Of what it would write."""
        return self.job.description

    def check(self, shards: Iterable[ShardSpec]) -> None:
        """Nothing more to refuse: the digest covers all that is drawn from."""

    def run(self) -> None:
        """Draw the shards that are missing."""
        if isinstance(self.job.recipe, CopyPasteSource):
            with self.job.folder.open():
                self.job.recipe.build_bank()
        self.job.run()


@dataclass(frozen=True)
class ImportRerun:
    """An import.

    Attributes:
        job: of the same source.
        folder: of the data set.
    """

    job: LineImportSource | SceneImportSource
    folder: DatasetFolder

    @property
    def description(self) -> DatasetDescription:
        """Of what it would write."""
        return self.job.description()

    def check(self, shards: Iterable[ShardSpec]) -> None:
        """Make them on trial, while all is still there: the digest of a label file does not cover its pictures."""
        for spec in shards:
            mark = read_manifest(self.folder.shards / f"{spec.name}.json")
            if mark is None or not mark.matches(spec, self.job.digest):
                continue
            items = self.job.rows(spec)
            draft = write_shard(items, self.job.ROW, spec, self.job.digest, self.folder.shards, "parquet")
            remove_path(draft.local_path)
            if draft.manifest.sha256 != mark.sha256:
                raise InputError(
                    f"{self.folder.path} cannot be repaired here, for {spec.name} would not become what it was: "
                    f"pictures of {self.job.source.name} have changed since, or the libraries; put them back, or "
                    "import it again into another folder"
                )

    def run(self) -> None:
        """Import the shards that are missing."""
        with progress_bar("importing", total=len(self.job.source), unit=self.job.ROW.KIND) as bar:
            self.job.write(self.folder.local_path, bar.advance)


def rerunnable_job(folder: DatasetFolder, before: DatasetDescription, workers: int) -> RerunnableJob:
    """The job that made a data set.

    Args:
        folder: of the data set.
        before: what it says of itself.
        workers: Ray processes; 0 for this one.

    Raises:
        InputError: it cannot be run again, or would make other samples; the sentence says what differs.
    """
    again = _imported(folder, before) if before.seed is None else _drawn(folder, before, before.seed, workers)
    difference = before.difference(again.description, _explain)
    if difference:
        raise InputError(
            f"{folder.path} cannot be repaired here, for it would get other samples ({difference}): undo that, or make "
            "the data set again in another folder"
        )
    return again


def _explain(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    return describe_difference(old, new) or "what it was imported from has changed"


def _imported(folder: DatasetFolder, before: DatasetDescription) -> RerunnableJob:
    try:
        found = _filter(folder) or open_import_source(Path(before.source))
    except InputError as error:
        raise InputError(
            f"{folder.path} cannot be repaired without what it was imported from: {error}; put that back, or import it "
            "again into another folder"
        ) from None
    return ImportRerun(replace(found, shard_size=before.shard_size), folder)


def _filter(folder: DatasetFolder) -> LineImportSource | None:
    path = folder.local_path / RECIPE_FILE
    tree = read_yaml(path) if path.is_file() else {}
    if tree.get("kind") != "filter":
        return None
    from pipelines.jobs.filter import open_filter_source

    try:
        asked: SettingsDict = {name: Path(tree[name]) for name in ("weak", "strong", "charset") if name in tree}
        asked |= {name: tree[name] for name in ("confidence", "max_edits", "keep_trivial") if name in tree}
        return open_filter_source(tree["source"], **asked)
    except (KeyError, TypeError) as error:
        raise _edited(path, error) from None


def _drawn(folder: DatasetFolder, before: DatasetDescription, seed: int, workers: int) -> RerunnableJob:
    plan = ShardPlan(before.count, before.start, before.shard_size)
    try:
        recipe = _read_recipe(folder, before)
    except (KeyError, TypeError) as error:
        raise _edited(folder.local_path / RECIPE_FILE, error) from None
    return GenerationRerun(ShardJob(recipe, plan, seed, before.format, folder, workers, None))


def _edited(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is not as it was written ({error}): put a copy of it back")


def _read_recipe(folder: DatasetFolder, before: DatasetDescription) -> ShardSource:
    path = folder.local_path / RECIPE_FILE
    tree = read_yaml(path)
    if "copypaste" in tree:
        return _copypaste(tree["copypaste"], folder)
    if tree.get("kind") == "crops":
        scenes = str(tree["scenes"])
        with progress_bar("looking", total=len(open_scene_source(scenes)), unit="scenes") as bar:
            return CropsSource.from_scenes(scenes, tree["level"], tree["picture_format"], bar.advance)
    return replace(resolve_recipe(str(path)), name=before.source)


def _copypaste(tree: SettingsDict, folder: DatasetFolder) -> CopyPasteSource:
    settings = {key: value for key, value in tree.items() if key not in ("target", "from", "mode")}
    sources = tuple(Path(source) for source in tree["from"])
    return CopyPasteSource(Path(tree["target"]), sources, settings_from_dict(tree["mode"], settings), folder.crops)


def repair_dataset(report: CheckReport, workers: int = 0) -> CheckReport:
    """Mend what was found and can be mended, and look at that again. Other shards are not touched.

    The damaged shards are removed, their marks first, and the job that made the data set goes on. A repair that was
    stopped is gone on with by a repair or by that job.

    Args:
        report: by `check`.
        workers: Ray processes; 0 for this one.

    Raises:
        InputError: the job cannot be run again here, or would make other samples; nothing was changed.
        JobError: another job is writing to the folder, a shard cannot be made, or too many samples could not be drawn.
    """
    problems, description = report.problems, report.description
    if description is None or not (
        problems.damaged_shards or problems.counts.keys() & {*SUMMARY_PROBLEMS, LEFTOVER_FILE}
    ):
        return report
    if isinstance(report.path, RemotePath):
        raise InputError(
            f"{report.path} cannot be repaired where it is: remove the marks of the damaged shards (part-....json), and "
            "the command that made the data set goes on"
        )
    folder = DatasetFolder(report.path)
    if problems.damaged_shards:
        again = rerunnable_job(folder, description, workers)
        plan = ShardPlan(description.count, description.start, description.shard_size)
        shards = [plan[index] for index in sorted(problems.damaged_shards)]
        with folder.open():
            again.check(shards)
            _withdraw(folder, description, shards)
        again.run()
    else:
        with folder.open():  # which removes what was left
            if problems.counts.keys() & set(SUMMARY_PROBLEMS):
                _sum_up(folder, report, description)
    return check_dataset(report.path, workers, problems.damaged_shards)


def _withdraw(folder: DatasetFolder, description: DatasetDescription, shards: Sequence[ShardSpec]) -> None:
    folder.write_description(description.model_copy(update={"complete": False, "rows": 0, "skipped": {}}))
    folder.remove_statistics()
    for spec in shards:
        folder.remove_shard(spec, description.format)


def _sum_up(folder: DatasetFolder, report: CheckReport, description: DatasetDescription) -> None:
    if description.seed is not None:
        check_skipped(
            report.statistics.skipped, description.count, description.source, whole=True
        )  # the job's own last word
    folder.write_statistics(report.statistics)
    update = {"complete": True, "rows": report.statistics.rows, "skipped": dict(report.statistics.skipped)}
    folder.write_description(description.model_copy(update=update))
