"""One shard of a job, drawn in this process or on a worker."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import cv2

from pipelines.errors import IncompatibleNodeError, JobError
from pipelines.io.connection import StorageUnavailableError
from pipelines.io.description import cpu_features, current_versions
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardSpec
from pipelines.io.row import Row
from pipelines.io.shard_writer import PendingShard, ShardFormat, write_shard
from pipelines.jobs.encode import ROW_TYPES, encode_image, to_row
from pipelines.jobs.source import ShardSource
from pipelines.recipes.digest import fingerprint_digest
from synthtext.core import Generator, InputError, SkippedSample

_BATCH_SIZE = {"lines": 64, "scenes": 1}  # samples that are encoded one after the other


@dataclass(frozen=True)
class ShardTask:
    """What a worker needs to draw a shard.

    Attributes:
        recipe: rebuilt on the worker.
        digest: that the recipe has on the machine that runs the job.
        machine: digest of all that a machine must have in common with that one.
        seed: of the job.
        spec: which shard.
        folder: for the shard; every worker must see it under this path or URI.
        form: how it is stored.
    """

    recipe: ShardSource
    digest: str
    machine_digest: str
    seed: int
    spec: ShardSpec
    folder: AnyPath
    form: ShardFormat

    def __str__(self) -> str:
        return f"shard {self.spec.index} of recipe {self.recipe.name}"


def generate_shard(
    task: ShardTask, generator: Generator[Any], on_progress: Callable[[int], None] = lambda amount: None
) -> PendingShard:
    """Draw and write a shard.

    Args:
        task: which one.
        generator: of the task's recipe and seed.
        advance: is told of every sample.

    Raises:
        JobError: the shard cannot be written, or the drawing code failed.
    """
    with opencv_single_thread():
        rows = _draw_rows(task, generator, on_progress)
        return write_shard(rows, ROW_TYPES[task.recipe.kind], task.spec, task.digest, task.folder, task.form)


def machine_fingerprint(recipe: ShardSource) -> dict[str, str]:
    """Everything that decides the bytes of a recipe's shards on this machine, by name.

    Raises:
        InputError: a file that the recipe names cannot be read.
    """
    machine, _, features = cpu_features().partition(": ")
    return {
        **recipe.fingerprint,
        **{f"version of {name}": text for name, text in current_versions().items()},
        "kind of CPU": machine,
        **{f"CPU feature {name.strip('*?')}": _used(name) for name in features.split()},
    }


def _used(feature: str) -> str:
    """Whether OpenCV has code for a feature of the CPU alone, and the CPU the feature."""
    return "missing" if feature.endswith("?") else "chosen" if feature.startswith("*") else "always there"


def generate_shard_on_worker(task: ShardTask) -> PendingShard:
    """Draw and write a shard in a process that knows nothing but the task.

    Raises:
        UnfitError: this machine's fonts, files, library versions or CPU would draw other samples, or it cannot read or
            keep what the recipe names; passing, where a storage does not answer.
        JobError: the shard cannot be written, or the drawing code failed.
    """
    recipe, generator = _worker.ready(task)
    return generate_shard(replace(task, recipe=recipe), generator)


def draw_samples(generator: Generator[Any], indices: Sequence[int], recipe: str) -> Iterator[Any]:
    """Draw samples, scenes or gaps in this order; an error in a user's own effect or corpus is told in one sentence.

    Raises:
        JobError: the drawing code failed; names the sample and the line of code.
    """
    items = generator.generate_many(indices)
    for index in indices:
        try:
            item = next(items)
        except (InputError, JobError):
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise JobError(
                f"sample {index} of recipe {recipe} could not be drawn: {type(error).__name__}: {error} "
                f"({place.filename}, line {place.lineno})"
            ) from error
        yield item


@contextmanager
def opencv_single_thread() -> Iterator[None]:
    """Keep OpenCV to one thread: jobs are spread over processes, and its pictures are small."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _draw_rows(
    task: ShardTask, generator: Generator[Any], on_progress: Callable[[int], None]
) -> Iterator[Row | SkippedSample]:
    form = task.recipe.image_format
    together = _BATCH_SIZE[task.recipe.kind]
    drawn = draw_samples(generator, task.spec.samples, task.recipe.name)
    while items := list(islice(drawn, together)):
        pictures = [b"" if isinstance(item, SkippedSample) else encode_image(item, form) for item in items]
        for item, picture in zip(items, pictures, strict=True):
            yield item if isinstance(item, SkippedSample) else to_row(item, picture, form)
        on_progress(len(items))


class _Worker:
    """Keeps recipe and generator of the last task: files are looked at and opened once a process, not once a shard."""

    def __init__(self) -> None:
        self._key: tuple[str, int] | None = None
        self._ready: tuple[ShardSource, Generator[Any]] | None = None

    def ready(self, task: ShardTask) -> tuple[ShardSource, Generator[Any]]:
        if self._ready is None or self._key != (task.digest, task.seed):
            try:
                self._check_machine(task)
                self._ready = task.recipe, task.recipe.generator(task.seed)
            except (InputError, JobError) as error:  # the machine that runs the job has read and kept all of it
                is_transient = isinstance(error, StorageUnavailableError)
                raise IncompatibleNodeError(
                    f"it cannot draw recipe {task.recipe.name}: {error}", transient=is_transient
                ) from None
            self._key = task.digest, task.seed
        return self._ready

    @staticmethod
    def _check_machine(task: ShardTask) -> None:
        ingredients = machine_fingerprint(task.recipe)
        if fingerprint_digest(ingredients) != task.machine_digest:
            raise IncompatibleNodeError(f"it would draw other samples of recipe {task.recipe.name}", ingredients)
        if isinstance(task.folder, Path) and not task.folder.is_dir():  # a storage is reached from everywhere
            raise IncompatibleNodeError(
                f"it does not see {task.folder}: the data set's folder must be on a disk that all share"
            )


_worker = _Worker()
