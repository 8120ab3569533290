"""Ends a training at a step's end rather than in its middle."""

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import torch

from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.training.checkpoint import TrainingProgress
from pipelines.training.distributed import WorkerGroup
from pipelines.training.state import StepMetrics


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C (or SIGTERM) into an answer: whether to stop. A second one interrupts at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set  # signals are the main thread's
        return

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


ItemT = TypeVar("ItemT")


class MetricsLogger:
    """`metrics.jsonl`: one JSON object a line, each with an `event` (train or validation) and a `step`.

    Args:
        path: of the file; entries after `step` are removed, they will be written again.
        step: that the training goes on from.

    Raises:
        JobError: it cannot be written; so does `write`.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        kept = [line for line in _lines(path) if _step(line) <= step]
        with wrap_write_errors(path):
            write_atomic(path, "".join(f"{line}\n" for line in kept))

    def write(self, event: str, step: int, values: Mapping[str, Any]) -> None:
        """Append an entry."""
        with wrap_write_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "step": step, **values}) + "\n")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _step(line: str) -> float:
    with suppress(ValueError, KeyError, TypeError):
        return float(json.loads(line)["step"])
    return float("inf")  # torn by a kill


class Stopwatch:
    """Adds the time since it was last looked at to a progress."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.monotonic(), cpu_seconds()

    def add_to(self, progress: TrainingProgress, group: WorkerGroup | None = None) -> None:
        """Add it; of a group, the processors' time of all."""
        seconds, cpu = time.monotonic(), cpu_seconds()
        spent = torch.tensor([max(cpu - self._cpu_seconds, 0.0)], dtype=torch.float64)  # one that ended takes its along
        if group is not None:
            group.all_reduce([spent])
        progress.seconds += seconds - self._seconds
        progress.cpu_seconds += spent.item()
        self._seconds, self._cpu_seconds = seconds, cpu


@dataclass
class Throughput:
    """How fast steps are taken; validation and checkpoints do not count."""

    steps: int = 0
    data_wait_seconds: float = 0.0
    seconds: float = 0.0

    def add(self, look: StepMetrics) -> None:
        """Count a step that ends now."""
        self.steps += 1
        self.data_wait_seconds += look.data_wait_seconds
        self.seconds += time.perf_counter() - look.started_at

    def rates(self, samples: int) -> dict[str, float]:
        """Images a second, of steps of so many, and the share of the time that went into waiting for data."""
        return {
            "images_per_second": self.steps * samples / self.seconds,
            "waiting": self.data_wait_seconds / self.seconds,
        }


def cpu_seconds() -> float:
    """CPU time of this process and of the data workers that it has now."""
    return time.process_time() + sum(_worker_seconds(child.pid) for child in multiprocessing.active_children())


def _worker_seconds(process: int | None) -> float:
    with suppress(OSError):  # no such file system here, or it has just ended
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def timed_batches(items: Iterator[ItemT]) -> Iterator[tuple[ItemT, float]]:
    """Items with the seconds that each was waited for."""
    started = time.perf_counter()
    for item in items:
        yield item, time.perf_counter() - started
        started = time.perf_counter()
