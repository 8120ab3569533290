"""Metrics of a training: measured per step, buffered on the device, written to `metrics.jsonl`."""

import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.training.distributed import WorkerGroup
from pipelines.training.state import TrainingProgress

ItemT = TypeVar("ItemT")


class StepMetrics:
    """Metrics of one step in one process."""

    def __init__(self) -> None:
        self.started_at = time.perf_counter()
        self.data_wait_seconds = 0.0
        self.keys: list[str] = []  # names of the samples
        self.sums: dict[str, Tensor] = {}  # over the batches, scalars float64 on the device, by name

    def add(self, values: Mapping[str, Tensor], keys: tuple[str, ...], share: float) -> None:
        """Add the metrics of a part of a batch, scalars by name, the names of its samples, and its fraction."""
        for name, value in values.items():
            self.sums[name] = share * value.detach().double() + self.sums.get(name, 0.0)
        self.keys += keys


class BufferedStep(NamedTuple):
    """A step whose metrics have been read from the device."""

    step: int
    metrics: dict[str, float]  # means over the batches of all processes
    keys: list[str]  # names of this process's samples


class MetricsBuffer:
    """Metrics of the last steps, left on the device: reading a value would make every step wait for the device."""

    def __init__(self, group: WorkerGroup, micro_batches: int) -> None:
        self._group, self._micro_batches = group, micro_batches
        self._steps: list[tuple[int, StepMetrics, Tensor]] = []

    def add(self, step: int, metrics: StepMetrics, gradient_norm: Tensor) -> None:
        """Add a step."""
        self._steps.append((step, metrics, gradient_norm.detach().double()))

    def flush(self) -> list[BufferedStep]:
        """Read all steps from the device, in one transfer, and empty the buffer."""
        steps, self._steps = self._steps, []
        if not steps:
            return []
        norms = [norm for *_, norm in steps]
        sums = torch.stack([value for _, metrics, _ in steps for value in metrics.sums.values()] + norms).cpu()
        totals = sums[: -len(norms)]
        self._group.all_reduce([totals])
        values = iter((totals / self._micro_batches).tolist())
        return [
            BufferedStep(step, {**{name: next(values) for name in metrics.sums}, "gradient_norm": norm}, metrics.keys)
            for (step, metrics, _), norm in zip(steps, sums[-len(norms) :].tolist(), strict=True)
        ]


class MetricsLogger:
    """`metrics.jsonl`: one JSON object per line, each with an `event` (train or validation) and a `step`.

    Args:
        path: the file; entries after `step` are removed, because those steps are repeated.
        step: the step that the training continues from.

    Raises:
        JobError: the file cannot be written; `write` raises it, too.
    """

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        kept = [line for line in lines if _step(line) <= step]
        with wrap_write_errors(path):
            write_atomic(path, "".join(f"{line}\n" for line in kept))

    def write(self, event: str, step: int, values: Mapping[str, Any]) -> None:
        """Append an entry."""
        with wrap_write_errors(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "step": step, **values}) + "\n")


def _step(line: str) -> float:
    with suppress(ValueError, KeyError, TypeError):
        return float(json.loads(line)["step"])
    return float("inf")  # a line that a killed process left incomplete


class Stopwatch:
    """Adds the time since its last use to a progress."""

    def __init__(self) -> None:
        self._seconds, self._cpu_seconds = time.monotonic(), _cpu_seconds()

    def elapsed(self, progress: TrainingProgress) -> float:
        """Return the seconds of the training until now."""
        return progress.seconds + time.monotonic() - self._seconds

    def add_to(self, progress: TrainingProgress, group: WorkerGroup | None = None) -> None:
        """Add the elapsed time, and the CPU time of all processes of the group."""
        seconds, cpu = time.monotonic(), _cpu_seconds()
        # The CPU time of a data worker that has ended is no longer counted.
        spent = torch.tensor([max(cpu - self._cpu_seconds, 0.0)], dtype=torch.float64)
        if group is not None:
            group.all_reduce([spent])
        progress.seconds += seconds - self._seconds
        progress.cpu_seconds += spent.item()
        self._seconds, self._cpu_seconds = seconds, cpu


@dataclass
class Throughput:
    """Speed of the training steps, without validations and checkpoints."""

    steps: int = 0
    data_wait_seconds: float = 0.0
    seconds: float = 0.0

    def add(self, metrics: StepMetrics) -> None:
        """Count a step that ends now."""
        self.steps += 1
        self.data_wait_seconds += metrics.data_wait_seconds
        self.seconds += time.perf_counter() - metrics.started_at

    def rates(self, samples_per_step: int) -> dict[str, float]:
        """Return the samples per second and the fraction of the time spent waiting for data."""
        speed = self.steps * samples_per_step / self.seconds
        return {"samples_per_second": speed, "data_wait_fraction": self.data_wait_seconds / self.seconds}


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of its running data workers."""
    return time.process_time() + sum(_worker_seconds(child.pid) for child in multiprocessing.active_children())


def _worker_seconds(process: int | None) -> float:
    with suppress(OSError):  # the system has no /proc, or the worker has just ended
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def timed_batches(items: Iterator[ItemT]) -> Iterator[tuple[ItemT, float]]:
    """Yield items and the seconds spent waiting for each."""
    started = time.perf_counter()
    for item in items:
        yield item, time.perf_counter() - started
        started = time.perf_counter()
