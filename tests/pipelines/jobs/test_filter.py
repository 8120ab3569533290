"""Lines that are trivial or unreadable; the published recognizer is both the weak and the strong one."""

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from models.metrics import normalized_edit_distance
from pipelines.cli.quality import filter_command
from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.resolve import open_recognizer
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.line_row import LineRow
from pipelines.io.row import to_json
from pipelines.io.statistics import UNREADABLE
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.filtering import count_decisions, filter_lines
from pipelines.jobs.generation import generate
from pipelines.jobs.line_filter import KEPT_TRIVIAL, TRIVIAL, FilterSettings
from pipelines.jobs.repair import repair_dataset
from synthtext.core import Clusters, InputError

pytestmark = pytest.mark.slow

WORDS = ["HOUSE", "river", "4711", "BREAD", "light", "SALT", "train", "1984", "PAPER", "stone", "MILK", "cloud"]


def encoded(text, size=0.9):
    image = np.full((36, 20 + 20 * len(text), 3), 255, np.uint8)
    cv2.putText(image, text, (8, 28), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 2, cv2.LINE_AA)
    return cv2.imencode(".png", image)[1].tobytes()


def row(number):
    """Every third label is another word than the picture shows; one picture is broken, one label cannot be judged."""
    word = WORDS[number % len(WORDS)]
    image = encoded(word, size=0.9 - 0.05 * (number % 5))
    text = WORDS[(number + 5) % len(WORDS)] if number % 3 == 0 else word
    height, width = cv2.imdecode(np.frombuffer(image, np.uint8), 1).shape[:2]
    known = number % 4
    return LineRow(
        key=f"0badcafe{number:010d}",
        image=b"no picture" if number == 7 else image,
        path=f"0badcafe{number:010d}.png",
        text="שלום" if number == 9 else text,
        width=width,
        height=height,
        clusters=Clusters(np.array([0, len(text)], np.int32), np.full((1, 4, 2), number + 0.5, np.float32))
        if known and number != 9
        else Clusters.empty(),
        font=("Lato Bold", "Vollkorn")[number % 2],
        script="Latn",
        corpus="words",
        contrast=float("nan") if known == 0 else 10.5 + number,
        effects=("blur", "noise")[:known],
        meta=to_json({"parameters": {"style": "plain", "number": number}}),
    )


ROWS = [row(number) for number in range(16)]


@pytest.fixture(params=["parquet", "lmdb"])
def source(request, dataset, tmp_path):
    return str(dataset(tmp_path / "data", ROWS, request.param, size=6))


@pytest.fixture
def parquet(dataset, tmp_path):
    return str(dataset(tmp_path / "data", ROWS, size=6))


@pytest.fixture(scope="module")
def model(published):
    return published / "recognizer"


def run(*arguments):
    app = typer.Typer()
    app.command()(filter_command)
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "160"})


def table(folder):
    return {
        entry["key"]: entry
        for path in sorted((Path(folder) / "shards").glob("*.parquet"))
        for entry in pq.read_table(path).to_pylist()
    }


def decisions(folder):
    files = sorted((folder / "decisions").iterdir())
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".parquet", ".jsonl", ".yaml")
    }


@pytest.fixture(scope="module")
def readings(dataset, model, tmp_path_factory):
    """What an evaluation reads of all rows but the broken one."""
    rows = dataset(tmp_path_factory.mktemp("whole") / "data", [*ROWS[:7], *ROWS[8:]])
    return evaluate_recognizer(open_recognizer(model, runtime="torch"), open_line_source(rows)).predictions


