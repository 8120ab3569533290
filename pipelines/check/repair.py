"""Making exactly the damaged shards of a data set again."""

from collections.abc import Sequence

from pipelines.check.again import job_again
from pipelines.check.dataset import LEFT, SUMS, Findings, check
from pipelines.generate.gaps import check_gaps
from pipelines.shards import DatasetFolder, Description, ShardPlan, ShardSpec
from pipelines.storage import Location
from synthtext.core import InputError


def repair(found: Findings, workers: int = 0) -> Findings:
    """Mend what was found and can be mended, and look at that again. Other shards are not touched.

    The damaged shards are removed, their marks first, and the job that made the data set goes on. A repair that was
    stopped is gone on with by a repair or by that job.

    Args:
        found: by `check`.
        workers: Ray processes; 0 for this one.

    Raises:
        InputError: the job cannot be run again here, or would make other samples; nothing was changed.
        JobError: another job is writing to the folder, a shard cannot be made, or too many samples could not be drawn.
    """
    problems, description = found.problems, found.description
    if description is None or not (problems.damaged or problems.counts.keys() & {*SUMS, LEFT}):
        return found
    if isinstance(found.path, Location):
        raise InputError(
            f"{found.path} cannot be repaired where it is: remove the marks of the damaged shards (part-....json), and "
            "the command that made the data set goes on"
        )
    folder = DatasetFolder(found.path)
    if problems.damaged:
        again = job_again(folder, description, workers)
        plan = ShardPlan(description.count, description.start, description.shard_size)
        shards = [plan[index] for index in sorted(problems.damaged)]
        with folder.open():
            again.check(shards)
            _withdraw(folder, description, shards)
        again.run()
    else:
        with folder.open():  # which removes what was left
            if problems.counts.keys() & set(SUMS):
                _sum_up(folder, found, description)
    return check(found.path, workers, problems.damaged)


def _withdraw(folder: DatasetFolder, description: Description, shards: Sequence[ShardSpec]) -> None:
    folder.write_description(description.model_copy(update={"complete": False, "rows": 0, "gaps": {}}))
    folder.withdraw_statistics()
    for spec in shards:
        folder.withdraw(spec, description.format)


def _sum_up(folder: DatasetFolder, found: Findings, description: Description) -> None:
    if description.seed is not None:
        check_gaps(found.total.gaps, description.count, description.source, whole=True)  # the job's own last word
    folder.write_statistics(found.total)
    update = {"complete": True, "rows": found.total.rows, "gaps": dict(found.total.gaps)}
    folder.write_description(description.model_copy(update=update))
