import json
import os
from collections import Counter
from functools import cache

import cv2
import lmdb
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.data import export_data_command as command
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.datasets.provenance import read_provenance
from pipelines.datasets.scene_labels import repair_polygon
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.errors import JobError
from pipelines.io.line_row import LineRow
from pipelines.io.scene_row import SceneRow, leaf_instances
from pipelines.jobs.export import export_data
from pipelines.jobs.importing import import_data
from synthtext.core import (
    AppliedEffect,
    Box,
    Clusters,
    InputError,
    Origin,
    Provenance,
    Sample,
    Scene,
    TextInstance,
    signed_area,
)

TEXTS = ("word", "1,000,000", "a, b", "日本", "שלום", " spaced ", 'say "it"', "tab\tin", "é", "")
DIGEST = "ca5cade0" * 8


@cache
def encoded(seed, suffix):
    return cv2.imencode(suffix, np.random.default_rng(seed).integers(0, 256, (300, 300, 3), np.uint8))[1].tobytes()


def polygon(rng, count, *, whole):
    """A simple polygon inside of the picture."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, count)) if count > 4 else np.deg2rad([225, 315, 45, 135])
    points = (rng.uniform(120, 180) + rng.uniform(25, 80) * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(
        np.float32
    )
    return np.rint(points) if whole else points


@cache
def scene(number, *, plain):
    """Plain: what a list of texts and quads of whole pixels holds; otherwise with all that there can be."""
    rng = np.random.default_rng(number)
    texts = []
    for k in range(number % 6):
        text = "###" if (ignore := bool(rng.random() < 0.2)) and plain else TEXTS[rng.integers(len(TEXTS))]
        points = polygon(rng, 4 if plain else int(rng.integers(4, 15)), whole=plain)
        if repair_polygon(points).problem:
            points = Box(10, 10, 60, 30).polygon()
        if plain:
            texts.append(TextInstance(text, points, ignore=ignore))
            continue
        clusters = Clusters(np.array([0, len(text)], np.int32), points[None, :4]) if text else Clusters.empty()
        origin = Origin("pasted", "bank", k) if k % 2 else Origin("rendered")
        parent = 0 if k and rng.random() < 0.5 else -1
        texts.append(TextInstance(text, points, clusters, ignore, "line" if k == 0 else "word", parent, origin))
    image, suffix = encoded(number, ".png" if number % 2 else ".jpg"), ".png" if number % 2 else ".jpg"
    pixels = np.zeros((300, 300, 3), np.uint8)
    return SceneRow.from_scene(Scene(f"ca5cade0{number:010d}", pixels, tuple(texts)), image, suffix)


def assert_same(found, put, *, atol=0.0):
    assert (found.text, found.ignore, found.level) == (put.text, put.ignore, put.level)
    assert (found.parent, found.origin) == (put.parent, put.origin)
    np.testing.assert_allclose(found.polygon, put.polygon, atol=atol)
    np.testing.assert_array_equal(found.clusters.offsets, put.clusters.offsets)
    np.testing.assert_allclose(found.clusters.quads, put.clusters.quads, atol=atol)


def again(out, form, data):
    """What was exported, imported again."""
    statistics = import_data(
        out / "labels.tsv" if form == "paddleocr" else out, data, source_format=form, workers=0
    ).statistics
    assert not statistics.skipped
    assert not statistics.problems
    return list(iterate_scenes(open_scene_source(data)))


@pytest.mark.parametrize("form", ["paddleocr", "icdar", "lmdb"])
def test_supported_content_survives_export_and_import(dataset, tmp_path, form):
    rows = [scene(number, plain=True) for number in range(24)]
    done = export_data(dataset(tmp_path / "data", rows), form, tmp_path / "out")
    assert (done.kind, done.images, done.unsupported) == ("scenes", 24, Counter())
    assert done.texts == sum(len(row.instances) for row in rows)
    scenes = again(tmp_path / "out", form, tmp_path / "again")
    assert [one.image for one in scenes] == [row.image for row in rows]
    for one, row in zip(scenes, rows, strict=True):
        assert len(one.instances) == len(row.instances)
        for found, put in zip(one.instances, row.instances, strict=True):
            assert_same(found, put)


def test_lmdb_supports_everything(dataset, tmp_path):
    rows = [scene(number, plain=False) for number in range(24)]
    done = export_data(dataset(tmp_path / "data", rows), "lmdb", tmp_path / "out")
    assert done.unsupported == Counter()
    for one, row in zip(again(tmp_path / "out", "lmdb", tmp_path / "again"), rows, strict=True):
        assert len(one.instances) == len(row.instances)
        for found, put in zip(one.instances, row.instances, strict=True):
            assert_same(found, put, atol=6e-4)
    with lmdb.open(str(tmp_path / "out"), readonly=True, lock=False) as environment, environment.begin() as transaction:
        assert transaction.get(b"num-samples") == b"24"
        label = json.loads(transaction.get(b"label-000000005"))
    assert len(label) == len(leaf_instances(rows[4].instances))


def test_paddleocr_keeps_polygons_and_reports_what_it_does_not_support(dataset, tmp_path):
    rows = [scene(number, plain=False) for number in range(40)]
    done = export_data(dataset(tmp_path / "data", rows), "paddleocr", tmp_path / "out")
    written = [leaf_instances(row.instances) for row in rows]
    every = [leaf for one in written for leaf in one]
    assert done.texts == len(every)
    assert done.unsupported == +Counter(
        {
            "lines and blocks around other texts": sum(len(row.instances) for row in rows) - len(every),
            "levels other than word": sum(leaf.level != "word" for leaf in every),
            "texts' clusters": sum(len(leaf.clusters) > 0 for leaf in every),
            "texts' origins": sum(leaf.origin.kind != "real" for leaf in every),
            "transcriptions of ignored texts": sum(leaf.ignore for leaf in every),
        }
    )
    assert min(done.unsupported.values()) > 0
    assert {len(leaf.polygon) for leaf in every} > {4, 5, 9, 14}
    for one, put in zip(again(tmp_path / "out", "paddleocr", tmp_path / "again"), written, strict=True):
        for found, leaf in zip(one.instances, put, strict=True):
            assert_same(
                found, TextInstance("###" if leaf.ignore else leaf.text, leaf.polygon, ignore=leaf.ignore), atol=6e-4
            )


def test_icdar_rounds_to_rectangles_of_whole_pixels_and_reports_it(dataset, tmp_path):
    rows = [scene(number, plain=False) for number in range(40)]
    done = export_data(dataset(tmp_path / "data", rows), "icdar", tmp_path / "out")
    every = [leaf for row in rows for leaf in leaf_instances(row.instances)]
    assert done.unsupported["polygons without four corners, now rectangles"] == sum(len(i.polygon) != 4 for i in every)
    assert 0 < done.unsupported["texts' corners, now whole pixels"] <= len(every)
    assert "texts thinner than a pixel, left out" not in done.unsupported
    scenes = again(tmp_path / "out", "icdar", tmp_path / "again")
    found = [i for one in scenes for i in one.instances]
    assert [i.text for i in found] == ["###" if leaf.ignore else leaf.text for leaf in every]
    for one, leaf in zip(found, every, strict=True):
        assert one.polygon.shape == (4, 2)
        np.testing.assert_array_equal(one.polygon, np.rint(one.polygon))
        outside = [cv2.pointPolygonTest(one.polygon, tuple(map(float, p)), True) for p in leaf.polygon]
        assert min(outside) > -1.0
        if len(leaf.polygon) == 4:
            assert np.abs(one.polygon - leaf.polygon).max() <= 0.5


def only(*instances):
    image = encoded(0, ".png")
    return [SceneRow.from_scene(Scene("ca5cade00", np.zeros((300, 300, 3), np.uint8), instances), image, ".png")]


def test_texts_that_a_format_changes_are_counted(dataset, tmp_path):
    thin = TextInstance("thin", np.array([[10, 10.1], [40, 10.1], [40, 10.4], [10, 10.4]], np.float32))
    broken = TextInstance("two\nlines", Box(10, 20, 40, 30).polygon())
    stars = TextInstance("*", Box(10, 40, 40, 50).polygon())
    data = dataset(tmp_path / "data", only(thin, broken, stars))
    done = export_data(data, "icdar", tmp_path / "icdar")
    assert (done.texts, done.unsupported["texts thinner than a pixel, left out"]) == (2, 1)
    assert done.unsupported["line breaks in texts, now spaces"] == 1
    assert done.unsupported["texts that now read as ignored"] == 1
    (one,) = again(tmp_path / "icdar", "icdar", tmp_path / "again")
    assert [(i.text, i.ignore) for i in one.instances] == [("two lines", False), ("*", True)]
    assert export_data(data, "paddleocr", tmp_path / "paddle").unsupported == {"texts that now read as ignored": 1}


def line(number, text):
    quads = np.stack([Box(k, 0, k + 1, 20).polygon() for k in range(len(text))]) if text else np.zeros((0, 4, 2))
    meta = Provenance("Lato Bold", "Latn", "words", 90.0, (AppliedEffect("blur", {"sigma": 1.0}),))
    clusters = Clusters(np.arange(len(text) + 1, dtype=np.int32), quads.astype(np.float32))
    sample = Sample(f"ca5cade0{number:010d}", np.zeros((20, 60, 3), np.uint8), text, clusters, meta)
    return LineRow.from_sample(sample, cv2.imencode(".png", sample.image + number)[1].tobytes(), ".png")


@pytest.mark.parametrize("form", ["paddleocr", "lmdb"])
@pytest.mark.parametrize("stored", ["parquet", "lmdb"])
def test_lines_survive_export_and_import(dataset, tmp_path, form, stored):
    rows = [line(number, text) for number, text in enumerate(t for t in TEXTS if t)]
    done = export_data(dataset(tmp_path / "data", rows, stored), form, tmp_path / "out")
    assert (done.kind, done.images, done.texts) == ("lines", 9, 9)
    path = tmp_path / "out" / "labels.tsv" if form == "paddleocr" else tmp_path / "out"
    found = open_line_source(path).read(np.arange(9))
    assert [(one.image, one.text) for one in found] == [(row.image, row.text) for row in rows]
    if form == "paddleocr":
        assert done.unsupported == {"lines' clusters": 9, "lines' fonts, corpora and effects": 9}
        names = [row.key for row in rows] if stored == "parquet" else [f"img_{number}" for number in range(1, 10)]
        assert [one.key for one in found] == [f"images/{name}.png" for name in names]
    else:
        assert done.unsupported == {}
        made = read_provenance(open_line_source(path), np.arange(9))
        assert {one.meta.font for one in made} == {"Lato Bold"}
        np.testing.assert_array_equal(made[3].clusters.quads, rows[3].clusters.quads)


def test_a_folder_that_is_not_empty_is_refused(dataset, tmp_path):
    data = dataset(tmp_path / "data", only(TextInstance("a", Box(1, 1, 9, 9).polygon())))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    for out in (tmp_path / "out", tmp_path / "out" / "mine"):
        with pytest.raises(InputError, match="not an empty folder"):
            export_data(data, "icdar", out)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    export_data(data, "icdar", tmp_path / "empty")
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == ["gt", "images"]
    with pytest.raises(JobError, match="cannot be written"):
        export_data(data, "icdar", tmp_path / "out" / "mine" / "below")


@pytest.mark.parametrize("form", ["paddleocr", "icdar", "lmdb"])
def test_a_failed_export_leaves_nothing(tmp_path, form):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "0.png").write_bytes(encoded(0, ".png"))
    labels = tmp_path / "photos" / "labels.tsv"
    entry = '[{"transcription": "a", "points": [[1, 1], [40, 1], [40, 20], [1, 20]]}]'
    labels.write_text(f"1.png\t{entry}\nlabels.tsv\t{entry}\n0.png\t[{{")
    unusable = r"not one of 3 images can be used: image broken \(1\), image missing \(1\), label unreadable \(1\)"
    with pytest.raises(InputError, match=unusable):
        export_data(labels, form, tmp_path / "out")
    labels.write_text("".join(f"{number}.png\t{entry}\n" for number in range(2)))

    def stop(_count):
        raise KeyboardInterrupt

    (tmp_path / "photos" / "1.png").write_bytes(encoded(1, ".png"))
    with pytest.raises(KeyboardInterrupt):
        export_data(labels, form, tmp_path / "out", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    gone, alive, other = (
        tmp_path / f".tmp-{name}-0123abcd" for name in ("out-99999999", f"out-{os.getpid()}", "out-a-9")
    )
    for path in (gone, alive, other):  # of a process that was killed, of one at work, of another export
        path.mkdir()
    assert export_data(labels, form, tmp_path / "out").texts == 2
    assert [path.exists() for path in (gone, alive, other)] == [False, True, True]


@pytest.mark.parametrize("form", ["paddleocr", "icdar", "lmdb"])
def test_unreadable_scenes_are_left_out_and_counted(dataset, tmp_path, form):
    rows = [scene(number, plain=True) for number in range(20)]
    export_data(dataset(tmp_path / "data", rows), "paddleocr", tmp_path / "all")
    labels = tmp_path / "all" / "labels.tsv"
    lines = labels.read_text().splitlines()
    names = [line.partition("\t")[0] for line in lines]
    lines[1] = f"{names[1]}\t[{{oops"
    labels.write_text("\n".join(lines))
    (labels.parent / names[3]).unlink()
    (labels.parent / names[17]).write_bytes(b"no picture")
    done = export_data(labels, form, tmp_path / "out")
    assert done.left_out == {"label unreadable": 1, "image missing": 1, "image broken": 1}
    good = [row for number, row in enumerate(rows) if number not in (1, 3, 17)]
    assert (done.images, done.texts) == (17, sum(len(row.instances) for row in good))
    assert [one.image for one in again(tmp_path / "out", form, tmp_path / "again")] == [row.image for row in good]


@pytest.mark.parametrize("form", ["paddleocr", "lmdb"])
def test_lines_without_an_image_are_left_out_and_counted(dataset, tmp_path, form):
    rows = [line(number, f"text {number}") for number in range(9)]
    export_data(dataset(tmp_path / "data", rows), "paddleocr", tmp_path / "all")
    labels = tmp_path / "all" / "labels.tsv"
    (labels.parent / labels.read_text().splitlines()[4].partition("\t")[0]).unlink()
    done = export_data(labels, form, tmp_path / "out")
    assert (done.images, done.left_out) == (8, {"image missing": 1})
    source = open_line_source(tmp_path / "out" / "labels.tsv" if form == "paddleocr" else tmp_path / "out")
    assert list(source.texts()) == [f"text {number}" for number in range(9) if number != 4]


def test_the_command_reports_what_is_not_supported(dataset, tmp_path):
    bent = np.array([[5, 20], [20, 5], [40, 20], [40, 40], [20, 25], [5, 40]], np.float32)
    texts = TextInstance("bent", bent), TextInstance("secret", bent + 100, ignore=True)
    assert signed_area(bent) > 0
    data = dataset(tmp_path / "data", only(*texts))
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(data), "-o", str(tmp_path / "out"), "--to", "icdar"])
    assert result.exit_code == 0, result.output
    assert "1 scenes with 2 texts" in result.output
    assert "not supported by this format: polygons without four corners, now rectangles (2), " in result.output
    assert "transcriptions of ignored texts (1)" in result.output
    rows = [line(number, text) for number, text in enumerate("ab")]
    result = CliRunner().invoke(app, [str(dataset(tmp_path / "l", rows)), "-o", str(tmp_path / "x"), "--to", "icdar"])
    assert isinstance(result.exception, InputError)
    assert not (tmp_path / "x").exists()