def test_decisions_follow_from_the_readings_of_an_evaluation(source, readings, model, tmp_path):
    whole = [made for number, made in enumerate(ROWS) if number != 7]
    expected = {}
    for made, reading in zip(whole, readings, strict=True):
        if reading.label == reading.prediction and reading.confidence >= 0.9:
            expected[made.key] = TRIVIAL
        elif "ש" not in made.text and normalized_edit_distance(reading.label, reading.prediction) > 0.4:
            expected[made.key] = UNREADABLE
    assert {*expected.values()} == {TRIVIAL, UNREADABLE}
    assert len(expected) < len(whole)
    out, options = tmp_path / "out", {"confidence": 0.9, "max_edits": 0.4, "keep_trivial": 0}
    job = filter_lines(source, out, FilterSettings(model, model, **options), workers=0, shard_size=6)
    statistics = job.statistics
    kept, found = table(out), decisions(out)
    assert {
        entry["key"]: entry["decision"] for entry in found if entry["decision"] in (TRIVIAL, UNREADABLE)
    } == expected
    assert [entry["row"] for entry in found] == list(range(16))
    assert found[7] == {"row": 7, "decision": "image broken"}
    assert kept.keys() == {made.key for made in whole} - expected.keys()
    assert statistics.rows + statistics.skipped_count == 16
    summary = count_decisions(open_line_source(source), DatasetFolder(out))
    assert {"kept": summary.kept, **statistics.skipped} == summary.decisions
    assert summary.by_column["corpus"] == {"words": summary.decisions}
    dropped = {name: counts[TRIVIAL] + counts[UNREADABLE] for name, counts in summary.most_dropped("font")}
    assert sum(dropped.values()) == len(expected)
    assert list(dropped.values()) == sorted(dropped.values(), reverse=True)
    assert job.source.notes[:2] == tuple(
        f"1 labels have characters that the {noun} model does not know: none of them is {never}"
        for noun, never in (("weak", TRIVIAL), ("strong", UNREADABLE))
    )
    assert "strong" not in found[9]  # a label that it cannot write
    lines = open_line_source(out)
    for index, line in enumerate(lines.read(np.arange(len(lines)))):
        made = next(entry for entry in ROWS if entry.key == line.key)
        assert (line.image, line.text) == (made.image, made.text)
        entry = kept[line.key]
        assert (entry["font"], entry["corpus"], tuple(entry["effects"])) == (made.font, made.corpus, made.effects)
        assert json.loads(entry["meta"]) == json.loads(made.meta)
        np.testing.assert_allclose(entry["cluster_quads"], made.clusters.quads.ravel(), atol=1e-3)
        assert entry["cluster_offsets"] == made.clusters.offsets.tolist()
        assert entry["contrast"] == pytest.approx(made.contrast, nan_ok=True) or np.isnan(made.contrast)
        assert lines.sizes()[index].tolist() == [made.width, made.height]


def test_an_interrupted_filter_is_resumed_to_the_same_bytes(parquet, model, tmp_path, interrupt_after):
    whole, part = tmp_path / "whole", tmp_path / "part"

    def run(out, *models, **thresholds):
        return filter_lines(parquet, out, FilterSettings(model, *models, **thresholds), workers=0, shard_size=6)

    run(whole)
    interrupt_after(1, lambda: run(part))
    assert [path.name for path in sorted(part.glob("[ms]*/part-*"))] == ["part-000000.json", "part-000000.parquet"]
    assert not json.loads((part / "dataset.json").read_text())["complete"]
    stamp = (part / "shards" / "part-000000.parquet").stat().st_mtime_ns
    assert run(part).new_shards == 2
    assert (part / "shards" / "part-000000.parquet").stat().st_mtime_ns == stamp
    assert content(part) == content(whole)
    assert json.loads((part / "dataset.json").read_text())["complete"]
    before = content(part)
    assert run(part).new_shards == 0
    assert content(part) == before
    with pytest.raises(InputError, match=r"confidence was 0\.95, is 0\.5"):
        run(part, confidence=0.5)
    with pytest.raises(InputError, match=r"strong has changed"):
        run(part, model)
    assert content(part) == before


def test_keys_decide_which_trivial_lines_are_kept(parquet, dataset, model, tmp_path):
    def spared(name, source, share):
        filter_lines(source, tmp_path / name, FilterSettings(model, keep_trivial=share, confidence=0.5), workers=0)
        found = decisions(tmp_path / name)
        return [{entry["key"] for entry in found if entry["decision"] == one} for one in (KEPT_TRIVIAL, TRIVIAL)]

    some, none = spared("some", parquet, 0.5)
    assert some
    assert none
    half = str(dataset(tmp_path / "half", ROWS[8:], size=3))
    other, _ = spared("other", half, 0.5)
    assert other == some & {made.key for made in ROWS[8:]}
    every, nothing = spared("every", half, 1.0)
    assert other < every
    assert not nothing
    assert every <= table(tmp_path / "every").keys()


