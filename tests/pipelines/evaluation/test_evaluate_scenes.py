import json

import cv2
import numpy as np
import typer
from typer.testing import CliRunner

from pipelines.cli.evaluation import evaluate_command
from pipelines.jobs.importing import import_data


def test_repaired_labels_are_reported_and_all_outputs_agree(tmp_path, published):
    square = [[10, 10], [60, 12], [60, 30], [10, 28]]
    label = [
        {"transcription": "reversed", "points": square[::-1]},
        {"transcription": "two", "points": square[:2]},
        {"transcription": "fine", "points": square},
    ]
    (tmp_path / "0.png").write_bytes(cv2.imencode(".png", np.full((64, 96, 3), 200, np.uint8))[1].tobytes())
    (tmp_path / "labels.tsv").write_text(f"0.png\t{json.dumps(label)}\n")
    import_data(tmp_path / "labels.tsv", tmp_path / "data", workers=0)
    app = typer.Typer()
    app.command()(evaluate_command)
    sources = [str(tmp_path / "labels.tsv"), str(tmp_path / "data")]
    scores = tmp_path / "scores.json"
    network = str(published / "detector")
    report, slices = tmp_path / "report.html", tmp_path / "slices.json"
    written = ["--json", str(scores), "--report", str(report), "--slices", str(slices)]
    result = CliRunner().invoke(app, [network, *sources, "--max-side", "96", *written])
    assert result.exit_code == 0, result.output
    message = "labels.tsv: labels repaired: counterclockwise polygon (1); left out: polygon of 2 points (1)"
    assert message in result.stderr
    assert result.stderr.count("labels repaired") == 1  # the dataset contains only repaired labels
    assert [row["instances"] for row in json.loads(scores.read_text()).values()] == [2, 2]
    evaluations = json.loads(slices.read_text())
    assert list(evaluations) == sources
    assert {name: entry["scores"] for name, entry in evaluations.items()} == json.loads(scores.read_text())
    assert [entry["texts"]["no_overlap"] for entry in evaluations.values()] == [2, 2]  # the image shows no text
    assert report.read_text().count("Of the 2 others, 2 (100.0 %) have no detection") == 2
