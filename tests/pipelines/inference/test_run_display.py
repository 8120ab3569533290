"""The picture of a run directory in a notebook."""

import json
import re
from pathlib import Path

import pytest

from pipelines.inference.run import RecognizerRun
from pipelines.inference.run_display import read_curves, run_to_html

STEPS = 1_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    entries = [{"event": "train", "step": step, "loss": 8.0 / step} for step in range(1, STEPS)]
    entries += [{"event": "validation", "step": step, "score": step / STEPS} for step in (500, 900)]
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    (tmp_path / "metrics.jsonl").write_text(lines + '{"event": "train", "st')  # of a killed process
    (tmp_path / "best.json").write_text(json.dumps({"step": 900, "score": 0.9, "scores": {}}))
    return tmp_path


def test_curves_are_those_of_the_metrics(folder: Path) -> None:
    loss, score = read_curves(folder / "metrics.jsonl")
    assert (loss.title, loss.steps, loss.values[1]) == ("loss", list(range(1, STEPS)), 4.0)
    assert (score.steps, score.values) == ([500, 900], [0.5, 0.9])
    points = [tuple(map(float, point.split(","))) for point in re.search('points="([^"]+)"', loss.to_svg())[1].split()]
    assert 100 < len(points) <= 400
    heights = [y for _, y in points]
    assert heights == sorted(heights)  # the loss falls; y grows downwards
    assert points[0][0] < points[-1][0] <= 320


def test_a_run_shows_its_scores_and_curves(folder: Path) -> None:
    shown = RecognizerRun(folder)._repr_html_()
    assert "score 0.9 after step 900" in shown
    assert shown.count("<svg") == 2


def test_a_run_without_scores_shows_its_name(tmp_path: Path) -> None:
    assert run_to_html(tmp_path, "a < b") == "<div><strong>a &lt; b</strong></div>"
