"""Interrupts a generation job repeatedly and checks that it produces the same data set as without interruption.

    python -m benchmarks.chaos --rounds 30 --seed 1 -o DIR [--workers 2]

Every round starts the job in the same folder, in one process or with Ray workers, and interrupts it at a random moment:
workers are killed, then the driver, alone or with all its children; or the size of files is limited. After every round
each shard with a manifest must be complete and equal to the reference. A complete data set is compared, checked and
started again. At the end the last data set is completed without interruption.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.processes import kill, kill_session, ray_workers
from pipelines.errors import JobError
from pipelines.io.atomic import TEMPORARY_PREFIX, file_sha256
from pipelines.io.plan import read_manifest
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.generation import generate
from synthtext.core import InputError

HOME = Path(__file__).parents[1]
COUNT, SHARD = 2400, 60  # a shard must be larger than dataset.json
RECIPE = """
kind: lines
charset: digits
corpus: [{use: pattern, pattern: "[0-9]{1,3}"}]
fonts: {system: false, bundled: true, size_range: [10, 12]}
output: {height: 14, width: free}
"""
FORMATS = ("parquet", "lmdb")
_TIMEOUT = 300.0  # seconds; every step takes less than a minute on an idle machine

Interruption = Literal["driver", "session", "size"]


class DisorderError(Exception):
    """The data set is not as it must be."""


@dataclass(frozen=True)
class FolderState:
    """The content of a folder after a round.

    Attributes:
        complete: number of shards with a manifest.
        without_manifest: number of shards without a manifest.
        temporary: number of temporary files and folders.
    """

    complete: int
    without_manifest: int
    temporary: int


@dataclass
class Chaos:
    """A job in a folder and its expected result.

    Args:
        folder: folder for the recipe and all data sets.
        format: format of the shards.
        rng: source of all random decisions.
        count: number of samples.
        shard: samples per shard.
    """

    folder: Path
    format: str
    rng: np.random.Generator
    count: int = COUNT
    shard: int = SHARD
    expected: dict[str, str] = field(default_factory=dict)
    completed: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    sessions: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "recipe.yaml").write_text(RECIPE)
        self.data = self.folder / f"data-{self.format}"
        self.reference = self.folder / f"reference-{self.format}"
        for old in (self.data, self.reference):
            shutil.rmtree(old, ignore_errors=True)
        self._generate(self.reference)
        self.expected = checksums(self.reference)

    def round(self, workers: int, kind: Interruption, limit: int | None = None) -> str:
        """Start the job, interrupt it and check the folder.

        Args:
            workers: number of Ray workers; 0 generates in the driver process.
            kind: kind of interruption.
            limit: maximum size of a file in bytes, for "size"; None: random.

        Returns:
            A description of the round.
        """
        before = len(checksums(self.data))
        if kind == "size":
            limit = limit or int(self.rng.uniform(0.1, 1.2) * self._largest())
        driver = self._start(self.data, workers, limit)
        try:
            done = self._limited(driver, limit) if limit else self._kill(driver, before, kind)
        finally:
            if kind != "driver":  # workers may outlive their driver and write during the next round
                kill_session(driver.pid)
        state = self.inspect()
        text = f"{self.format}, {workers} workers, {done}: {before} to {state.complete} complete shards"
        if state.without_manifest or state.temporary:
            text += f", {state.without_manifest} without manifest, {state.temporary} temporary files"
        if state.complete == len(self.expected) and (self.data / "statistics.json").exists():
            self.finish()
            shutil.rmtree(self.data)
            self.completed += 1
            text += "; complete and correct, started again"
        return text

    def _largest(self) -> int:
        """Return the size of the largest shard in bytes."""
        return max(manifest.bytes for path in manifest_paths(self.reference) if (manifest := read_manifest(path)))

    def _start(self, data: Path, workers: int, limit: int | None = None) -> "subprocess.Popen[bytes]":
        code = "from pipelines.cli.main import main; main()"
        recipe = str(self.folder / "recipe.yaml")
        size = ["-n", str(self.count), "--shard-size", str(self.shard), "--shard-format", self.format]
        with (self.folder / "log.txt").open("wb") as log:
            driver = subprocess.Popen(
                [sys.executable, "-c", code, "generate", recipe, "-o", str(data), *size, "--workers", str(workers)],
                env=os.environ | {"PYTHONPATH": str(HOME), "OMP_NUM_THREADS": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            )
        self.sessions.add(driver.pid)
        return driver

    def _generate(self, data: Path) -> None:
        """Run the job to its end in this process."""
        try:
            generate(
                str(self.folder / "recipe.yaml"), data, self.count, workers=0, shard_size=self.shard, format=self.format
            )
        except (InputError, JobError) as error:
            raise DisorderError(f"{data} could not be generated: {error}") from error

    def close(self) -> None:
        """Kill all processes that still run."""
        for leader in self.sessions:
            kill_session(leader)

    def _kill(self, driver: "subprocess.Popen[bytes]", before: int, kind: Interruption) -> str:
        """Kill workers at random, and the driver after some shards or some time."""
        shards = before + int(self.rng.integers(1, max(2, len(self.expected) // 2)))
        if self.rng.random() < 0.2:
            until, end = None, time.monotonic() + self.rng.uniform(0, 10)
        else:
            until, end = shards, time.monotonic() + _TIMEOUT
        killed, seen = 0, before
        while driver.poll() is None and time.monotonic() < end and (until is None or seen < until):
            time.sleep(0.01)
            now = len(manifest_paths(self.data))
            victims = ray_workers(driver.pid) if now > seen and self.rng.random() < 0.2 else []
            seen = now
            if victims:
                kill(victims[int(self.rng.integers(len(victims)))])
                killed += 1
        time.sleep(self.rng.uniform(0, 0.05))
        ended = driver.poll()
        kill(driver.pid)
        driver.wait()
        self.killed["workers"] += killed
        if ended is not None:
            return f"{killed} workers killed, {self._ended(ended)}"
        self.killed["drivers"] += 1
        return f"{killed} workers and the {kind} killed"

    def _limited(self, driver: "subprocess.Popen[bytes]", limit: int) -> str:
        return f"files limited to {limit:,} bytes, {self._ended(driver.wait(_TIMEOUT))}"

    def _ended(self, code: int) -> str:
        """Describe how a job ended that was not killed, with its last message if it failed."""
        output = (self.folder / "log.txt").read_text().replace(f"{self.folder}/", "")
        if code not in (0, 1, 2) or "Traceback" in output:
            raise DisorderError(f"the job ended with {code} and printed:\n{output}")
        return f"ended with {code}" + (f" ({output.splitlines()[-1]})" if code else "")

    def inspect(self) -> FolderState:
        """Check the folder.

        Raises:
            DisorderError: a shard with a manifest is incomplete or differs from the reference.
        """
        shards = self.data / "shards"
        names = {path.name for path in shards.iterdir()} if shards.is_dir() else set()
        found = checksums(self.data)
        for name, digest in found.items():
            data = shards / name / "data.mdb" if self.format == "lmdb" else shards / name
            if not data.exists() or file_sha256(data) != digest or self.expected.get(name) != digest:
                raise DisorderError(f"{data} has a manifest but differs from the reference")
        temporary = sum(name.startswith(TEMPORARY_PREFIX) for name in names)
        temporary += sum(path.name.startswith(TEMPORARY_PREFIX) for path in self.data.glob("*"))
        without_manifest = {
            name for name in names if name.endswith(self.format) and not name.startswith(TEMPORARY_PREFIX)
        } - set(found)
        return FolderState(len(found), len(without_manifest), temporary)

    def finish(self) -> None:
        """Complete the job without interruption and check the result.

        Raises:
            DisorderError: the data set differs from the reference.
        """
        self._generate(self.data)
        if problems := list(check_dataset(self.data).problems.lines("")):
            raise DisorderError(f"{self.data} is complete, but check found: {'; '.join(problems)}")
        if checksums(self.data) != self.expected:
            raise DisorderError(f"{self.data} is complete but differs from the reference")


def manifest_paths(data: Path) -> list[Path]:
    """Return the paths of the shard manifests of a data set."""
    return list((data / "manifests").glob("part-*.json"))


def checksums(data: Path) -> dict[str, str]:
    """Return the checksums of the shards of a data set by file."""
    return {manifest.file: manifest.sha256 for path in manifest_paths(data) if (manifest := read_manifest(path))}


def main(log: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="Ray workers in rounds that use Ray")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the data sets")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    chaos = [Chaos(options.out.absolute(), format, rng) for format in FORMATS]
    try:
        for number in range(options.rounds):
            one = chaos[number % len(chaos)]
            kind: Interruption = ("driver", "session", "size")[int(rng.integers(3))]  # type: ignore[assignment]
            workers = 0 if kind == "size" else options.workers * int(rng.integers(2))
            log(f"round {number + 1}: {one.round(workers, kind)}")
        for one in chaos:
            one.finish()
    finally:
        for one in chaos:
            one.close()
    drivers, workers = (sum(one.killed[what] for one in chaos) for what in ("drivers", "workers"))
    completed = sum(one.completed for one in chaos) + len(chaos)
    log(f"{options.rounds} rounds: {drivers} drivers and {workers} workers killed, {completed} correct data sets")


if __name__ == "__main__":
    main()
