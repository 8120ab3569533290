import json

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.data import crops_command
from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.errors import JobError
from pipelines.io.scene_row import SceneRow
from pipelines.jobs.crop_cutting import select_instances
from pipelines.jobs.crops import CropsSource, crops
from synthtext.core import Box, InputError, Origin, Scene, Size, TextInstance


def arc(count, first=200.0, last=340.0):
    """An outline around a bent band: along its top and back along its bottom; x from the left."""
    angles = np.deg2rad(np.linspace(first, last, count))
    directions = np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.concatenate([160 + 120 * directions, (160 + 90 * directions)[::-1]]).astype(np.float32)


def instance(text="text", left=10.0, **changes):
    return TextInstance(text, Box(left, 10, left + 40, 25).polygon(), **changes)


def test_texts_are_selected_by_level_and_usability():
    texts = [
        instance("a line", level="line"),
        instance("a", parent=0),
        instance("line", parent=0),
        instance("###", ignore=True),
        instance("  "),
        instance("alone", level="line"),
        TextInstance("vast", Box(0, 0, 5e5, 5e5).polygon()),
    ]
    size = Size(100, 50)
    leaves, lines, blocks = (select_instances(texts, size, level) for level in ("leaves", "line", "block"))
    assert leaves.selected == (1, 2, 5)
    assert sorted(leaves.left_out) == ["ignored", "larger than an image", "of another level", "without a text"]
    assert lines.selected == (0, 5)
    assert select_instances(texts, size, "word").selected == (1, 2)
    assert blocks.selected == ()
    assert len(blocks.left_out) == 7


def encoded(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def scene(number):
    rng = np.random.default_rng(number)
    image = np.asarray(cv2.resize(rng.integers(0, 256, (8, 10, 3), np.uint8), (200, 160)), np.uint8)
    texts = [
        TextInstance(f"text {number}.{k}", Box(10 + 7 * k, 5 + 30 * k, 90 + 20 * k, 28 + 30 * k).polygon())
        for k in range(number % 5)
    ]
    texts += [TextInstance("###", Box(5, 5, 9, 9).polygon(), ignore=True)]
    if number % 3 == 0:
        texts.append(TextInstance("bent é", arc(6) * 0.5, origin=Origin("pasted", "bank", 7)))
    return Scene(f"0badcafe{number:010d}", image, tuple(texts))


@pytest.fixture
def scenes(dataset):
    """Write a dataset of scenes."""

    def write(path, count=12, size=5, form="parquet"):
        return dataset(
            path, [SceneRow.from_scene(s, encoded(s.image), ".png") for s in map(scene, range(count))], form, size
        )

    return write


def expected_lines(count=12):
    return [(s.key, place) for s in map(scene, range(count)) for place, i in enumerate(s.instances) if not i.ignore]


def content(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "shards").glob("*.parquet"))}


def command(*arguments):
    app = typer.Typer()
    app.command()(crops_command)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_every_usable_text_becomes_a_line_with_provenance(scenes, tmp_path):
    path = scenes(tmp_path / "scenes")
    result = command(path, "-o", tmp_path / "lines", "--image-format", "png", "--workers", 0)
    assert result.exit_code == 0, result.output
    assert "texts left out: ignored (12)" in result.output
    table = pq.read_table(tmp_path / "lines" / "shards" / "part-000000.parquet").to_pylist()
    metas = [json.loads(row["meta"])["parameters"] for row in table]
    assert [(meta["scene"], meta["instance"]) for meta in metas] == expected_lines()
    by_key = {s.key: s for s in map(scene, range(12))}
    for row, meta in zip(table, metas, strict=True):
        whole = by_key[meta["scene"]]
        source = whole.instances[meta["instance"]]
        assert row["text"] == source.text
        assert meta["origin"]["kind"] == source.origin.kind
        np.testing.assert_allclose(meta["polygon"], source.polygon, atol=1e-3)
        assert row["corpus"] == "scenes"
        image = decode_image(row["image"]["bytes"], "")
        if len(source.polygon) == 4:  # upright boxes come out as they are
            (left, top), (right, bottom) = source.polygon[0].astype(int), source.polygon[2].astype(int)
            np.testing.assert_array_equal(image, whole.image[top:bottom, left:right])
    assert [len(meta["polygon"]) for meta in metas].count(12) == 4
    assert open_line_source(tmp_path / "lines").sizes().shape == (len(metas), 2)


