"""The budget of a training: samples, or minutes whose decisions are recorded so that a resumed run repeats them."""

import json
import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipelines.io.atomic import wrap_write_errors
from pipelines.progress import format_duration
from pipelines.training.distributed import WorkerGroup, propagate_errors
from pipelines.training.settings import BaseTrainConfig
from pipelines.training.state import TrainingProgress

BUDGET_FILE = "budget.jsonl"
"""Decisions of a training with `minutes`: the fraction of the time that is spent, by step."""

_DECISION_STEPS = 5  # steps between decisions
_MAX_WARMUP = 0.1  # fraction of the time after which the warm-up ends although `warmup_steps` are not taken
_RESOLUTION = 1_000_000  # steps of a schedule by time
_SKIPPED_STEPS, _MEASURED_STEPS = 3, 10  # the first steps allocate memory and start processes
_LONG = 600  # seconds of a training that is announced


class SampleBudget:
    """Ends after `samples` samples.

    Attributes:
        total, unit: size of the budget and the noun of its units, for progress.
        steps: number of steps; None if it is unknown.
    """

    def __init__(self, config: BaseTrainConfig) -> None:
        self._config = config
        self.total, self.unit = config.samples, config.sample_unit
        self.steps: int | None = config.steps

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        # Counted from 1: a first step with a rate of 0 would have no effect.
        return self._config.optim.learning_rate(step + 1, self._config.steps)

    def has_ended(self, step: int, elapsed: Callable[[], float]) -> bool:
        """Whether no step follows after so many steps; `elapsed` returns the seconds of the training so far."""
        return step >= self._config.steps

    def done(self, progress: TrainingProgress) -> int:
        """Return the spent units."""
        return min(progress.step * self._config.samples_per_step, self.total)


class TimeBudget(SampleBudget):
    """Ends after `minutes` of training, validations included, and lowers the learning rate by elapsed time.

    Every `_DECISION_STEPS` steps the first process reads the clock; the spent fraction of the time decides the learning
    rate until the next decision. Decisions are recorded before they take effect, and a resumed training repeats those
    of the steps that it repeats.

    Args:
        config: settings with `minutes`.
        path: file of the decisions.
        group: the processes that train together.
    """

    def __init__(self, config: BaseTrainConfig, path: Path, group: WorkerGroup) -> None:
        super().__init__(config)
        assert config.minutes is not None
        self._seconds, self._path, self._group = 60 * config.minutes, path, group
        self.total, self.unit, self.steps = math.ceil(self._seconds), "seconds", None
        self._fractions: dict[int, float] = group.all_gather(_read_decisions(path) if group.rank == 0 else {})[0]
        self._optim = config.optim.model_copy(update={"warmup_steps": 0})

    def learning_rate(self, step: int) -> float:
        """See `SampleBudget`; the warm-up takes `warmup_steps`, but at most a tenth of the time."""
        fraction, warmup_steps = self._fractions.get(_decision_step(step), 0.0), self._config.optim.warmup_steps
        warmup = min(1.0, max((step + 1) / max(warmup_steps, 1), fraction / _MAX_WARMUP))
        return warmup * self._optim.learning_rate(min(round(fraction * _RESOLUTION), _RESOLUTION), _RESOLUTION)

    def has_ended(self, step: int, elapsed: Callable[[], float]) -> bool:
        """See `SampleBudget`; all processes must call it with the same step."""
        key = _decision_step(step)
        if key not in self._fractions:
            before = self._fractions.get(key - _DECISION_STEPS, 0.0)
            fraction = self._group.all_gather(max(before, round(elapsed() / self._seconds, 6)))[0]
            with propagate_errors(self._group):
                if self._group.rank == 0:
                    _append_decision(self._path, key, fraction)
            self._fractions[key] = fraction
        return self._fractions[key] >= 1

    def done(self, progress: TrainingProgress) -> int:
        """See `SampleBudget`."""
        return min(round(self._fractions.get(_decision_step(progress.step), 0.0) * self._seconds), self.total)


def make_budget(config: BaseTrainConfig, folder: Path, group: WorkerGroup | None = None) -> SampleBudget:
    """Return the budget of a training in a run directory."""
    if config.minutes is None:
        return SampleBudget(config)
    return TimeBudget(config, folder / BUDGET_FILE, group or WorkerGroup())


def _decision_step(step: int) -> int:
    return step - step % _DECISION_STEPS


def _read_decisions(path: Path) -> dict[int, float]:
    fractions: dict[int, float] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        with suppress(ValueError, KeyError, TypeError):  # a line that a killed process left incomplete
            entry = json.loads(line)
            fractions.setdefault(int(entry["step"]), float(entry["fraction"]))
    return fractions


def _append_decision(path: Path, step: int, fraction: float) -> None:
    with wrap_write_errors(path), path.open("a+b") as file:
        # An incomplete line of a killed process must not swallow this one.
        file.write((json.dumps({"step": step, "fraction": fraction}) + "\n").encode())


class SpeedEstimate:
    """Measures the first steps of a training, and then announces how long it will take.

    Args:
        config: settings.
        log: receives the message.
        steps: number of steps that follow; None if the budget is a time.
    """

    def __init__(self, config: BaseTrainConfig, log: Callable[[str], None], steps: int | None) -> None:
        self._config, self._log, self._steps = config, log, steps
        self._taken, self._started_at, self._waited = 0, 0.0, 0.0

    def add(self, data_wait_seconds: float) -> None:
        """Count a step that ends now."""
        self._taken += 1
        if self._taken == _SKIPPED_STEPS:
            self._started_at = time.monotonic()
        elif _SKIPPED_STEPS < self._taken <= _SKIPPED_STEPS + _MEASURED_STEPS:
            self._waited += data_wait_seconds
            if self._taken == _SKIPPED_STEPS + _MEASURED_STEPS:
                seconds = max(time.monotonic() - self._started_at, sys.float_info.epsilon)
                steps = None if self._steps is None else self._steps - self._taken
                message = describe_speed(self._config, seconds / _MEASURED_STEPS, steps, self._waited / seconds)
                if message:
                    self._log(message)


def describe_speed(
    config: BaseTrainConfig, step_seconds: float, steps: int | None, data_wait_fraction: float
) -> str | None:
    """Describe how long a training will take, and what halves it.

    Args:
        config: settings.
        step_seconds: duration of a step.
        steps: steps that are left; None if the budget is a time.
        data_wait_fraction: fraction of the time spent waiting for data.

    Returns:
        A message; None for a short training.
    """
    speed, unit = config.samples_per_step / step_seconds, config.sample_unit
    rate = f"{speed:,.0f} {unit}/s" if speed >= 10 else f"{speed:.2g} {unit}/s"
    waits = f"; steps wait for data {data_wait_fraction:.0%} of the time: try a larger data_workers"
    waits = waits if data_wait_fraction > 0.4 else ""
    if config.minutes is not None:
        count = 60 * config.minutes * speed
        return f"minutes={config.minutes:g} allow for about {count:,.0f} {unit} at {rate}, less validation{waits}"
    assert steps is not None
    seconds = steps * step_seconds
    if seconds < _LONG:
        return None
    return (
        f"this training will take about {format_duration(seconds)} at {rate}, and validation every "
        f"{config.validate_every:,} steps; samples={config.samples // 2} or minutes={max(round(seconds / 120), 1)} "
        f"halves it{waits}"
    )
