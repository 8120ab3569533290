"""From generated lines to an evaluation to a rebalanced recipe."""

import json
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from pipelines.cli.evaluation import evaluate_command
from pipelines.cli.quality import rebalance_command
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe

pytestmark = pytest.mark.train


def test_slices_of_a_generated_dataset_rebalance_its_recipe(published, tmp_path, monkeypatch):
    """The slices contain the path of the dataset, and the dataset contains the recipe."""
    generate("digits", tmp_path / "data", 30, workers=0, overrides=["output.height=20", "charset=ascii"])
    slices, out = tmp_path / "slices.json", tmp_path / "new.yaml"
    monkeypatch.chdir(tmp_path)
    evaluate_command(published / "recognizer", ["data"], slices=slices)
    monkeypatch.chdir(Path(__file__).parent)
    entry = json.loads(slices.read_text())["data"]
    assert {"font", "corpus", "effect", "ink_style", "background"} <= entry["lines"]["by"].keys()
    assert sum(part["total"] for part in entry["lines"]["by"]["ink_style"]) == 30
    assert sum(c["total"] for c in entry["characters"]["by"]["character"]) == entry["characters"]["total"]
    entry["lines"]["correct"] = min(entry["lines"]["correct"], 29)  # the published network may read every digit
    slices.write_text(json.dumps({"data": entry}))
    app = typer.Typer()
    app.command()(rebalance_command)
    result = CliRunner().invoke(app, [str(slices), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert resolve_recipe(str(out)).kind == "lines"
    assert yaml.safe_load(out.read_text())["output"]["height"] == 20
