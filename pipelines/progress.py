"""How far a long job is: a bar on a terminal, a plain line now and then elsewhere. Both go to the error stream."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

_PAUSE = 5.0  # seconds between plain lines


class ProgressCounter:
    """Counts and says how far a job is. What was there before it started does not count as its speed.

    Args:
        total: units of the whole job.
        unit: what is counted, plural.
        done: units that an earlier run has finished.
        clock: seconds.
    """

    def __init__(self, total: int, unit: str, done: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.unit, self.done = total, unit, done
        self._before, self._clock, self._started = done, clock, clock()

    def advance(self, amount: int = 1) -> None:
        """Count finished units."""
        self.done += amount

    @property
    def rate(self) -> float:
        """Units a second since the start; 0 before the first."""
        elapsed = self._clock() - self._started
        return (self.done - self._before) / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """What is left at this speed; None before the first unit."""
        return (self.total - self.done) / self.rate if self.rate else None

    def __str__(self) -> str:
        counted = f"{self.done:,} of {self.total:,} {self.unit}"
        if self.seconds_left is None or self.done >= self.total:
            return counted
        return f"{counted}, {_rate(self.rate)} {self.unit}/s, {format_duration(self.seconds_left)} left"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def format_duration(seconds: float) -> str:
    """Seconds in words: "42 s", "3 min 5 s", "7 h 12 min", "3 d 4 h"."""
    whole = round(seconds)
    for size, name, smaller, smaller_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // smaller} {smaller_name}"
    return f"{whole} s"


class ProgressBar:
    """Shows a meter while it advances."""

    def __init__(self, meter: ProgressCounter, show: Callable[[ProgressCounter], None]) -> None:
        self.meter, self._show = meter, show

    def advance(self, amount: int = 1) -> None:
        """Count finished units."""
        self.meter.advance(amount)
        self._show(self.meter)


@contextmanager
def progress_bar(label: str, *, total: int, unit: str, done: int = 0) -> Iterator[ProgressBar]:
    """Show how far a job is.

    Args:
        label: what is being done ("drawing").
        total: units of the whole job.
        unit: what is counted, plural ("lines").
        done: units that an earlier run has finished.
    """
    console = Console(stderr=True)
    meter = ProgressCounter(total, unit, done)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
        # rich would send what is printed to the error stream: right beside a bar, wrong into a file or a pipe.
        with Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as bars:
            task = bars.add_task(label, total=total, completed=done, text=str(meter))
            yield ProgressBar(meter, lambda meter: _show_bar(bars, task, meter))
    else:
        lines = _PlainLines(console, label)
        yield ProgressBar(meter, lines.show)
        lines.print(meter)


def _show_bar(bars: Progress, task: TaskID, meter: ProgressCounter) -> None:
    bars.update(task, completed=meter.done, text=str(meter))


class _PlainLines:
    def __init__(self, console: Console, label: str) -> None:
        self._console, self._label, self._next = console, label, time.monotonic() + _PAUSE

    def show(self, meter: ProgressCounter) -> None:
        if time.monotonic() >= self._next:
            self.print(meter)
            self._next = time.monotonic() + _PAUSE

    def print(self, meter: ProgressCounter) -> None:
        self._console.print(f"{self._label}: {meter}", markup=False, highlight=False, soft_wrap=True)
