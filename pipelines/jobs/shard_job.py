"""The generate job: shards of a recipe, resumable, the same bytes whoever draws them."""

import os
import sys
import time
from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.errors import JobError
from pipelines.io.dataset_folder import DatasetFolder, dataset_folder
from pipelines.io.description import Description, FontRecord, cpu_features, current_versions
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.io.remote_folder import RemoteFolder
from pipelines.io.shard_writer import Draft, ShardFormat, shard_format
from pipelines.jobs.encode import ROWS
from pipelines.jobs.probe import check_gaps, check_space, probe
from pipelines.jobs.shard_task import ShardTask, draw_shard, draw_shard_on_worker, machine_ingredients
from pipelines.jobs.source import JobRecipe
from pipelines.jobs.summary import Summary, Tally
from pipelines.progress import Bar, progress
from pipelines.recipes.digest import describe_difference, digest_of
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Generator as Samples
from synthtext.core import InputError


def generate(
    recipe: str | JobRecipe,
    out: str | Path,
    count: int,
    *,
    overrides: Sequence[str] = (),
    start: int = 0,
    seed: int = 0,
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    form: str = "parquet",
) -> Summary:
    """Draw samples of a recipe into a data set's folder, or go on where an earlier job stopped.

    Args:
        recipe: a preset's name, a recipe file, what `resolve_recipe` gave, or another recipe of a job.
        out: the folder, or its URI on a storage; it may hold an earlier part of the same data set.
        count: samples of the whole data set.
        overrides: settings of the form `key.sub=value`, for a recipe that is given by name.
        start: index of the first sample.
        seed: 0 to 2**32 - 1.
        workers: Ray processes; 0 draws in this process; None takes all CPUs if there is more than one shard to draw.
        address: of a Ray cluster to join; then `workers` bounds the tasks at a time, and None takes the whole cluster.
        shard_size: samples in a shard; None: 4,096 lines or 256 scenes.
        form: "parquet" or "lmdb".

    Raises:
        InputError: something that was given is wrong, or the folder holds another data set; nothing was written.
        JobError: too many samples could not be drawn, the disk is full, or another job is writing to the folder.
    """
    plan = ShardPlan(count, start, 1 if shard_size is None else shard_size)
    folder = dataset_folder(out)
    checked_form = shard_format(form)
    check_workers(workers, address)
    folder.check_usable()
    resolved = resolve_recipe(recipe, overrides) if isinstance(recipe, str) else recipe
    if shard_size is None:
        plan = ShardPlan(count, start, ROWS[resolved.kind].SHARD_SIZE)
    return Job(resolved, plan, seed, checked_form, folder, workers, address).run()


def check_workers(workers: int | None, address: str | None = None) -> None:
    """Check a number of workers and the address of a cluster.

    Raises:
        InputError: they cannot be, or cannot go together.
    """
    if workers is not None and workers < 0:
        raise InputError(f"the number of workers must be at least 0, not {workers}")
    if workers == 0 and address is not None:
        raise InputError("0 workers draw in this process, without a cluster: leave out the address, or ask for more")
    if address is not None:
        from pipelines.cluster.connect import check_address

        check_address(address)


