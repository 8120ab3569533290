"""Overhead of a job: time until the first sample is generated, and memory of the process that runs it.

    python -m benchmarks.planning start digits -n 100000000              nothing exists yet
    python -m benchmarks.planning resume digits -n 100000000 [-o DIR]    only the last shard is missing
    python -m benchmarks.planning memory digits -n 2000000 --workers 2 [--shard-size 82] [KEY=VALUE ...]

`resume` generates one shard, copies its manifest under the name of every other shard but the last (with data files of
one byte), and lets the job finish. `memory` generates all lines on Ray and measures only the process that runs the job:
its anonymous memory at the start and at 1, 10, 25, 50, 75 and 100 % of the shards, its maximum, and the maximum number
of shards that were generated or waited for a commit at once. Memory could grow with the number of shards: 2,000,000
lines in shards of 82 are as many as 100,000,000 in shards of 4,096. Reads /proc, so it runs on Linux only.
"""

import argparse
import resource
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.memory import anonymous
from pipelines.io.atomic import TEMPORARY_PREFIX
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.plan import SHARD_SIZE, ShardPlan
from pipelines.io.shard_writer import PendingShard
from pipelines.jobs.executor import Executor
from pipelines.jobs.generation import GeneratedSource
from pipelines.jobs.shard_job import ShardJob
from pipelines.recipes.resolve import resolve_recipe

SHARES = (0.01, 0.1, 0.25, 0.5, 0.75, 1.0)


class _StartedError(Exception):
    pass


class Watched(DatasetFolder):
    """A data set folder with unlimited space that records the progress of a job.

    Args:
        path: Path of the folder.
        shards: Number of shards of the job.
        stop: Stop the job where it would generate its first sample.
    """

    def __init__(self, path: Path, shards: int, stop: bool = False) -> None:
        super().__init__(path)
        self.started = self.committed = (0.0, 0.0)
        self.max_staged = 0
        self.memory: list[tuple[int, float]] = []
        self._due = [max(1, round(fraction * shards)) for fraction in SHARES]
        self._count, self._stop = 0, stop

    def free_bytes(self) -> int:
        """More than any job needs."""
        return 2**62

    def write_description(self, description: DatasetDescription) -> None:
        """Record when generation starts, which is when the folder is described for the first time."""
        super().write_description(description)
        if not any(self.started):
            self.started = now()
            if self._stop:
                raise _StartedError

    def commit(self, draft: PendingShard) -> None:
        """Record the memory when a shard is committed."""
        self.committed = now()
        self._count += 1
        if self._count % 50 == 1:
            self.max_staged = max(self.max_staged, sum(1 for _ in self.shards.glob(f"{TEMPORARY_PREFIX}part-*")))
        super().commit(draft)
        while self._due and self._count >= self._due[0]:
            self.memory.append((self._due.pop(0), anonymous()))


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def took(start: tuple[float, float], end: tuple[float, float]) -> str:
    return ", ".join(f"{after - before:.2f}" for before, after in zip(start, end, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("start", "resume", "memory"))
    parser.add_argument("recipe")
    parser.add_argument("settings", nargs="*")
    parser.add_argument("-n", type=int, default=100_000_000)
    parser.add_argument("-o", type=Path, help="an empty folder on the disk to measure; a temporary folder by default")
    parser.add_argument("--shard-size", type=int, default=SHARD_SIZE)
    parser.add_argument("--workers", type=int, default=2, help="of `memory`")
    options = parser.parse_args()
    plan = ShardPlan(options.n, 0, options.shard_size)
    source = GeneratedSource(resolve_recipe(options.recipe, options.settings), 1)
    with tempfile.TemporaryDirectory(dir=options.o) as place:
        folder = Watched(Path(place) / "data", len(plan), stop=options.what == "start")
        job = ShardJob(source, plan, folder, Executor(options.workers if options.what == "memory" else 0))
        if options.what == "resume":
            fabricate(job, folder)
        report(job, folder)


def fabricate(job: ShardJob, folder: DatasetFolder) -> None:
    """Write the manifests of all shards but the last, as an interrupted job leaves them, without data."""
    folder.shards.mkdir(parents=True)
    folder.manifests.mkdir()
    pending = job.write_shard(0).pending
    pending.local_path.unlink()
    for spec in job.plan:
        if spec.index < len(job.plan) - 1:
            file = f"{spec.name}.parquet"
            update = {"index": spec.index, "start": spec.start, "file": file, "bytes": 1}
            (folder.shards / file).write_bytes(b"x")
            (folder.manifests / spec.manifest_name).write_text(pending.manifest.model_copy(update=update).to_json())
    DatasetFolder(folder.path).write_description(job.description)
    print(f"a manifest has {len(pending.manifest.to_json()):,} bytes")


def report(job: ShardJob, folder: Watched) -> None:
    before, started = anonymous(), now()
    with suppress(_StartedError):
        job.run()
    ended = now()
    print(f"{job.plan.count:,} lines in {len(job.plan):,} shards; wall-clock seconds, CPU seconds of this process")
    print(f"until generation starts {took(started, folder.started)}")
    if any(folder.committed):
        print(f"after the last commit {took(folder.committed, ended)}")
    print(f"total {took(started, ended)}")
    print(f"anonymous memory before {before:.0f} MB, at the end {anonymous():.0f} MB")
    print(f"maximum resident size {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if folder.memory:
        measured = ", ".join(f"{mega:.0f} MB at {shards:,}" for shards, mega in folder.memory)
        print(f"anonymous memory by finished shards: {measured}")
        print(f"maximum number of generated or waiting shards:  {folder.max_staged}")
    print(f"dataset.json {(folder.path / 'dataset.json').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
