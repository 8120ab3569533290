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
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription, FontRecord, cpu_features, current_versions
from pipelines.io.plan import ShardPlan, ShardSpec
from pipelines.io.shard_writer import PendingShard, ShardFormat, check_shard_format
from pipelines.jobs.encode import ROW_TYPES
from pipelines.jobs.probe import check_disk_space, check_skipped, estimate_sample_bytes
from pipelines.jobs.shard_task import ShardTask, generate_shard, generate_shard_on_worker, machine_fingerprint
from pipelines.jobs.source import ShardSource
from pipelines.jobs.summary import FinishedShards, JobSummary
from pipelines.progress import ProgressBar, progress_bar
from pipelines.recipes.digest import describe_difference, fingerprint_digest
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Generator as Samples
from synthtext.core import InputError


def generate(
    recipe: str | ShardSource,
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
) -> JobSummary:
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
    folder = DatasetFolder(out)
    checked_form = check_shard_format(form)
    check_worker_options(workers, address)
    folder.check_usable()
    resolved = resolve_recipe(recipe, overrides) if isinstance(recipe, str) else recipe
    if shard_size is None:
        plan = ShardPlan(count, start, ROW_TYPES[resolved.kind].SHARD_SIZE)
    return ShardJob(resolved, plan, seed, checked_form, folder, workers, address).run()


def check_worker_options(workers: int | None, address: str | None = None) -> None:
    """Check a number of workers and the address of a cluster.

    Raises:
        InputError: they cannot be, or cannot go together.
    """
    if workers is not None and workers < 0:
        raise InputError(f"the number of workers must be at least 0, not {workers}")
    if workers == 0 and address is not None:
        raise InputError("0 workers draw in this process, without a cluster: leave out the address, or ask for more")
    if address is not None:
        from pipelines.cluster.connect import check_cluster_address

        check_cluster_address(address)


@dataclass(frozen=True)
class ShardJob:
    """A job whose arguments have been checked; `generate` says what they are."""

    recipe: ShardSource
    plan: ShardPlan
    seed: int
    form: ShardFormat
    folder: DatasetFolder
    workers: int | None
    address: str | None

    def run(self) -> JobSummary:
        """Draw what is missing. Nothing is written before the first samples could be drawn."""
        self.check_compatible()
        generator = self.recipe.generator(self.seed)
        marked = self.folder.indices_with_manifest(self.plan)
        first = next(self._pending(marked), None)
        if first is not None:
            missing = self.plan.count - sum(self.plan[index].count for index in marked)
            check_disk_space(self.folder, missing, estimate_sample_bytes(self.recipe, generator, first, self.form))
        with self.folder.open():
            before = self.check_compatible()  # another job may have come between
            found = FinishedShards.from_manifests(self.folder.finished_manifests(self.plan, self.recipe.digest))
            if before is not None and before.complete and before.count == self.plan.count == found.samples:
                return found.summary(self.recipe.kind, self.folder.path, self.recipe.charset)
            self._announce(before)
            summary = self._draw(found, generator)
            self._conclude(found)
        return summary

    @cached_property
    def description(self) -> DatasetDescription:
        """What the folder says of the data set while it is not complete."""
        recipe = self.recipe
        fonts = [FontRecord(family=f.family, style=f.style, digest=f.digest, licence=f.licence) for f in recipe.fonts]
        return DatasetDescription(
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
            fingerprint=recipe.fingerprint,
        )

    def check_compatible(self) -> DatasetDescription | None:
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

    def _announce(self, before: DatasetDescription | None) -> None:
        if before is None:
            self.folder.write_recipe(self.recipe.to_yaml())
        self.folder.write_description(self.description)
        self.folder.remove_statistics()  # what is called complete has them

    def _draw(self, found: FinishedShards, generator: Samples[Any]) -> JobSummary:
        started, shards, samples = time.monotonic(), len(found.shards), found.samples
        unit, name = self.recipe.kind, self.recipe.name
        with (
            progress_bar("drawing", total=self.plan.count, unit=unit, done=found.samples) as bar,
            closing(self._drafts(found, generator, bar)) as drafts,
        ):
            for draft in drafts:
                self.folder.commit(draft)
                found.add(draft.manifest)
                check_skipped(found.statistics.skipped, found.samples, name, whole=False)
        return found.summary(
            self.recipe.kind,
            self.folder.path,
            self.recipe.charset,
            new_shards=len(found.shards) - shards,
            new_samples=found.samples - samples,
            seconds=time.monotonic() - started,
        )

    def _drafts(
        self, found: FinishedShards, generator: Samples[Any], bar: ProgressBar
    ) -> Generator[PendingShard, None, None]:
        """Drafts of the missing shards, as they come."""
        # Shards that come meanwhile are behind the place where this plan is read.
        tasks = (self._task(spec) for spec in self._pending(found.shards))
        workers = self._worker_count(len(self.plan) - len(found.shards))
        if workers == 0 and self.address is None:
            yield from (generate_shard(task, generator, bar.advance) for task in tasks)
            return
        from pipelines.cluster.pool import worker_pool

        with worker_pool(workers, self.address) as running:
            for draft in running.run(generate_shard_on_worker, tasks, self._explain, _warn):
                bar.advance(draft.manifest.count)
                found.deaths, found.refused = running.lost_workers, tuple(running.excluded_nodes.values())
                yield draft

    def _worker_count(self, missing_shards: int) -> int:
        if self.workers is not None or self.address is not None:
            return self.workers or 0
        cpus = len(os.sched_getaffinity(0))
        return min(cpus, missing_shards) if min(cpus, missing_shards) > 1 else 0

    def _task(self, spec: ShardSpec) -> ShardTask:
        digest, folder = self.description.digest, self.folder.shards
        self.folder.invalidate_shard(spec, digest)
        return ShardTask(self.recipe, digest, self._machine, self.seed, spec, folder, self.form)

    @cached_property
    def _machine(self) -> str:
        return fingerprint_digest(machine_fingerprint(self.recipe))

    def _explain(self, ingredients: Mapping[str, str]) -> str:
        """How those of another machine differ."""
        return describe_difference(machine_fingerprint(self.recipe), ingredients)

    def _conclude(self, found: FinishedShards) -> None:
        """Sum up the shards and call the data set complete."""
        if len(found.shards) < len(self.plan):
            raise JobError(
                f"{self.folder.path}: {len(self.plan) - len(found.shards)} shards are missing; start it again"
            )
        statistics = found.statistics
        check_skipped(statistics.skipped, self.plan.count, self.recipe.name, whole=True)
        self.folder.write_statistics(statistics)
        update = {"complete": True, "rows": statistics.rows, "skipped": dict(statistics.skipped)}
        self.folder.write_description(self.description.model_copy(update=update))


def _warn(line: str) -> None:
    print(f"ocrmill: {line}", file=sys.stderr, flush=True)
