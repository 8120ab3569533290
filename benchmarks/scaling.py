"""How a job scales, measured in one sitting, and what that says of a hundred million lines on many cores.

    python -m benchmarks.scaling lines [-n 16384] [--shards 400] [-o DIR] [KEY=VALUE ...]

On an idle machine of two cores or more, about ten minutes with what is given above. Printed are: lines a second with
0, 1 and 2 workers that are warm, beside two processes at once that know nothing of each other (what the machine can do
at best); the time until workers are warm; the cost of a shard that is almost empty, in this process and on Ray, and
the part of it that is the driver's; CPU time a line against the size of shards; and a calculation on paper for
100,000,000 lines. That one takes drawing at the speed of two processes at once, so it knows what cores take from each
other here, and one driver that commits one shard after the other; it does not know a network or a shared disk.
`-o` names an empty folder on the disk that is meant: commits wait for it.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.plan import SHARD_SIZE, ShardPlan
from pipelines.io.shard_writer import PendingShard
from pipelines.jobs.executor import Executor
from pipelines.jobs.generation import GeneratedSource
from pipelines.jobs.shard_job import ShardJob
from pipelines.progress import format_duration
from pipelines.recipes.resolve import resolve_recipe

LINES, CORES, SIZES = 100_000_000, (16, 256, 4096), (256, 1024, 4096, 16384)


@dataclass(frozen=True)
class Part:
    """A job in a process of its own: lines from `start` on, in shards of `size`, drawn by so many workers."""

    recipe: str
    settings: Sequence[str]
    folder: str
    count: int
    start: int
    size: int
    workers: int


@dataclass(frozen=True)
class Measured:
    """Seconds until Ray's workers had drawn something, from the first task to the last shard, and meanwhile: CPU time
    of all threads of the job's own process, and in commits."""

    ready: float
    drawing: float
    cpu: float
    commits: float


