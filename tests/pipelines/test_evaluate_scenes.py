import json

import cv2
import numpy as np
import typer
from typer.testing import CliRunner

from pipelines.cli.evaluation import evaluate_command
from pipelines.jobs.import_formats import open_import_source


def test_labels_that_were_mended_are_told_and_the_page_and_the_slices_agree_with_the_scores(tmp_path, published):
    square = [[10, 10], [60, 12], [60, 30], [10, 28]]
    label = [
        {"transcription": "turned", "points": square[::-1]},
        {"transcription": "two", "points": square[:2]},
        {"transcription": "fine", "points": square},
    ]
    (tmp_path / "0.png").write_bytes(cv2.imencode(".png", np.full((64, 96, 3), 200, np.uint8))[1].tobytes())
    (tmp_path / "labels.tsv").write_text(f"0.png\t{json.dumps(label)}\n")
    open_import_source(tmp_path / "labels.tsv").write(tmp_path / "data")
    app = typer.Typer()
    app.command()(evaluate_command)
    sources = [str(tmp_path / "labels.tsv"), str(tmp_path / "data")]
    scores = tmp_path / "scores.json"
    network = str(published / "detector")
    report, slices = tmp_path / "report.html", tmp_path / "slices.json"
    written = ["--json", str(scores), "--report", str(report), "--slices", str(slices)]
    result = CliRunner().invoke(app, [network, *sources, "--max-side", "96", *written])
    assert result.exit_code == 0, result.output
    told = "labels.tsv: labels repaired: counterclockwise polygon (1); left out: polygon of 2 points (1)"
    assert told in result.stderr
    assert result.stderr.count("labels mended") == 1  # the data set holds mended labels alone
    assert [row["instances"] for row in json.loads(scores.read_text()).values()] == [2, 2]
    tree = json.loads(slices.read_text())
    assert list(tree) == sources
    assert {name: entry["scores"] for name, entry in tree.items()} == json.loads(scores.read_text())
    assert [entry["texts"]["no_detection"] for entry in tree.values()] == [2, 2]  # there is nothing to be seen
    assert report.read_text().count("Of the 2 others, 2 (100.0 %) have no detection on them") == 2
