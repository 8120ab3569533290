"""Repairs a dataset: writes damaged shards again with the source that is recorded in recipe.yaml."""

from collections.abc import Iterable
from pathlib import Path

from pipelines.config import read_yaml
from pipelines.io.atomic import remove_path
from pipelines.io.cache import fetch_path
from pipelines.io.dataset_folder import RECIPE_FILE, DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.plan import read_manifest
from pipelines.io.statistics import Statistics
from pipelines.jobs.check_dataset import LEFTOVER_FILE, SUMMARY_PROBLEMS, CheckReport, check_dataset
from pipelines.jobs.executor import Executor, write_task
from pipelines.jobs.shard_job import ShardJob, complete_description
from pipelines.jobs.shard_source import find_source
from pipelines.recipes.digest import describe_difference
from pipelines.recipes.drawing import check_skipped
from synthtext.core import InputError


def repair_dataset(report: CheckReport, workers: int = 0) -> CheckReport:
    """Repair the problems of a dataset, and check the repaired parts again. Intact shards are not touched.

    Damaged shards are removed, their manifests first, and the job that created the dataset is resumed; so is the job of
    an unfinished dataset. An interrupted repair is resumed by another repair, or by the command that created the
    dataset.

    Args:
        report: of `check_dataset`.
        workers: Ray processes; 0 uses this process.

    Raises:
        InputError: the job cannot be resumed here, or would write other rows; nothing was changed.
        JobError: another job is writing to the folder, or too many samples are skipped.
    """
    problems, description = report.problems, report.description
    repairable = {*SUMMARY_PROBLEMS, LEFTOVER_FILE}
    if description is None or not (report.pending or problems.counts.keys() & repairable or problems.damaged_shards):
        return report
    folder = DatasetFolder(report.path)
    if problems.damaged_shards or report.pending:
        _rewrite(load_job(folder, description, workers), folder, description, sorted(problems.damaged_shards))
    else:
        with folder.open():  # which removes leftover files
            if problems.counts.keys() & set(SUMMARY_PROBLEMS):
                write_totals(folder, report.statistics, report.bytes, description)
    return check_dataset(report.path, workers, problems.damaged_shards)


def load_job(folder: DatasetFolder, description: DatasetDescription, workers: int = 0) -> ShardJob:
    """Return the job that created a dataset, from its recipe.yaml.

    Raises:
        InputError: an input of the job is missing, or it would write other rows; the message says what differs.
    """
    path = fetch_path(folder.path / RECIPE_FILE)
    recipe = read_yaml(path)
    try:
        source = find_source(str(recipe.get("kind", "lines"))).from_recipe(recipe, description)
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} has been edited ({error}): restore the original file") from None
    except InputError as error:
        raise InputError(
            f"{folder.path} cannot be repaired without its inputs: {error}; restore them, or create the dataset again "
            "in another folder"
        ) from None
    job = ShardJob(source, description.plan, folder, Executor(workers), description.format)
    difference = description.difference(job.description, describe_difference)
    if difference:
        raise InputError(
            f"{folder.path} cannot be repaired here, as it would get other samples ({difference}): undo the change, or "
            "create the dataset again in another folder"
        )
    return job


def _rewrite(job: ShardJob, folder: DatasetFolder, description: DatasetDescription, shards: Iterable[int]) -> None:
    """Remove the damaged shards and resume the job."""
    job.source.prepare(folder)
    with folder.open():
        job.source.store(folder)
        if not job.source.covers_inputs:
            _check_reproducible(job, folder, shards)
        folder.write_description(
            description.model_copy(update={"complete": False, "rows": None, "bytes": 0, "skipped": {}})
        )
        folder.remove_statistics()
        for index in shards:
            folder.remove_shard(job.plan[index], description.format)
    job.run()


def _check_reproducible(job: ShardJob, folder: DatasetFolder, shards: Iterable[int]) -> None:
    """Write the shards under temporary names, and raise an InputError if a checksum differs from the manifest."""
    for index in shards:
        spec = job.plan[index]
        manifest = read_manifest(folder.manifests / spec.manifest_name)
        if manifest is None or not manifest.matches(spec, job.source.digest):
            continue
        pending = write_task(job.task(index)).pending
        if isinstance(pending.path, Path):
            remove_path(pending.path)
        if pending.manifest.sha256 != manifest.sha256:
            raise InputError(
                f"{folder.path} cannot be repaired here, as {spec.name} would differ: images of {job.source.name} have "
                "changed since, or the libraries; restore them, or create the dataset again in another folder"
            )


def write_totals(folder: DatasetFolder, statistics: Statistics, size: int, description: DatasetDescription) -> None:
    """Write the statistics, the card and the description from the manifests of the shards.

    Raises:
        JobError: too many samples are skipped, or the folder cannot be written.
    """
    if description.seed is not None:
        check_skipped(statistics.skipped, statistics.attempted, description.source, whole=True)
    folder.write_statistics(statistics)
    complete = complete_description(description, statistics, size)
    folder.write_card({"": complete})
    folder.write_description(complete)
