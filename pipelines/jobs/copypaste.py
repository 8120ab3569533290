"""The CopyPaste job."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.atomic import remove_path
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.paths import local_path
from pipelines.io.plan import ShardPlan
from pipelines.io.scene_row import SceneRow
from pipelines.io.shard_writer import check_shard_format
from pipelines.jobs.copypaste_settings import parse_settings
from pipelines.jobs.copypaste_source import CopyPasteSource
from pipelines.jobs.shard_job import ShardJob, check_worker_options
from pipelines.jobs.summary import JobSummary
from synthtext.core import InputError


@dataclass(frozen=True)
class CopyPasteSummary:
    """What a job did.

    Attributes:
        scenes: of the data set.
        crops: in the bank.
        left_out: texts that were not cut, by reason.
        target_left_out: pictures of the target that no scene is made of, by reason.
        problems: polygons that were mended, made ignored or left out, by kind.
    """

    scenes: JobSummary
    crops: int
    left_out: "Counter[str]"
    target_left_out: "Counter[str]"
    problems: "Counter[str]"


def copypaste(
    target: str | Path,
    out: str | Path,
    count: int,
    *,
    sources: Sequence[str | Path] = (),
    mode: str = "natural",
    overrides: Sequence[str] = (),
    seed: int = 0,
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    form: str = "parquet",
) -> CopyPasteSummary:
    """Paste texts of sources into the pictures of a target, as a data set of scenes; or go on with such a job.

    Args:
        target: scenes (a data set's folder, a label file, an LMDB), or a folder of pictures without text.
        out: the folder; it may hold an earlier part of the same data set.
        count: scenes of the whole data set; more than the target has give more variants of each.
        sources: scenes or lines whose texts are pasted; none: those of the target.
        mode: "natural" or "released".
        overrides: settings of the form `key=value`.
        seed: 0 to 2**32 - 1.
        workers: Ray processes; 0 draws in this process; None takes all CPUs if there is more than one shard to draw.
        address: of a Ray cluster to join, whose machines see all folders under the same paths; then `workers` bounds
            the tasks at a time, and None takes the whole cluster.
        shard_size: scenes in a shard; None: 256.
        form: "parquet" or "lmdb".

    Raises:
        InputError: something that was given is wrong, or the folder holds another data set; nothing was written.
        JobError: too many target pictures cannot be read, the disk is full, or another job is writing to the folder.
    """
    settings = parse_settings(mode, overrides)
    plan = ShardPlan(count, 0, SceneRow.SHARD_SIZE if shard_size is None else shard_size)
    checked_form = check_shard_format(form)
    check_worker_options(workers, address)
    folder = DatasetFolder(local_path(out, "a data set of ocrmill copypaste"))
    folder.check_usable()
    named = [local_path(path, "what is pasted").absolute() for path in (target, *(sources or (target,)))]
    _check_outside(folder.local_path, named)
    recipe = CopyPasteSource(named[0], tuple(named[1:]), settings, folder.crops)
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed} must be from 0 to {2**32 - 1}")
    job = ShardJob(recipe, plan, seed, checked_form, folder, workers, address)
    job.check_compatible()
    existed = folder.local_path.exists()
    try:
        with folder.open():
            bank, left_out = recipe.build_bank()
        scenes = job.run()
    except BaseException:
        with suppress(JobError):  # another job may have the folder by now
            _leave_nothing(folder, existed)
        raise
    return CopyPasteSummary(scenes, len(bank), left_out, recipe.target_left_out, recipe.problems)


def _leave_nothing(folder: DatasetFolder, existed: bool) -> None:
    """Remove the crops of a job that drew nothing, and the folder if it was made for it."""
    if folder.local_path.exists() and folder.check_usable() is None:
        with folder.open():
            if folder.check_usable() is None:
                remove_path(folder.crops if existed else folder.local_path)


def _check_outside(out: Path, named: Sequence[Path]) -> None:
    for path in named:
        if out == path or out in path.parents:
            raise InputError(f"{path} lies in the folder {out} that is to be written: take another folder for -o")