@dataclass(frozen=True)
class Job:
    """A job whose arguments have been checked; `generate` says what they are."""

    recipe: JobRecipe
    plan: ShardPlan
    seed: int
    form: ShardFormat
    folder: DatasetFolder | RemoteFolder
    workers: int | None
    address: str | None

    def run(self) -> Summary:
        """Draw what is missing. Nothing is written before the first samples could be drawn."""
        self.check_same()
        generator = self.recipe.generator(self.seed)
        marked = self.folder.marked(self.plan)
        first = next(self._pending(marked), None)
        if first is not None:
            missing = self.plan.count - sum(self.plan[index].count for index in marked)
            check_space(self.folder, missing, probe(self.recipe, generator, first, self.form))
        with self.folder.open():
            before = self.check_same()  # another job may have come between
            found = Tally.of(self.folder.finished(self.plan, self.recipe.digest))
            if before is not None and before.complete and before.count == self.plan.count == found.samples:
                return found.summary(self.recipe.kind, self.folder.path, self.recipe.charset)
            self._announce(before)
            summary = self._draw(found, generator)
            self._conclude(found)
        return summary

    @cached_property
    def description(self) -> Description:
        """What the folder says of the data set while it is not complete."""
        recipe = self.recipe
        fonts = [FontRecord(family=f.family, style=f.style, digest=f.digest, licence=f.licence) for f in recipe.fonts]
        return Description(
            kind=recipe.kind,
            source=recipe.name,
            digest=recipe.digest,
            seed=self.seed,
            start=self.plan.start,
            count=self.plan.count,
            shard_size=self.plan.size,
            format=self.form,
            charset="".join(recipe.charset or ()),
            fonts=tuple(fonts),
            versions=current_versions(),
            cpu=cpu_features(),
            ingredients=recipe.ingredients,
        )

    def check_same(self) -> Description | None:
        """Refuse a folder that holds other samples, or more of them.

        Returns:
            Its description, or None if it holds nothing yet.
        """
        before = self.folder.check_usable()
        if before is None:
            return None
        path, now = self.folder.path, self.description
        difference = before.difference(now, describe_difference)
        if difference:
            raise InputError(f"{path} holds other samples ({difference}): undo that, or take another folder")
        if before.count > now.count:
            raise InputError(
                f"{path} is a data set of {before.count:,} samples, more than {now.count:,}: ask for as many, or take "
                "another folder"
            )
        return before

    def _pending(self, there: Container[int]) -> Iterator[ShardSpec]:
        return (spec for spec in self.plan if spec.index not in there)

    def _announce(self, before: Description | None) -> None:
        if before is None:
            self.folder.write_recipe(self.recipe.to_yaml())
        self.folder.write_description(self.description)
        self.folder.withdraw_statistics()  # what is called complete has them

    def _draw(self, found: Tally, generator: Samples[Any]) -> Summary:
        started, shards, samples = time.monotonic(), len(found.shards), found.samples
        unit, name = self.recipe.kind, self.recipe.name
        with (
            progress("drawing", total=self.plan.count, unit=unit, done=found.samples) as bar,
            closing(self._drafts(found, generator, bar)) as drafts,
        ):
            for draft in drafts:
                self.folder.commit(draft)
                found.add(draft.mark)
                check_gaps(found.statistics.gaps, found.samples, name, whole=False)
        return found.summary(
            self.recipe.kind,
            self.folder.path,
            self.recipe.charset,
            new_shards=len(found.shards) - shards,
            new_samples=found.samples - samples,
            seconds=time.monotonic() - started,
        )

    def _drafts(self, found: Tally, generator: Samples[Any], bar: Bar) -> Generator[Draft, None, None]:
        """Drafts of the missing shards, as they come."""
        # Shards that come meanwhile are behind the place where this plan is read.
        tasks = (self._task(spec) for spec in self._pending(found.shards))
        workers = self._worker_count(len(self.plan) - len(found.shards))
        if workers == 0 and self.address is None:
            yield from (draw_shard(task, generator, bar.advance) for task in tasks)
            return
        from pipelines.cluster.pool import pool

        with pool(workers, self.address) as running:
            for draft in running.run(draw_shard_on_worker, tasks, self._explain, _warn):
                bar.advance(draft.mark.count)
                found.deaths, found.refused = running.deaths, tuple(running.refused.values())
                yield draft

    def _worker_count(self, missing_shards: int) -> int:
        if self.workers is not None or self.address is not None:
            return self.workers or 0
        cpus = len(os.sched_getaffinity(0))
        return min(cpus, missing_shards) if min(cpus, missing_shards) > 1 else 0

    def _task(self, spec: ShardSpec) -> ShardTask:
        digest, folder = self.description.digest, self.folder.shards
        self.folder.prepare(spec, digest)
        return ShardTask(self.recipe, digest, self._machine, self.seed, spec, folder, self.form)

    @cached_property
    def _machine(self) -> str:
        return digest_of(machine_ingredients(self.recipe))

    def _explain(self, ingredients: Mapping[str, str]) -> str:
        """How those of another machine differ."""
        return describe_difference(machine_ingredients(self.recipe), ingredients)

    def _conclude(self, found: Tally) -> None:
        """Sum up the shards and call the data set complete."""
        if len(found.shards) < len(self.plan):
            raise JobError(
                f"{self.folder.path}: {len(self.plan) - len(found.shards)} shards are missing; start it again"
            )
        statistics = found.statistics
        check_gaps(statistics.gaps, self.plan.count, self.recipe.name, whole=True)
        self.folder.write_statistics(statistics)
        update = {"complete": True, "rows": statistics.rows, "gaps": dict(statistics.gaps)}
        self.folder.write_description(self.description.model_copy(update=update))


def _warn(line: str) -> None:
    print(f"ocrmill: {line}", file=sys.stderr, flush=True)