class Timed(DatasetFolder):
    """A folder that counts the seconds in its commits, and notes the CPU time when drawing begins."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.seconds = self.cpu = 0.0

    def write_description(self, description: DatasetDescription) -> None:
        """Describe the folder: at first before drawing, then when all is there."""
        super().write_description(description)
        self.cpu = self.cpu or time.process_time()

    def commit(self, draft: PendingShard) -> None:
        """Commit a shard."""
        started = time.perf_counter()
        super().commit(draft)
        self.seconds += time.perf_counter() - started


def run_part(part: Part) -> Measured:
    source = GeneratedSource(resolve_recipe(part.recipe, part.settings), 1)
    folder = Timed(Path(part.folder) / "data")
    started = time.perf_counter()
    running = nullcontext()
    if part.workers:
        from pipelines.cluster.pool import worker_pool

        running = worker_pool(part.workers)
    with running:
        if part.workers:  # several small shards for each, so that all have drawn
            few = ShardPlan(64 * part.workers, size=16)
            ShardJob(source, few, DatasetFolder(Path(part.folder) / "warm"), Executor(part.workers)).run()
        ready = time.perf_counter() - started
        plan = ShardPlan(part.count, part.start, part.size)
        summary = ShardJob(source, plan, folder, Executor(part.workers)).run()
    return Measured(ready if part.workers else 0.0, summary.seconds, time.process_time() - folder.cpu, folder.seconds)


def main() -> None:
    if sys.argv[1:2] == ["part"]:
        print(json.dumps(asdict(run_part(Part(**json.loads(sys.argv[2]))))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe")
    parser.add_argument("settings", nargs="*")
    parser.add_argument("-n", type=int, default=16_384, help="lines of each measurement")
    parser.add_argument("--shards", type=int, default=400, help="almost empty ones")
    parser.add_argument("-o", type=Path)
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory(dir=options.o) as place:
        sitting = Sitting(options.recipe, options.settings, Path(place))
        core = sitting.speed(options.n)
        calculate(core, sitting.shards(options.shards), sitting.ready)
        sitting.sizes(options.n)


class Sitting:
    """Measurements of one recipe on one machine, in an empty folder."""

    def __init__(self, recipe: str, settings: Sequence[str], place: Path) -> None:
        self._recipe, self._settings, self._place, self._number = recipe, settings, place, 0
        self.ready = 0.0

    def measure(self, count: int, *, together: int = 1, size: int = SHARD_SIZE, workers: int = 0) -> list[Measured]:
        """Run one job, or several of other lines at the same time."""
        processes = []
        for number in range(together):
            self._number += 1
            folder = str(self._place / str(self._number))
            part = Part(self._recipe, self._settings, folder, count, number * count, size, workers)
            command = [sys.executable, "-m", "benchmarks.scaling", "part", json.dumps(asdict(part))]
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        told = [process.communicate() for process in processes]
        for process, (_, errors) in zip(processes, told, strict=True):
            if process.returncode:
                raise SystemExit(errors)
        return [Measured(**json.loads(said.splitlines()[-1])) for said, _ in told]

    def speed(self, count: int) -> float:
        """Lines a second with and without workers; returns that of a core while another is busy too."""
        size = max(1, count // 8)  # so that two workers end together
        (alone,) = self.measure(count, size=size)
        two = self.measure(count, together=2, size=size)
        limit = 2 * count / max(part.drawing for part in two)
        print(f"{count:,} lines in shards of {size:,}; lines a second, and as a share of two processes at once")
        print(f"two processes at once {limit:8,.0f}")
        print(f"0 workers             {count / alone.drawing:8,.0f}  {count / alone.drawing / limit:6.1%}")
        for workers in (1, 2):
            (part,) = self.measure(count, size=size, workers=workers)
            rate = count / part.drawing
            print(f"{workers} workers             {rate:8,.0f}  {rate / limit:6.1%}  warm after {part.ready:.1f} s")
            self.ready = part.ready
        return limit / 2

    def shards(self, count: int) -> tuple[float, float]:
        """What a shard of one line costs on Ray: seconds of a worker, and at most so many of the driver."""
        (here,) = self.measure(count, size=1)
        (there,) = self.measure(count, size=1, workers=1)
        print(f"shards of one line, milliseconds each, of {count:,}")
        print(f"0 workers   {1000 * here.drawing / count:6.1f}, of this the commit {1000 * here.commits / count:.1f}")
        print(f"1 worker    {1000 * there.drawing / count:6.1f}, of this the commit {1000 * there.commits / count:.1f}")
        print(f"CPU time of the driver on Ray {1000 * there.cpu / count:.1f}")
        return there.drawing / count, (there.commits + there.cpu) / count

    def sizes(self, count: int) -> None:
        """CPU time a line by the size of shards."""
        print(f"CPU time a line against the size of shards, 0 workers, {count:,} lines")
        for size in SIZES:
            (part,) = self.measure(count, size=size)
            print(
                f"{size:>6,} lines: {1e6 * part.cpu / count:6.0f} us; {1e6 * part.drawing / count:6.0f} us by the clock"
            )


def calculate(core: float, shard: tuple[float, float], ready: float) -> None:
    """From lines a second of a core, seconds a shard of a worker and of the driver, seconds until workers are warm."""
    there, driver = shard
    shards = math.ceil(LINES / SHARD_SIZE)
    one = SHARD_SIZE / core + there
    print(f"{LINES:,} lines in {shards:,} shards of {SHARD_SIZE:,}, on paper:")
    print(f"a shard takes a core {one:.2f} s, {there / one:.2%} beside drawing, and the driver {1000 * driver:.1f} ms")
    print(f"so one driver can commit {1 / driver:,.0f} shards a second and keep {one / driver:,.0f} cores busy")
    for cores in CORES:
        drawing, commits = math.ceil(shards / cores) * one, shards * driver
        whole = ready + max(drawing, commits)
        share = LINES / core / cores / whole
        limit = "drawing" if drawing >= commits else "the driver"
        print(
            f"{cores:>5,} cores: {format_duration(whole)}; {share:.0%} of all cores' time is drawing; {limit} is the limit"
        )


if __name__ == "__main__":
    main()
