"""One shard of a job, drawn in this process or on a worker."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from socket import gethostname

import cv2

from pipelines.errors import JobError
from pipelines.generate.encode import encode, suffix
from pipelines.recipe import ResolvedRecipe
from pipelines.shards import Draft, LineRow, ShardFormat, ShardSpec, cpu_features, write_shard
from synthtext.core import Gap, InputError, Sample, SampleGenerator

_TOGETHER = 64  # samples that are encoded one after the other


@dataclass(frozen=True)
class ShardTask:
    """What a worker needs to draw a shard.

    Attributes:
        recipe: rebuilt on the worker.
        digest: that the recipe has on the machine that runs the job.
        cpu: instruction sets of that machine.
        seed: of the job.
        spec: which shard.
        folder: for the shard; every worker must see it under this path.
        form: how it is stored.
    """

    recipe: ResolvedRecipe
    digest: str
    cpu: str
    seed: int
    spec: ShardSpec
    folder: Path
    form: ShardFormat

    def __str__(self) -> str:
        return f"shard {self.spec.index} of recipe {self.recipe.name}"


def draw_shard(
    task: ShardTask, generator: SampleGenerator, advance: Callable[[int], None] = lambda amount: None
) -> Draft:
    """Draw and write a shard.

    Args:
        task: which one.
        generator: of the task's recipe and seed.
        advance: is told of every sample.

    Raises:
        JobError: the shard cannot be written, or the drawing code failed.
    """
    with single_threaded():
        rows = _draw_rows(task, generator, advance)
        return write_shard(rows, LineRow, task.spec, task.digest, task.folder, task.form)


def draw_shard_on_worker(task: ShardTask) -> Draft:
    """Draw and write a shard in a process that knows nothing but the task.

    Raises:
        InputError: this machine's fonts, files, library versions or CPU would draw other samples.
        JobError: the shard cannot be written, or the drawing code failed.
    """
    return draw_shard(task, _worker.generator(task))


def draw_samples(generator: SampleGenerator, indices: Sequence[int], recipe: str) -> Iterator[Sample | Gap]:
    """Draw samples in this order; an error in a user's own effect or corpus is told in one sentence.

    Raises:
        JobError: the drawing code failed; names the sample and the line of code.
    """
    items = generator.draw_many(indices)
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
def single_threaded() -> Iterator[None]:
    """Keep OpenCV to one thread: jobs are spread over processes, and its pictures are small."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _draw_rows(task: ShardTask, generator: SampleGenerator, advance: Callable[[int], None]) -> Iterator[LineRow | Gap]:
    form = task.recipe.output.format
    drawn = draw_samples(generator, task.spec.samples, task.recipe.name)
    while items := list(islice(drawn, _TOGETHER)):
        pictures = [b"" if isinstance(item, Gap) else encode(item, form) for item in items]
        for item, picture in zip(items, pictures, strict=True):
            yield item if isinstance(item, Gap) else LineRow.of(item, picture, suffix(form))
        advance(len(items))


class _Worker:
    """Keeps the generator of the last task: fonts are opened once a process, not once a shard."""

    def __init__(self) -> None:
        self._key: tuple[str, int] | None = None
        self._generator: SampleGenerator | None = None

    def generator(self, task: ShardTask) -> SampleGenerator:
        if self._generator is None or self._key != (task.digest, task.seed):
            self._check_machine(task)
            self._generator = task.recipe.generator(task.seed)
            self._key = task.digest, task.seed
        return self._generator

    @staticmethod
    def _check_machine(task: ShardTask) -> None:
        if task.recipe.digest != task.digest:
            raise InputError(
                f"machine {gethostname()} would draw other samples of recipe {task.recipe.name}: its fonts, files or "
                "library versions differ from those of the machine that runs the job"
            )
        if cpu_features() != task.cpu:
            raise InputError(
                f"machine {gethostname()} has another kind of CPU ({cpu_features()}) than the machine that runs the "
                f"job ({task.cpu}): its samples would differ"
            )


_worker = _Worker()
