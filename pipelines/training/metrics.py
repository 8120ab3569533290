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

from pipelines.io.atomic import write_file, written
from pipelines.training.checkpoint import Progress
from pipelines.training.distributed import Group
from pipelines.training.state import StepLook


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


Item = TypeVar("Item")


class MetricsLog:
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
        with written(path):
            write_file(path, "".join(f"{line}\n" for line in kept))

    def write(self, event: str, step: int, values: Mapping[str, Any]) -> None:
        """Append an entry."""
        with written(self._path), self._path.open("a", encoding="utf-8") as file:
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

    def add_to(self, progress: Progress, group: Group | None = None) -> None:
        """Add it; of a group, the processors' time of all."""
        seconds, cpu = time.monotonic(), cpu_seconds()
        spent = torch.tensor([max(cpu - self._cpu_seconds, 0.0)], dtype=torch.float64)  # one that ended takes its along
        if group is not None:
            group.sum([spent])
        progress.seconds += seconds - self._seconds
        progress.cpu_seconds += spent.item()
        self._seconds, self._cpu_seconds = seconds, cpu


@dataclass
class Pace:
    """How fast steps are taken; validation and checkpoints do not count."""

    steps: int = 0
    waiting: float = 0.0
    seconds: float = 0.0

    def add(self, look: StepLook) -> None:
        """Count a step that ends now."""
        self.steps += 1
        self.waiting += look.waited
        self.seconds += time.perf_counter() - look.began

    def rates(self, samples: int) -> dict[str, float]:
        """Images a second, of steps of so many, and the share of the time that went into waiting for data."""
        return {"images_per_second": self.steps * samples / self.seconds, "waiting": self.waiting / self.seconds}


def cpu_seconds() -> float:
    """CPU time of this process and of the data workers that it has now."""
    return time.process_time() + sum(_worker_seconds(child.pid) for child in multiprocessing.active_children())


def _worker_seconds(process: int | None) -> float:
    with suppress(OSError):  # no such file system here, or it has just ended
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def with_waiting_time(items: Iterator[Item]) -> Iterator[tuple[Item, float]]:
    """Items with the seconds that each was waited for."""
    started = time.perf_counter()
    for item in items:
        yield item, time.perf_counter() - started
        started = time.perf_counter()
