"""A job that is disturbed again and again must end with the data set that an undisturbed one draws.

    python -m benchmarks.chaos --rounds 30 --seed 1 -o DIR [--workers 2]

Every round starts the job in the same folder, in this process's place or with Ray workers, and disturbs it at a random
moment: workers are killed, then the driver, alone or with all that it started; or no file may grow beyond some size.
After every round the folder must be in order: whatever has a mark is whole, and is what it should be. A data set that
is complete is compared, checked and begun anew. At the end the last one is completed without disturbance.
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
from pipelines.io.atomic import TEMPORARY_PREFIX, file_sha256
from pipelines.io.manifest import read_manifest

HOME = Path(__file__).parents[1]
COUNT, SHARD = 2400, 60  # so that a shard is larger than dataset.json
RECIPE = """
kind: lines
charset: digits
corpus: [{use: pattern, pattern: "[0-9]{1,3}"}]
fonts: {system: false, embedded: true, size_range: [10, 12]}
output: {height: 14, width: free}
"""
FORMS = ("parquet", "lmdb")
_PATIENCE = 300.0  # seconds for whatever takes less than a minute on an idle machine

Disturbance = Literal["driver", "session", "size"]


class DisorderError(Exception):
    """Something that must never be."""


@dataclass(frozen=True)
class Found:
    """What a folder holds after a round.

    Attributes:
        marks: shards that count.
        unmarked: data without a mark.
        temporary: files and folders that were not finished.
    """

    marks: int
    unmarked: int
    temporary: int


@dataclass
class Chaos:
    """A job in a folder, and what it should come to.

    Args:
        folder: for the recipe and all data sets.
        form: of the shards.
        rng: decides all.
        count: samples.
        shard: samples in a shard.
    """

    folder: Path
    form: str
    rng: np.random.Generator
    count: int = COUNT
    shard: int = SHARD
    wanted: dict[str, str] = field(default_factory=dict)
    completed: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    sessions: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "recipe.yaml").write_text(RECIPE)
        self.data = self.folder / f"data-{self.form}"
        self.reference = self.folder / f"reference-{self.form}"
        for old in (self.data, self.reference):
            shutil.rmtree(old, ignore_errors=True)
        if self._start(self.reference, 0).wait(_PATIENCE):
            raise DisorderError("the reference could not be drawn")
        self.wanted = checksums(self.reference)

    def round(self, workers: int, kind: Disturbance, limit: int | None = None) -> str:
        """Start the job, disturb it, and look at what is there; says what was done and found.

        Args:
            workers: of Ray; 0 draws in the driver's process.
            kind: of disturbance.
            limit: bytes of a file, for "size"; random without it.
        """
        before = len(checksums(self.data))
        if kind == "size":
            limit = limit or int(self.rng.uniform(0.1, 1.2) * self._largest())
        driver = self._start(self.data, workers, limit)
        try:
            done = self._limited(driver, limit) if limit else self._kill(driver, before, kind)
        finally:
            if kind != "driver":  # workers whose driver is gone may still write when the next round begins
                kill_session(driver.pid)
        found = self.look()
        text = f"{self.form}, {workers} workers, {done}: {before} to {found.marks} shards with marks"
        if found.unmarked or found.temporary:
            text += f", {found.unmarked} without, {found.temporary} unfinished"
        if found.marks == len(self.wanted) and (self.data / "statistics.json").exists():
            self.finish()
            shutil.rmtree(self.data)
            self.completed += 1
            text += "; complete and in order, begun anew"
        return text

    def _largest(self) -> int:
        """Bytes of the largest shard."""
        return max(mark.bytes for path in marks(self.reference) if (mark := read_manifest(path)))

    def _start(self, data: Path, workers: int, limit: int | None = None) -> "subprocess.Popen[bytes]":
        code = "from pipelines.cli.main import main; main()"
        recipe = str(self.folder / "recipe.yaml")
        size = ["-n", str(self.count), "--shard-size", str(self.shard), "--format", self.form]
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

    def close(self) -> None:
        """End what still runs."""
        for leader in self.sessions:
            kill_session(leader)

    def _kill(self, driver: "subprocess.Popen[bytes]", before: int, kind: Disturbance) -> str:
        """Kill workers now and then, and the driver after some shards, or after some time."""
        shards = before + int(self.rng.integers(1, max(2, len(self.wanted) // 2)))
        if self.rng.random() < 0.2:
            until, end = None, time.monotonic() + self.rng.uniform(0, 10)
        else:
            until, end = shards, time.monotonic() + _PATIENCE
        killed, seen = 0, before
        while driver.poll() is None and time.monotonic() < end and (until is None or seen < until):
            time.sleep(0.01)
            now = len(marks(self.data))
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
        return f"files limited to {limit:,} bytes, {self._ended(driver.wait(_PATIENCE))}"

    def _ended(self, code: int) -> str:
        """How a job that was not killed ended, with its last words where it failed."""
        said = (self.folder / "log.txt").read_text().replace(f"{self.folder}/", "")
        if code not in (0, 1, 2) or "Traceback" in said:
            raise DisorderError(f"the job ended with {code} and said:\n{said}")
        return f"ended with {code}" + (f" ({said.splitlines()[-1]})" if code else "")

    def look(self) -> Found:
        """Look through the folder.

        Raises:
            DisorderError: a shard has a mark and is not whole, or not what it should be.
        """
        shards = self.data / "shards"
        names = {path.name for path in shards.iterdir()} if shards.is_dir() else set()
        found = checksums(self.data)
        for name, digest in found.items():
            data = shards / name / "data.mdb" if self.form == "lmdb" else shards / name
            if not data.exists() or file_sha256(data) != digest or self.wanted.get(name) != digest:
                raise DisorderError(f"{data} has a mark, and is not what it should be")
        temporary = sum(name.startswith(TEMPORARY_PREFIX) for name in names)
        temporary += sum(path.name.startswith(TEMPORARY_PREFIX) for path in self.data.glob("*"))
        unmarked = {name for name in names if name.endswith(self.form) and not name.startswith(TEMPORARY_PREFIX)} - set(
            found
        )
        return Found(len(found), len(unmarked), temporary)

    def finish(self) -> None:
        """Let the job end without disturbance, and check all.

        Raises:
            DisorderError: the data set is not what it should be.
        """
        code = self._start(self.data, 0).wait(_PATIENCE)
        said = (self.folder / "log.txt").read_text()
        checked = subprocess.run(
            [sys.executable, "-c", "from pipelines.cli.main import main; main()", "check", str(self.data)],
            env=os.environ | {"PYTHONPATH": str(HOME)},
            capture_output=True,
            text=True,
            check=False,
        )
        if code or checked.returncode:
            raise DisorderError(f"the job ended with {code}: {said}\nand check says: {checked.stdout}{checked.stderr}")
        if checksums(self.data) != self.wanted:
            raise DisorderError(f"{self.data} is complete, and not what it should be")


def marks(data: Path) -> list[Path]:
    """The marks in a data set's folder."""
    return list((data / "shards").glob("part-*.json"))


def checksums(data: Path) -> dict[str, str]:
    """The checksums of a data set's shards, by file."""
    return {mark.file: mark.sha256 for path in marks(data) if (mark := read_manifest(path))}


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="Ray workers of the rounds that have some")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the data sets")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    chaos = [Chaos(options.out.absolute(), form, rng) for form in FORMS]
    try:
        for number in range(options.rounds):
            one = chaos[number % len(chaos)]
            kind: Disturbance = ("driver", "session", "size")[int(rng.integers(3))]  # type: ignore[assignment]
            workers = 0 if kind == "size" else options.workers * int(rng.integers(2))
            say(f"round {number + 1}: {one.round(workers, kind)}")
        for one in chaos:
            one.finish()
    finally:
        for one in chaos:
            one.close()
    drivers, workers = (sum(one.killed[what] for one in chaos) for what in ("drivers", "workers"))
    again = sum(one.completed for one in chaos)
    whole = again + len(chaos)
    say(f"{options.rounds} rounds: {drivers} drivers and {workers} workers killed, {whole} data sets in order")


if __name__ == "__main__":
    main()
