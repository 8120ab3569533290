"""Ends an unfinished dataset at its finished shards."""

from pathlib import Path

from pipelines.io.atomic import remove_path
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER, DatasetFolder
from pipelines.io.plan import read_manifest
from pipelines.io.statistics import Statistics
from pipelines.jobs.check_dataset import CheckReport, check_dataset
from pipelines.jobs.repair import write_totals
from synthtext.core import InputError


def finish_dataset(report: CheckReport) -> tuple[CheckReport, int]:
    """Make an unfinished dataset a complete one, which ends before its first missing shard.

    Neither the source of the dataset nor its inputs are needed. The job that created it extends it later, as any other.

    Args:
        report: of `check_dataset`.

    Returns:
        The report on the result, without reading the rows again, and the number of shards after the first missing one,
        which were removed.

    Raises:
        InputError: the dataset has damaged shards, or no finished one; nothing was changed.
        JobError: another job is writing to the folder, or too many samples are skipped.
    """
    description, path = report.description, report.path
    if description is None or report.problems.damaged_shards:
        raise InputError(f"{path} is damaged: repair it first (ocrmill check {path} --repair)")
    if description.complete:
        return report, 0
    folder = DatasetFolder(path)
    plan = description.plan
    with folder.open():
        statistics, size, count, shards = Statistics(), 0, 0, 0
        for spec in plan:
            manifest = read_manifest(folder.manifests / spec.manifest_name)
            if manifest is None or not manifest.begins(spec, description.digest):
                break
            statistics.merge(manifest.statistics)
            size, count, shards = size + manifest.bytes, count + manifest.count, shards + 1
            if manifest.count < spec.count:
                break
        if not statistics.rows:
            raise InputError(f"{path} has no finished shard with rows at its start: re-run the command that made it")
        numbers = {name.partition(".")[0].removeprefix("part-") for name in folder.files.shard_sizes()}
        indices = sorted(int(number) for number in numbers if number.isdecimal())
        removed = [plan[index] for index in indices if shards <= index < len(plan)]
        with_manifest = folder.indices_with_manifest(plan)
        for spec in removed:
            folder.remove_shard(spec, description.format)
            if isinstance(folder.path, Path):
                remove_path(folder.path / FILTER_DECISIONS_FOLDER / f"{spec.name}.jsonl")
        write_totals(folder, statistics, size, description.model_copy(update={"count": count}))
    return check_dataset(path, shards=()), sum(spec.index in with_manifest for spec in removed)