def test_a_label_file_is_filtered(draw_lines, model, tmp_path):
    labels = Path(draw_lines(tmp_path / "photos", ["HOUSE", "BREAD", "a", "STONE"]))
    labels.write_text("0.png\tHOUSE\n1.png\tchocolate cake\nmissing.png\tlost\n3.png\t \n")
    result = run(labels, "-o", tmp_path / "out", "--strong", model)
    assert result.exit_code == 0, result.output
    assert "skipped: empty label (1), image missing (1), unreadable (1)" in result.output
    assert "1 of 4 lines kept" in result.output
    (entry,) = table(tmp_path / "out").values()
    assert (entry["text"], entry["corpus"]) == ("HOUSE", "photos")
    assert json.loads(entry["meta"])["name"] == "0.png"
    assert entry["image"]["bytes"] == (tmp_path / "photos" / "0.png").read_bytes()
    assert "kind: filter" in (tmp_path / "out" / "recipe.yaml").read_text()
    (tmp_path / "out" / "decisions" / "part-000000.jsonl").unlink()
    again = run(labels, "-o", tmp_path / "out", "--strong", model)
    assert isinstance(again.exception, InputError)
    assert "has decisions about 0 of 4 lines; run ocrmill check --repair" in str(again.exception)


def test_a_filter_that_keeps_nothing_leaves_nothing(dataset, model, tmp_path):
    source = dataset(tmp_path / "data", [ROWS[0], ROWS[3]])
    result = run(source, "-o", tmp_path / "out", "--strong", model, "--max-edits", 0)
    assert isinstance(result.exception, InputError)
    assert str(result.exception).endswith("not one of 2 lines can be used: unreadable (2)")
    assert not (tmp_path / "out").exists()


def test_the_command_reports_dropped_lines(parquet, model, tmp_path):
    result = run(parquet, "-o", tmp_path / "out", "--weak", model, "--confidence", 0.5, "--keep-trivial", 0)
    assert result.exit_code == 0, result.output
    assert "of 16 lines kept" in result.output
    assert "skipped: trivial (" in result.output
    assert "Lato Bold" in result.output
    assert "1 labels have characters that the weak model does not know" in result.output


def test_invalid_input_is_refused_and_writes_nothing(parquet, published, model, draw_scenes, tmp_path):
    scenes, out = draw_scenes(tmp_path / "scenes", 2), tmp_path / "out"
    for source, options, message in (
        (parquet, [], "no model to filter with"),
        (parquet, ["--weak", tmp_path / "nowhere"], "there is no such"),
        (parquet, ["--strong", tmp_path / "none.onnx"], "there is no such file"),
        (parquet, ["--strong", published / "detector"], "is a detector"),
        (parquet, ["--strong", model, "--keep-trivial", 0.2], "name a weak model"),
        (parquet, ["--weak", model, "--max-edits", 0.2], "name a strong model"),
        (parquet, ["--weak", model, "--confidence", 1.2], "confidence 1.2 must be from 0 to 1"),
        (parquet, ["--weak", model, "--charset", tmp_path / "dictionary.txt"], "a dictionary is for ONNX files"),
        (tmp_path / "nothing", ["--weak", model], "there is no such dataset"),
        (scenes, ["--weak", model], "labels the texts of scenes"),
    ):
        result = run(source, "-o", out, *options)
        assert isinstance(result.exception, InputError), (options, result.output)
        assert message in str(result.exception)
        assert not out.exists()


def test_a_filtered_dataset_is_valid_and_can_be_repaired(model, s3, tmp_path):
    generate("digits", tmp_path / "data", 12, workers=0, shard_size=6)
    folder = tmp_path / "out"
    filter_lines(tmp_path / "data", folder, FilterSettings(model, keep_trivial=0.7), workers=0, shard_size=6)
    s3.copy(folder, "filtered")
    for place in (folder, s3.uri("filtered")):
        assert not check_dataset(place).problems.counts
    before = content(folder)
    path = folder / "shards" / "part-000001.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    (folder / "decisions" / "part-000000.jsonl").unlink()
    found = check_dataset(folder)
    assert dict(found.problems.counts) == {"checksum differs": 1, "decisions missing": 1}
    assert not repair_dataset(found).problems.counts
    assert content(folder) == before
