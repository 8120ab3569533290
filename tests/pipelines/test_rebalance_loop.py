"""From lines to an evaluation, and from that to a recipe."""

import json
from pathlib import Path

import typer
import yaml
from typer.testing import CliRunner

from pipelines.cli.evaluation import evaluate_command
from pipelines.cli.quality import rebalance_command
from pipelines.jobs.shard_job import generate
from pipelines.recipes.resolve import resolve_recipe


def test_the_loop_from_lines_to_a_recipe(published, tmp_path, monkeypatch):
    """Through the commands: the slices name the data set, the data set has the recipe."""
    generate("digits", tmp_path / "data", 60, workers=0, overrides=["output.height=20", "charset=ascii"])
    slices, out = tmp_path / "slices.json", tmp_path / "new.yaml"
    monkeypatch.chdir(tmp_path)
    evaluate_command(published / "recognizer", ["data"], slices=slices)
    monkeypatch.chdir(Path(__file__).parent)
    tree = json.loads(slices.read_text())["data"]
    assert {"font", "corpus", "effect", "ink_style", "background"} <= tree["lines"]["by"].keys()
    assert sum(cut["total"] for cut in tree["lines"]["by"]["ink_style"]) == 60
    assert sum(c["total"] for c in tree["characters"]["by"]["character"]) == tree["characters"]["total"]
    tree["lines"]["right"] = min(tree["lines"]["right"], 59)  # the published network may read every digit
    slices.write_text(json.dumps({"data": tree}))
    app = typer.Typer()
    app.command()(rebalance_command)
    result = CliRunner().invoke(app, [str(slices), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert resolve_recipe(str(out)).kind == "lines"
    assert yaml.safe_load(out.read_text())["output"]["height"] == 20
