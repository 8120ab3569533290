"""Polygons of any number of points, through import, shards, crops, export and import."""

import json
import sys

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app, main
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.datasets.scene_source import iterate_scenes


def bend(count, size, offset):
    """An outline of 2 * count points around a band that bends upwards."""
    x = np.linspace(0, size, count)
    y = 12 * ((x / size - 0.5) * 2) ** 2
    top = np.stack([x, y], 1) + offset
    return np.concatenate([top, np.add(top, (0, 24))[::-1]]).astype(np.float32)


def folder(path):
    """Three pictures in Total-Text's manner: 4 to 24 points."""
    path.mkdir()
    rng = np.random.default_rng(0)
    outlines = {}
    for number in range(3):
        image = np.asarray(cv2.resize(rng.integers(0, 256, (9, 12, 3), np.uint8), (320, 240)), np.uint8)
        (path / f"img{number}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
        lines = []
        for place in range(4):
            text = f"word {number}.{place}"
            outlines[text] = np.rint(bend(2 + 3 * place + number % 2, 250, (20 + number, 10 + 50 * place)))
            lines.append(",".join([*(f"{v:.0f}" for v in outlines[text].ravel()), text]))
        (path / f"poly_gt_img{number}.txt").write_text("\n".join(lines), encoding="utf-8")
    return path, outlines


def ocrmill(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result.output


def polygons_of(path):
    return {i.text: i.polygon for scene in iterate_scenes(open_scene_source(path)) for i in scene.instances}


def assert_same(found, outlines):
    assert found.keys() == outlines.keys()
    for text, polygon in outlines.items():
        np.testing.assert_array_equal(found[text], polygon)


def test_polygons_survive_import_shards_crops_and_export(tmp_path):
    source, outlines = folder(tmp_path / "total")
    assert {len(points) for points in outlines.values()} == {4, 6, 10, 12, 16, 18, 22, 24}
    ocrmill("import", source, "-o", tmp_path / "data")
    assert_same(polygons_of(tmp_path / "data"), outlines)

    ocrmill("crops", tmp_path / "data", "-o", tmp_path / "lines", "--workers", 0)
    rows = pq.read_table(tmp_path / "lines" / "shards" / "part-000000.parquet").to_pylist()
    assert_same({row["text"]: json.loads(row["meta"])["parameters"]["polygon"] for row in rows}, outlines)
    for row in rows:
        if len(outlines[row["text"]]) > 4:  # straightened: as long as the bent edge, no higher than the band
            assert row["width"] > 250
            assert abs(row["height"] - 24) <= 1

    for form in ("paddleocr", "lmdb"):
        said = ocrmill("export-data", tmp_path / "data", "-o", tmp_path / form, "--to", form)
        assert "not in this format" not in said
        again = tmp_path / form / "labels.tsv" if form == "paddleocr" else tmp_path / form
        assert_same(polygons_of(again), outlines)
        ocrmill("import", again, "-o", tmp_path / f"again-{form}")
        assert_same(polygons_of(tmp_path / f"again-{form}"), outlines)

    said = ocrmill("export-data", tmp_path / "data", "-o", tmp_path / "icdar", "--to", "icdar")
    assert "polygons without four corners, now rectangles (10)" in said
    assert {len(points) for points in polygons_of_icdar(tmp_path).values()} == {4}

    ocrmill("export-data", tmp_path / "lines", "-o", tmp_path / "words", "--to", "paddleocr")
    assert len(open_line_source(tmp_path / "words" / "labels.tsv")) == len(rows)


def polygons_of_icdar(tmp_path):
    ocrmill("import", tmp_path / "icdar", "-o", tmp_path / "again-icdar")
    return polygons_of(tmp_path / "again-icdar")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "nowhere", "-o", "data"], "nowhere: there is no such label file or folder"),
        (["import", "empty", "-o", "data"], "empty has no label file gt_*.txt"),
        (["import", "latin.txt", "-o", "data"], "latin.txt is not a label file: line 2 is not UTF-8 text"),
        (["import", "bad.json", "-o", "data"], "bad.json is not a file of COCO-Text"),
        (["import", "gone.txt", "-o", "data"], "not one of 2 scenes can be used: image missing (2)"),
        (["crops", "gone.txt", "-o", "data"], "not one text can be cut out: image missing (2)"),
        (["crops", "nowhere", "-o", "data"], "nowhere: there is no such dataset"),
        (
            ["export-data", "gone.txt", "-o", "data", "--to", "icdar"],
            "not one of 2 images can be used: image missing (2)",
        ),
        (["export-data", "lines.txt", "-o", "data", "--to", "icdar"], "lines.txt holds lines"),
        (["export-data", "gone.txt", "-o", ".", "--to", "lmdb"], "exists and is not an empty folder"),
    ],
)
def test_invalid_input_is_refused_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, says):
    label = '[{"transcription": "a", "points": [[1, 1], [40, 1], [40, 20], [1, 20]]}]'
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.txt").write_bytes(f"a.jpg\t{label}\nb.jpg\tcafé\n".encode("latin-1"))
    (tmp_path / "bad.json").write_text('{"imgs": 3}')
    (tmp_path / "gone.txt").write_text(f"a.jpg\t{label}\nb.jpg\t{label}\n")
    (tmp_path / "lines.txt").write_text("a.jpg\ttext\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["ocrmill", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1].startswith("ocrmill: ")
    assert says in said[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == before
