"""The job that fills a dataset with the shards of a source. Any executor writes the same bytes."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypedDict

from pipelines.config import dump_yaml
from pipelines.errors import JobError
from pipelines.io.atomic import remove_path, wrap_write_errors, write_atomic
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER, DatasetFolder
from pipelines.io.description import DatasetDescription, FontRecord, cpu_features, current_versions
from pipelines.io.encode import ROW_TYPES
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardPlan
from pipelines.io.shard_writer import PendingShard, ShardFormat, check_shard_format
from pipelines.io.split import Split
from pipelines.io.statistics import CharacterFrequencies, Statistics
from pipelines.jobs.executor import Executor, ShardTask, machine_fingerprint
from pipelines.jobs.probe import check_any_usable, check_disk_space, probe
from pipelines.jobs.shard_source import ShardSource
from pipelines.jobs.summary import FinishedShards, JobSummary
from pipelines.progress import progress_bar
from pipelines.recipes.digest import describe_difference, fingerprint_digest
from pipelines.recipes.drawing import check_skipped
from synthtext.core import InputError


@dataclass(frozen=True)
class ShardJob:
    """Writes the shards of a plan that are missing in a folder, and then the statistics of the whole dataset.

    Attributes:
        source: of the rows.
        plan: of the shards.
        folder: of the dataset.
        executor: writes the shards.
        format: of the shards.
    """

    source: ShardSource
    plan: ShardPlan
    folder: DatasetFolder
    executor: Executor = field(default_factory=Executor)
    format: ShardFormat = "parquet"

    def run(self) -> JobSummary:
        """Write the missing shards. Nothing is written before a probe of the source succeeds.

        Raises:
            InputError: the folder holds another dataset, the disk is too small, or no sample can be used.
            JobError: too many samples are skipped, the disk is full, or another job is writing to the folder.
        """
        self.check_compatible()
        self.source.prepare(self.folder)
        self._probe()
        is_new = isinstance(self.folder.path, Path) and not self.folder.path.exists()
        with self.folder.open():
            before = self.check_compatible()  # another job may have finished in the meantime
            finished = FinishedShards()
            for manifest in self.folder.finished_manifests(self.plan, self.source.digest):
                finished.add(manifest)
            if before is not None and before.complete and before.count == self.plan.count == finished.samples:
                return self._summary(finished)
            if before is None:
                self.folder.write_recipe(dump_yaml(self.source.to_recipe()))
            self.folder.write_description(self.description)
            self.folder.remove_statistics()  # a dataset with statistics is complete
            self.source.store(self.folder)
            started, shards, samples = time.monotonic(), len(finished.indices), finished.statistics.attempted
            self._write_pending(finished)
            seconds = time.monotonic() - started
            is_usable = finished.statistics.rows > 0 or self.source.limits_skipped
            if is_usable:
                self._conclude(finished)
        if not is_usable:
            if is_new and isinstance(self.folder.path, Path):
                remove_path(self.folder.path)
            check_any_usable(finished.statistics, self.source, finished.statistics.attempted)
        return self._summary(finished, len(finished.indices) - shards, finished.statistics.attempted - samples, seconds)

    @cached_property
    def description(self) -> DatasetDescription:
        """The description of the dataset while it is incomplete."""
        source = self.source
        fonts = [FontRecord(family=f.family, style=f.style, digest=f.digest, licence=f.licence) for f in source.fonts]
        return DatasetDescription(
            kind=source.kind,
            source=source.name,
            digest=source.digest,
            seed=source.seed,
            start=self.plan.start,
            count=self.plan.count,
            split=self.plan.split,
            shard_size=self.plan.size,
            format=self.format,
            charset="".join(source.charset or ()),
            fonts=tuple(fonts),
            versions=current_versions(),
            cpu=cpu_features() if source.uses_cpu else "",
            fingerprint=source.fingerprint,
        )

    def check_compatible(self) -> DatasetDescription | None:
        """Refuse a folder that holds another dataset, or more samples: of an unfinished one, more finished samples.

        Returns:
            Its description; None if the folder is empty.

        Raises:
            InputError: the message says what differs.
        """
        before = self.folder.check_usable()
        if before is None:
            return None
        difference = before.difference(self.description, describe_difference)
        if difference:
            raise InputError(
                f"{self.folder.path} holds other samples ({difference}): undo the change, or choose another folder"
            )
        count = before.count if before.complete else min(before.count, self.folder.finished_samples(before))
        if count > self.plan.count:
            end = "" if before.complete else f"end it there (ocrmill check {self.folder.path} --finish), "
            raise InputError(
                f"{self.folder.path} holds {count:,} {'' if before.complete else 'finished '}samples, more than "
                f"{self.plan.count:,}: ask for as many, {end}or choose another folder"
            )
        return before

    def _probe(self) -> None:
        existing = self.folder.indices_with_manifest(self.plan)
        first = next((index for index in range(len(self.plan)) if index not in existing), None)
        if first is not None:
            missing = self.plan.count - sum(self.plan[index].count for index in existing)
            missing = round(missing * (self.plan.split.share if self.plan.split else 1))
            sample_bytes = probe(self.source, self.plan[first], self.plan.count, self.format)
            check_disk_space(self.folder, missing, sample_bytes)

    def _write_pending(self, finished: FinishedShards) -> None:
        pending = tuple(index for index in range(len(self.plan)) if index not in finished.indices)
        source, tasks = self.source, map(self.task, pending)
        with (
            progress_bar(source.label, total=self.plan.count, unit=source.kind, done=finished.samples) as bar,
            closing(self.executor.run(tasks, len(pending), bar.advance, self._describe_difference)) as shards,
        ):
            for written in shards:
                self._commit(*written)
                finished.add(written.pending.manifest)
                if source.limits_skipped:
                    check_skipped(finished.statistics.skipped, finished.statistics.attempted, source.name, whole=False)

    def task(self, index: int) -> ShardTask:
        """Return the task to write a shard; an outdated manifest of the shard is withdrawn."""
        spec, digest = self.plan[index], self.source.digest
        self.folder.invalidate_shard(spec, digest)
        return ShardTask(self.source, digest, self._machine_digest, spec, self.folder.shards, self.format)

    @cached_property
    def _machine_digest(self) -> str:
        return fingerprint_digest(machine_fingerprint(self.source))

    def _describe_difference(self, other: Mapping[str, str]) -> str:
        """How the fingerprint of another machine differs from the one of this machine."""
        return describe_difference(machine_fingerprint(self.source), other)

    def _commit(self, pending: PendingShard, notes: str) -> None:
        if notes:  # before the manifest: a finished shard has its notes
            path = self.folder.path / FILTER_DECISIONS_FOLDER / f"part-{pending.manifest.index:06d}.jsonl"
            with wrap_write_errors(path):
                if isinstance(path, Path):
                    path.parent.mkdir(exist_ok=True)
                    write_atomic(path, notes)
                else:
                    path.write_bytes(notes.encode())
        self.folder.commit(pending)

    def _conclude(self, finished: FinishedShards) -> None:
        """Write the statistics and mark the dataset complete."""
        if len(finished.indices) < len(self.plan):
            missing = len(self.plan) - len(finished.indices)
            raise JobError(f"{self.folder.path}: {missing} shards are missing; re-run the same command to resume")
        statistics = finished.statistics
        if self.source.limits_skipped:
            check_skipped(statistics.skipped, statistics.attempted, self.source.name, whole=True)
        complete = complete_description(self.description, statistics, finished.bytes)
        self.folder.write_statistics(statistics)
        self.folder.write_card({"": complete})
        self.folder.write_description(complete)

    def _summary(
        self, finished: FinishedShards, new_shards: int = 0, new_samples: int = 0, seconds: float = 0.0
    ) -> JobSummary:
        statistics, charset = finished.statistics, self.source.charset
        return JobSummary(
            kind=self.source.kind,
            folder=self.folder.path,
            shards=len(finished.indices),
            statistics=statistics,
            character_frequencies=CharacterFrequencies.from_counts(statistics.characters, charset) if charset else None,
            new_shards=new_shards,
            new_samples=new_samples,
            seconds=seconds,
            lost_workers=self.executor.lost_workers,
            excluded_nodes=self.executor.excluded_nodes,
            source=self.source.summarize(self.folder),
        )


def complete_description(description: DatasetDescription, statistics: Statistics, size: int) -> DatasetDescription:
    """The description of the dataset when all shards are there; its charset is that of the labels if none is known."""
    charset = description.charset or "".join(sorted(statistics.characters))
    totals = {"rows": statistics.rows, "bytes": size, "skipped": dict(statistics.skipped)}
    return description.model_copy(update={"complete": True, "charset": charset, **totals})


class JobOptions(TypedDict, total=False):
    """The options of every job, see `generate`."""

    workers: int | None
    address: str | None
    shard_size: int | None
    format: str


class JobOutput:
    """The folder and the options of a job, which are checked before its inputs are opened.

    Args:
        out: folder of the dataset, or its URI.
        workers: as for `generate`, and so are the following.
        address: of a Ray cluster to join.
        shard_size: samples in a shard.
        format: of the shards.

    Raises:
        InputError: an option is invalid, or the folder holds something else than a dataset.
    """

    def __init__(
        self,
        out: str | AnyPath,
        *,
        workers: int | None = None,
        address: str | None = None,
        shard_size: int | None = None,
        format: str = "parquet",
    ) -> None:
        ShardPlan(1, size=1 if shard_size is None else shard_size)
        self.folder, self._format = DatasetFolder(out), check_shard_format(format)
        self._executor, self._shard_size = Executor(workers, address), shard_size
        self.folder.check_usable()

    def run(self, source: ShardSource, count: int, start: int = 0, split: Split | None = None) -> JobSummary:
        """Write the samples from `start` on, or those of a split, or resume an interrupted job.

        Raises:
            InputError, JobError: see `ShardJob.run`.
        """
        size = ROW_TYPES[source.kind].SHARD_SIZE if self._shard_size is None else self._shard_size
        size = round(size / split.share) if split else size  # so that as many samples of the split are in a shard
        return ShardJob(source, ShardPlan(count, start, size, split), self.folder, self._executor, self._format).run()
