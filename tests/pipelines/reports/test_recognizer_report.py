"""Analysis and report of predictions with known errors on lines with known provenance."""

import json
import re

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from models.metrics import recognition_scores
from pipelines.cli.evaluation import evaluate_command
from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import LinePrediction, RecognizerEvaluation, analyse_recognizer
from pipelines.evaluation.slice_report import recognizer_slices
from pipelines.io.line_row import LineRow
from pipelines.io.row import to_json
from pipelines.reports.recognizer_report import recognizer_report
from synthtext.core import Clusters

FONTS = ("Lato", "Serif", "Script")
EFFECTS = ((), ("blur",), ("blur", "noise"))
COLUMNS = ("font", "script", "corpus", "contrast", "effects")


def picture(width, height, ink=50, paper=200):
    pixels = np.full((height, width, 3), paper, np.uint8)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = ink
    return cv2.imencode(".png", pixels)[1].tobytes()


def line(number):
    text = "ab0d efghij"[: 1 + number % 11]
    return LineRow(
        key=f"key-{number}",
        image=picture(20 + 3 * number, 20 + number % 30, ink=50 + 10 * (number % 5)),
        path=f"{number}.png",
        text=text,
        width=20 + 3 * number,
        height=20 + number % 30,
        clusters=Clusters.empty(),
        font=FONTS[number % 3],
        script="Latn",
        corpus="words" if number % 4 else "",
        contrast=float("nan") if number % 7 == 0 else 30.0 + number,
        effects=EFFECTS[number % 2 + number % 3 // 2],
        meta=to_json(
            {"parameters": {"ink_style": "outline" if number % 5 else "plain", "background": "wood"}}
            if number % 6
            else {}
        ),
    )


ROWS = [line(number) for number in range(50)]


def read(source, wrong):
    """Return an evaluation in which the last character of the rows in `wrong` is misread."""
    texts = list(source.texts())
    readings = [text[:-1] + "O" if row in wrong else text for row, text in enumerate(texts)]
    found = (LinePrediction(row, f"{row}", *pair, 0.5) for row, pair in enumerate(zip(texts, readings, strict=True)))
    return RecognizerEvaluation(source, recognition_scores(texts, readings), tuple(found))


@pytest.fixture(params=["parquet", "lmdb"])
def generated(request, dataset, tmp_path):
    return open_line_source(dataset(tmp_path / "data", ROWS, request.param, size=20))


def bins(analysis, key):
    return {
        str(b.key.get("value", b.key.get("lower"))): b
        for s in analysis.slices
        for b in s.bins
        if s.attribute.key == key
    }


def test_source_returns_the_columns_that_were_written(generated):
    columns = generated.columns([*COLUMNS, "nonsense"])
    assert list(columns) == list(COLUMNS)
    for row, written in enumerate(ROWS):
        assert tuple(columns["effects"][row]) == written.effects
        assert [columns[name][row] for name in ("font", "script", "corpus")] == [written.font, "Latn", written.corpus]
        contrast = columns["contrast"][row]
        assert (contrast is None or np.isnan(contrast)) if np.isnan(written.contrast) else contrast == written.contrast
    assert generated.columns([]) == {}


def test_label_file_has_no_columns(tmp_path):
    (tmp_path / "0.png").write_bytes(picture(30, 20))
    (tmp_path / "labels.tsv").write_text("0.png\ta\n")
    assert open_line_source(tmp_path / "labels.tsv").columns(COLUMNS) == {}


def test_slices_count_errors_by_attribute(generated):
    wrong = {row for row, made in enumerate(ROWS) if made.font == "Script"}
    analysis = analyse_recognizer(read(generated, wrong))
    fonts = bins(analysis, "font")
    assert {name: (b.total, b.counts["correct"]) for name, b in fonts.items()} == {
        "Lato": (17, 17),
        "Serif": (17, 17),
        "Script": (16, 0),
    }
    effects = bins(analysis, "effect")
    assert {name: b.total for name, b in effects.items()} == {
        "none": sum(not made.effects for made in ROWS),
        "blur": sum("blur" in made.effects for made in ROWS),
        "noise": sum("noise" in made.effects for made in ROWS),
    }
    known = [number for number in range(50) if number % 6]
    plain = [number for number in known if number % 5 == 0]
    assert {name: b.total for name, b in bins(analysis, "ink_style").items()} == {
        "outline": len(known) - len(plain),
        "plain": len(plain),
        "None": 50 - len(known),
    }
    assert bins(analysis, "ink_style")["plain"].counts["correct"] == len([row for row in plain if row not in wrong])
    assert bins(analysis, "background")["wood"].total == len(known)
    lengths = bins(analysis, "length")
    assert lengths["10"].total == sum(len(made.text) in (10, 11) for made in ROWS)
    assert bins(analysis, "corpus")["None"].total == sum(not made.corpus for made in ROWS)
    assert bins(analysis, "rendered_contrast")["None"].total == sum(np.isnan(made.contrast) for made in ROWS)
    assert bins(analysis, "height")["32"].total == sum(32 <= made.height < 48 for made in ROWS)
    for name, low, high in (("80", 80, 120), ("120", 120, 256)):  # paper is 200
        expected = sum(low <= 150 - 10 * (number % 5) < high for number in range(50))
        assert bins(analysis, "contrast")[name].total == expected


def test_counts_of_bins_agree_with_totals_and_scores(generated):
    evaluation = read(generated, set(range(0, 50, 3)))
    analysis = analyse_recognizer(evaluation)
    tree = json.loads(json.dumps(recognizer_slices(analysis)))
    lines, scores = tree["lines"], evaluation.scores
    whole = {name: value for name, value in lines.items() if name != "by"}
    for key, cut in lines["by"].items():
        if key != "effect":
            assert {name: sum(entry[name] for entry in cut) for name in whole} == whole, key
    assert lines["total"] == scores.samples
    assert lines["correct"] == pytest.approx(scores.accuracy * scores.samples)
    assert lines["alphanumeric_correct"] == pytest.approx(scores.alphanumeric_accuracy * lines["alphanumeric"])
    assert lines["alphanumeric"] == scores.alphanumeric_samples
    assert sum(entry["errors"] for entry in tree["characters"]["confusions"]) == tree["characters"]["errors"]
    zeros = next(group for group in tree["characters"]["confusables"] if "0" in group["characters"])
    assert zeros["confused"] == sum(len(ROWS[row].text) == 3 for row in range(0, 50, 3)) > 0


def test_lines_without_provenance_are_measured(tmp_path):
    for number, (text, size) in enumerate({"קורא": (90, 30), "12.": (20, 40), "read": (400, 20)}.items()):
        (tmp_path / f"{number}.png").write_bytes(picture(*size))
        with (tmp_path / "labels.tsv").open("a", encoding="utf-8") as file:
            file.write(f"{number}.png\t{text}\n")
    analysis = analyse_recognizer(read(open_line_source(tmp_path / "labels.tsv"), {2}))
    assert {slicing.attribute.key for slicing in analysis.slices} == {
        *("length", "height", "width_per_character", "aspect_ratio", "contrast", "script")
    }
    assert {name: b.counts["correct"] for name, b in bins(analysis, "script").items()} == {
        "Hebr": 1,
        "Zyyy": 1,
        "Latn": 0,
    }
    assert list(bins(analysis, "width_per_character")) == [
        "None",
        "0.6",
        "1.2",
    ]  # 20 / 40 / 3, 90 / 30 / 4, 400 / 20 / 4
    assert bins(analysis, "contrast")["120"].total == 3


def test_report_has_a_row_for_every_bin_and_error(generated):
    analysis = analyse_recognizer(read(generated, {2, 13, 24, 7}))
    written = recognizer_report("grey lines", [analysis])
    for slicing in analysis.slices:
        figure = re.search(rf'<figure[^>]*data-slice="{slicing.attribute.key}">.*?</figure>', written, re.S)
        assert (figure is None) == (len(slicing.bins) == 1)
        if figure:
            assert figure.group().count('<th scope="row"') == len(slicing.bins)
    errors = re.search(r'<figure class="chart errors">.*?</figure>', written, re.S).group()
    assert f"{analysis.confusions.error_total} errors in {analysis.confusions.num_characters:,} characters" in written
    assert 'title="U+0030"' in errors
    assert written.count("data:image/png;base64,") == 4
    assert "no errors" in recognizer_report("right", [analyse_recognizer(read(generated, set()))])


def test_command_writes_scores_slices_and_report(dataset, published, tmp_path):
    data, slices, report = dataset(tmp_path / "data", ROWS[:6]), tmp_path / "slices.json", tmp_path / "report.html"
    app = typer.Typer()
    app.command()(evaluate_command)
    scores = tmp_path / "scores.json"
    options = ["--slices", str(slices), "--report", str(report), "--json", str(scores)]
    result = CliRunner().invoke(app, [str(published / "recognizer"), str(data), *options])
    assert result.exit_code == 0, result.output
    tree = json.loads(slices.read_text())
    assert {name: entry["scores"] for name, entry in tree.items()} == json.loads(scores.read_text())
    assert [entry["kind"] for entry in tree.values()] == ["recognizer"]
    assert 'data-slice="font"' in report.read_text()
