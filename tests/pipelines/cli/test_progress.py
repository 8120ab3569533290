"""Progress: counts, rates and remaining time; a bar on a terminal, plain lines otherwise."""

import logging
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines import progress
from pipelines.progress import ProgressCounter, format_duration, progress_bar


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_units_of_an_earlier_run_do_not_count_for_the_rate():
    clock = Clock()
    counter = ProgressCounter(1000, "lines", done=800, clock=clock)
    assert counter.seconds_left is None
    clock.now += 10
    counter.advance(50)
    assert counter.rate == pytest.approx(5)
    assert counter.seconds_left == pytest.approx(30)
    assert str(counter) == "850 of 1,000 lines, 5 lines/s, 30 s left"


def test_rate_before_the_first_unit():
    clock = Clock()
    counter = ProgressCounter(10, "lines", clock=clock)
    clock.now += 10
    assert str(counter) == "0 of 10 lines"


def test_a_time_budget_has_no_rate():
    clock = Clock()
    counter = ProgressCounter(60, "seconds", clock=clock)
    clock.now += 10
    counter.advance(10)
    assert str(counter) == "10 of 60 seconds, 50 s left"
    clock.now += 5  # the budget is counted only every few steps
    assert str(counter) == "10 of 60 seconds, 50 s left"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min"), (90000, "1 d 1 h")]
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text


def test_plain_lines_in_a_log_file(capsys, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress.time, "monotonic", clock)
    with progress_bar("generating", total=100, unit="[lines]", done=1) as bar:
        for _ in range(70):
            clock.now += 1
            bar.advance()
    printed = capsys.readouterr()
    assert printed.out == ""
    counts = [line.partition(" [lines]")[0] for line in printed.err.splitlines()]
    assert counts == [f"generating: {done} of 100" for done in (31, 61, 71)]  # every 30 seconds, and at the end


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"])
def test_no_bar_in_a_log_file_whatever_the_environment(capsys, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    with progress_bar("generating", total=3, unit="lines") as bar:
        for _ in range(3):
            bar.advance()
    assert capsys.readouterr().err == "generating: 3 of 3 lines\n"


def test_no_progress_above_the_level_info(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger("pipelines"), "level", logging.WARNING)
    with progress_bar("generating", total=3, unit="lines") as bar:
        bar.advance(3)
    assert bar.counter.done == 3
    assert capsys.readouterr().err == ""


class Kernel:
    """What IPython offers in the kernel of a notebook: `display` with an identifier returns a handle."""

    def __init__(self, kernel: bool) -> None:
        self.shown, self.kernel = [], kernel

    def get_ipython(self):
        return SimpleNamespace(kernel=self) if self.kernel else SimpleNamespace()

    def display(self, shown, display_id):
        self.update(shown)
        return self

    def update(self, shown):
        self.shown.append(shown._repr_html_())


@pytest.mark.parametrize("kernel", [True, False])
def test_a_bar_in_a_notebook(capsys, monkeypatch, kernel):
    ipython, clock = Kernel(kernel), Clock()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=ipython.get_ipython))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=ipython.display))
    monkeypatch.setattr(progress.time, "monotonic", clock)
    with progress_bar("generating", total=100, unit="<lines>") as bar:
        for _ in range(100):
            clock.now += 0.03
            bar.advance()
    if kernel:
        assert capsys.readouterr().err == ""
        assert 10 < len(ipython.shown) < 20  # not a hundred times
        assert 'value="0" max="100"' in ipython.shown[0]
        assert 'value="100" max="100"' in ipython.shown[-1]
        assert "100 of 100 &lt;lines&gt;" in ipython.shown[-1]
    else:  # IPython in a terminal or a log file
        assert not ipython.shown
        assert "100 of 100" in capsys.readouterr().err


def test_output_is_not_redirected_to_the_bar():
    reading, writing = pty.openpty()
    code = (
        "from pipelines.progress import progress_bar\n"
        "with progress_bar('reading', total=1, unit='images') as bar:\n"
        "    print('a text')\n"
        "    bar.advance()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[3], stdout=subprocess.PIPE, stderr=writing, text=True, check=True,
    )  # fmt: skip
    os.close(writing)
    shown = os.read(reading, 100_000).decode()
    os.close(reading)
    assert done.stdout == "a text\n"
    assert "a text" not in shown
    assert "1 of 1 images" in shown
    assert "━" in shown
