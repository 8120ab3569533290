"""Progress of long jobs: a bar on a terminal or in a notebook, else a plain line on the error stream now and then."""

import html
import importlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

_LINE_INTERVAL = 30.0  # seconds between plain lines
_UPDATE_INTERVAL = 0.2  # seconds between updates of a bar in a notebook


class ProgressCounter:
    """Counts finished units, and estimates the remaining time.

    Args:
        total: units of the whole job.
        unit: noun of the units, plural.
        done: units that an earlier run has finished, which do not count for the rate.
        clock: returns seconds.
    """

    def __init__(self, total: int, unit: str, done: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.unit, self.done = total, unit, done
        self._initial, self._clock, self._started = done, clock, clock()

    def advance(self, amount: int = 1) -> None:
        """Count finished units."""
        self.done += amount

    @property
    def rate(self) -> float:
        """Units per second since the start; 0 before the first."""
        elapsed = self._clock() - self._started
        return (self.done - self._initial) / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated remaining time; None before the first unit. The units of a time budget are its seconds."""
        if self.unit == "seconds":
            return float(self.total - self.done)
        return (self.total - self.done) / self.rate if self.rate else None

    def __str__(self) -> str:
        counted = f"{self.done:,} of {self.total:,} {self.unit}"
        if self.seconds_left is None or self.done >= self.total:
            return counted
        left = f"{format_duration(self.seconds_left)} left"
        if self.unit == "seconds":
            return f"{counted}, {left}"
        rate = f"{self.rate:,.0f}" if self.rate >= 10 else f"{self.rate:.2g}"
        return f"{counted}, {rate} {self.unit}/s, {left}"


def format_duration(seconds: float) -> str:
    """Format a duration: "42 s", "3 min 5 s", "7 h 12 min", "3 d 4 h"."""
    whole = round(seconds)
    for size, name, smaller, smaller_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // smaller} {smaller_name}"
    return f"{whole} s"


class ProgressBar:
    """Shows a counter whenever it advances."""

    def __init__(self, counter: ProgressCounter, show: Callable[[ProgressCounter], None]) -> None:
        self.counter, self._show = counter, show

    def advance(self, amount: int = 1) -> None:
        """Count finished units, and show the counter."""
        self.counter.advance(amount)
        self._show(self.counter)


@contextmanager
def progress_bar(label: str, *, total: int, unit: str, done: int = 0) -> Iterator[ProgressBar]:
    """Show the progress of a job, unless the level of the logger `pipelines` is above INFO (`ocrmill --quiet`).

    Args:
        label: what is being done ("generating").
        total: units of the whole job.
        unit: noun of the units, plural ("lines").
        done: units that an earlier run has finished.
    """
    counter = ProgressCounter(total, unit, done)
    if logging.getLogger("pipelines").level > logging.INFO:
        yield ProgressBar(counter, lambda _: None)
        return
    if (display := _notebook_display()) is not None:
        shown = _NotebookBar(display, label, counter)
        yield ProgressBar(counter, shown.show)
        shown.update()
        return
    console = Console(stderr=True)
    if not console.file.isatty():  # rich takes a log file for a terminal if FORCE_COLOR is set, as in many CI systems
        lines = _PlainLines(console, label)
        yield ProgressBar(counter, lines.show)
        lines.write(counter)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
    # rich redirects stdout to the error stream, which suits a terminal, but no file or pipe.
    with Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as bars:
        task = bars.add_task(label, total=total, completed=done, text=str(counter))
        yield ProgressBar(counter, lambda counter: bars.update(task, completed=counter.done, text=str(counter)))


def _notebook_display() -> Callable[..., Any] | None:
    """Return `IPython.display.display` if this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")  # never imported here: a kernel has it
    if ipython is None or not hasattr(ipython.get_ipython(), "kernel"):
        return None
    display: Callable[..., Any] = importlib.import_module("IPython.display").display
    return display


class _NotebookBar:
    """A bar in the output of a notebook's cell, updated at most every `_UPDATE_INTERVAL` seconds."""

    def __init__(self, display: Callable[..., Any], label: str, counter: ProgressCounter) -> None:
        self._label, self._counter, self._shown_at = label, counter, time.monotonic()
        self._handle = display(self, display_id=True)

    def show(self, counter: ProgressCounter) -> None:
        if time.monotonic() - self._shown_at >= _UPDATE_INTERVAL:
            self.update()

    def update(self) -> None:
        self._shown_at = time.monotonic()
        self._handle.update(self)

    def __repr__(self) -> str:
        return f"{self._label}: {self._counter}"

    def _repr_html_(self) -> str:
        bar = f'<progress value="{self._counter.done}" max="{self._counter.total}"></progress>'
        return f"<div>{html.escape(self._label)} {bar} {html.escape(str(self._counter))}</div>"


class _PlainLines:
    """Writes a line at most every `_LINE_INTERVAL` seconds."""

    def __init__(self, console: Console, label: str) -> None:
        self._console, self._label, self._written_at = console, label, time.monotonic()

    def show(self, counter: ProgressCounter) -> None:
        if time.monotonic() - self._written_at >= _LINE_INTERVAL:
            self.write(counter)
            self._written_at = time.monotonic()

    def write(self, counter: ProgressCounter) -> None:
        self._console.print(f"{self._label}: {counter}", markup=False, highlight=False, soft_wrap=True)