def test_shard_size_and_format_do_not_change_lines(scenes, tmp_path):
    path, count = scenes(tmp_path / "scenes"), len(expected_lines())
    assert crops(path, tmp_path / "one", workers=0, shard_size=9).rows == count
    crops(path, tmp_path / "whole", workers=0, format="lmdb")
    every = np.arange(count)
    parts, whole = (open_line_source(tmp_path / name).read(every) for name in ("one", "whole"))
    assert [(line.image, line.text) for line in parts] == [(line.image, line.text) for line in whole]


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_the_format_of_scenes_does_not_change_the_fingerprint(scenes, tmp_path, form):
    one, other = (
        CropsSource.from_scenes(scenes(tmp_path / "a")),
        CropsSource.from_scenes(scenes(tmp_path / "b", size=7, form=form)),
    )
    assert one.fingerprint == other.fingerprint
    assert CropsSource.from_scenes(scenes(tmp_path / "c", count=11)).digest != one.digest


def test_a_job_is_resumed_and_other_settings_are_refused(scenes, tmp_path):
    path, out = scenes(tmp_path / "scenes"), tmp_path / "lines"
    crops(path, out, workers=0, shard_size=6)
    before = content(out)
    lost = out / "manifests" / "part-000001.json"
    lost.unlink()
    stamp = (out / "shards" / "part-000000.parquet").stat().st_mtime_ns
    crops(path, out, workers=0, shard_size=6)
    assert content(out) == before
    assert lost.exists()
    assert (out / "shards" / "part-000000.parquet").stat().st_mtime_ns == stamp
    with pytest.raises(InputError, match="image format was jpeg, is png"):
        crops(path, out, image_format="png", workers=0, shard_size=6)
    with pytest.raises(InputError, match="scenes has changed"):
        crops(scenes(tmp_path / "more", 13), out, workers=0, shard_size=6)


def label_file(folder, labels):
    folder.mkdir()
    lines = []
    for number, label in enumerate(labels):
        (folder / f"{number}.png").write_bytes(encoded(scene(number).image))
        lines.append(f"{number}.png\t{json.dumps(label)}\n")
    (folder / "labels.tsv").write_text("".join(lines))
    return folder / "labels.tsv"


def entry(text, points=((10, 10), (60, 12), (60, 30), (10, 28))):
    return {"transcription": text, "points": points}


def test_scenes_that_cannot_be_read_are_counted(tmp_path):
    path = label_file(tmp_path / "photos", [[entry("a"), entry("b")]] * 5)
    (tmp_path / "photos" / "1.png").unlink()
    (tmp_path / "photos" / "2.png").write_text("no picture")
    path.write_text(path.read_text().replace("3.png\t[", "3.png\t{"))
    result = command(path, "-o", tmp_path / "lines", "--workers", 0)
    assert result.exit_code == 0, result.output
    assert "4 lines in" in result.output
    assert "scenes left out: image broken (1), image missing (1), label unreadable (1)" in result.output


def test_scenes_without_a_usable_text_are_refused(tmp_path):
    path = label_file(tmp_path / "photos", [[entry("###"), entry("*")], [], [entry("")]])
    result = command(path, "-o", tmp_path / "lines")
    assert isinstance(result.exception, InputError)
    assert str(result.exception) == f"{path}: not one text can be cut out: ignored (2), without a text (1)"
    assert not (tmp_path / "lines").exists()
    (tmp_path / "lines.txt").write_text("a.png\ttext\n")
    assert isinstance(command(tmp_path / "lines.txt", "-o", tmp_path / "lines").exception, InputError)


def test_labels_that_change_during_a_job_are_an_error(tmp_path):
    path = label_file(tmp_path / "photos", [[entry("a"), entry("b")]] * 3)
    source = CropsSource.from_scenes(path)
    path.write_text(path.read_text().replace('"b"', '"###"'))
    with pytest.raises(JobError, match=r"the texts of 0\.png have changed since the job began"):
        source.generator.generate(0)
