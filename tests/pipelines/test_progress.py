"""Counting, speed, time left; plain lines."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.progress import ProgressCounter, format_duration, progress_bar


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_what_an_earlier_run_did_is_no_speed():
    clock = Clock()
    meter = ProgressCounter(1000, "lines", done=800, clock=clock)
    assert meter.seconds_left is None
    clock.now += 10
    meter.advance(50)
    assert meter.rate == pytest.approx(5)
    assert meter.seconds_left == pytest.approx(30)
    assert str(meter) == "850 of 1,000 lines, 5 lines/s, 30 s left"


def test_nothing_yet_is_no_speed():
    clock = Clock()
    meter = ProgressCounter(10, "lines", clock=clock)
    clock.now += 10
    assert str(meter) == "0 of 10 lines"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min"), (90000, "1 d 1 h")]
)
def test_durations_in_words(seconds, text):
    assert format_duration(seconds) == text


def test_away_from_a_terminal_there_are_plain_lines(capsys):
    with progress_bar("drawing", total=3, unit="[lines]", done=1) as bar:
        bar.advance()
        bar.advance()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1].startswith("drawing: 3 of 3 [lines]")


def test_on_a_terminal_there_is_a_bar(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the stream for a terminal
    with progress_bar("drawing", total=3, unit="lines") as bar:
        bar.advance(3)
    printed = capsys.readouterr().err
    assert "━" in printed
    assert "3 of 3 lines" in printed


def test_what_is_printed_beside_a_bar_goes_where_it_should():
    ours, theirs = pty.openpty()
    code = (
        "from pipelines.progress import progress_bar\n"
        "with progress_bar('reading', total=1, unit='pictures') as bar:\n"
        "    print('a text')\n"
        "    bar.advance()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2], stdout=subprocess.PIPE, stderr=theirs, text=True, check=True,
    )  # fmt: skip
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.stdout == "a text\n"
    assert "a text" not in shown
    assert "1 of 1 pictures" in shown
