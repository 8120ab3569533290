"""CopyPaste jobs: the same bytes, resume, sources of all kinds, invalid labels."""

import json
import pickle
import shutil

import cv2
import lmdb
import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.jobs.copypaste import CopyPasteSource, copypaste
from pipelines.jobs.copypaste_inputs import unique_names
from pipelines.jobs.copypaste_settings import parse_settings
from pipelines.jobs.generation import generate
from pipelines.jobs.importing import import_data
from synthtext.core import InputError, SkippedSample

pytestmark = pytest.mark.slow

GOOD = [[20, 20], [90, 20], [90, 44], [20, 44]]
OTHER = [[30, 80], [110, 84], [109, 104], [29, 100]]


def write_picture(path, seed, size=(150, 200)):
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), size[::-1])
    for quad in (GOOD, OTHER):
        cv2.fillPoly(image, [np.array(quad)], (240, 240, 240))
        cv2.putText(image, "text", (quad[3][0] + 4, quad[3][1] - 6), 0, 0.6, (20, 20, 20), 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def entry(points=GOOD, text="text"):
    return {"transcription": text, "points": points}


def write_labels(folder, labels, encoding="utf-8"):
    for i in range(len(labels)):
        write_picture(folder / "images" / f"{i}.png", i)
    lines = [f"images/{i}.png\t{json.dumps(label, ensure_ascii=False)}\n" for i, label in enumerate(labels)]
    (folder / "labels.tsv").write_bytes("".join(lines).encode(encoding))
    return folder / "labels.tsv"


@pytest.fixture
def target(tmp_path):
    label = [entry(), entry(OTHER, "méthode"), entry([[150, 10], [190, 10], [190, 30], [150, 30]], "###")]
    return write_labels(tmp_path / "target", [label] * 5)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "shards").glob("*.parquet"))}


def invoke(*arguments):
    return CliRunner().invoke(app, ["copypaste", "--workers", "0", *map(str, arguments)])


def refused(*arguments):
    """The one sentence that a command ends with, for input that cannot be used."""
    result = invoke(*arguments)
    assert isinstance(result.exception, InputError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_resumed_and_extended_jobs_write_the_same_bytes(target, tmp_path):
    out = tmp_path / "out"
    first = copypaste(target, out, 12, workers=0, shard_size=4, seed=3)
    before = contents(out)
    assert (first.rows, len(before)) == (12, 3)
    bank = (out / "crops.arrow").stat().st_mtime_ns
    for name in ("shards/part-000001.parquet", "manifests/part-000001.json"):
        (out / name).unlink()
    assert copypaste(target, out, 12, workers=0, shard_size=4, seed=3).new_shards == 1
    assert contents(out) == before
    assert (out / "crops.arrow").stat().st_mtime_ns == bank
    moved = shutil.copytree(target.parent, tmp_path / "another_place" / "target") / "labels.tsv"
    copypaste(moved, tmp_path / "larger", 16, workers=0, shard_size=4, seed=3)
    larger = contents(tmp_path / "larger")
    assert {name: larger[name] for name in before} == before
    copypaste(target, tmp_path / "seed", 12, workers=0, shard_size=4, seed=4)
    assert contents(tmp_path / "seed") != before


def test_every_epoch_uses_every_image_once_in_another_variant(target, tmp_path):
    copypaste(target, tmp_path / "out", 15, workers=0, format="lmdb", overrides=["output.format=png"])
    scenes = list(iterate_scenes(open_scene_source(tmp_path / "out")))
    rows = [json_of(tmp_path / "out", i)["meta"]["parameters"]["target"] for i in range(15)]
    assert [sorted(rows[i : i + 5]) for i in (0, 5, 10)] == [list(range(5))] * 3
    assert rows[:5] != rows[5:10] or rows[5:10] != rows[10:]
    assert len({scene.image for scene in scenes}) == 15
    for scene, row in zip(scenes, rows, strict=True):
        texts = [(i.text, i.ignore, i.origin.kind) for i in scene.instances]
        assert texts[:3] == [("text", False, "real"), ("méthode", False, "real"), ("###", True, "real")]
        assert texts[3:]
        assert all(kind == "pasted" and text in ("text", "méthode") for text, _, kind in texts[3:])
        assert all(i.origin.source.startswith("target/labels.tsv:") for i in scene.instances[3:])
        original = cv2.imread(str(target.parent / "images" / f"{row}.png"))
        changed = (cv2.imdecode(np.frombuffer(scene.image, np.uint8), 1) != original).any(axis=2)
        mask = np.zeros(changed.shape, np.uint8)
        for instance in scene.instances[3:]:
            cv2.fillPoly(mask, [np.round(instance.polygon).astype(int)], 1)
        assert changed.any()
        assert not changed[cv2.dilate(mask, np.ones((3, 3))) == 0].any()


def test_sources_of_the_same_name_have_unique_names(target, tmp_path):
    sources = []
    for place in ("A", "B"):
        sources.append(shutil.copytree(target.parent, tmp_path / place / "train") / "labels.tsv")
        sources.append(tmp_path / place / "train" / "data")
        generate("digits", sources[-1], 3, workers=0)
    given = (*sources[:3], write_labels(tmp_path / "other", [[entry()]]), sources[0])
    assert unique_names(given) == (
        *("A/train/labels.tsv", "data", "B/train/labels.tsv", "other/labels.tsv", "A/train/labels.tsv"),
    )
    assert unique_names((sources[1], sources[3])) == ("A/train/data", "B/train/data")
    copypaste(target, tmp_path / "out", 8, sources=sources, workers=0, overrides=["share=2"])
    pasted = [i for scene in iterate_scenes(open_scene_source(tmp_path / "out")) for i in scene.instances]
    found = {i.origin.source.partition(":")[0] for i in pasted if i.origin.kind == "pasted"}
    assert found == {"A/train/labels.tsv", "A/train/data", "B/train/labels.tsv", "B/train/data"}
    moved = [shutil.copytree(tmp_path / place, tmp_path / "another_place" / place) / "train" / "data" for place in "AB"]
    assert unique_names(moved) == ("A/train/data", "B/train/data")


def json_of(folder, index):
    path = str(folder / "shards" / "part-000000.lmdb")
    with lmdb.open(path, readonly=True, lock=False) as environment, environment.begin() as transaction:
        return json.loads(transaction.get(f"meta-{index + 1:09d}".encode()))


def test_another_source_or_setting_is_refused(target, tmp_path):
    out = tmp_path / "out"
    copypaste(target, out, 4, workers=0)
    assert "setting share was 0.2, is 0.5" in refused(target, "-o", out, "-n", 4, "share=0.5")
    assert "mode was natural, is paddle" in refused(target, "-o", out, "-n", 4, "--mode", "paddle")
    write_picture(target.parent / "images" / "2.png", 99)
    before = contents(out)
    assert "source 0 has changed" in refused(target, "-o", out, "-n", 4)
    assert contents(out) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shaer=0.5"], "unknown key 'shaer'; did you mean 'share'?"),
        (["crops.min_hight=5"], "unknown key 'min_hight'; did you mean 'min_height'?"),
        (["share=-1"], "share -1"),
        (["output.quality_range=[90, 120]"], "quality_range"),
        (["--mode", "realesed"], "there is no mode 'realesed'"),
        (["--mode", "paddle", "match_range=[0, 1]"], "unknown key 'match_range'"),
        (["--shard-format", "zip"], "there is no shard format"),
        (["--seed", "-1"], "seed -1"),
        (["--workers", "1", "--address", "127.0.0.1:1"], "no Ray cluster answers at 127.0.0.1:1"),
        (["--from", "nowhere.tsv"], "there is no such dataset"),
        (["crops.min_height=100"], "not one text can be cut out"),
    ],
)
def test_invalid_input_is_refused_and_writes_nothing(target, tmp_path, arguments, message):
    assert message in refused(target, "-o", tmp_path / "out", "-n", 4, *arguments)
    assert not (tmp_path / "out").exists()


def test_the_folder_of_another_command_is_refused(target, tmp_path):
    generate("digits", tmp_path / "lines", 2, workers=0)
    message = refused(target, "-o", tmp_path / "lines", "-n", 2)
    assert f"(made from another source, digits, not from copypaste of {target})" in message
    import_data(target, tmp_path / "scenes", workers=0)
    message = refused(target, "-o", tmp_path / "scenes", "-n", 2)
    assert f"(made from another source, {target}, not from copypaste of {target})" in message


def test_invalid_polygons_are_repaired_or_left_out_and_counted(tmp_path):
    label = [
        entry(),
        entry([[20, 60], [90, 84], [90, 60], [20, 84]], "crossing"),
        entry([[110, 20], [110, 44], [180, 44], [180, 20]], "counter"),
        entry([[5, 5], [10, 10]], "two points"),
        entry([[500, 500], [600, 500], [600, 520], [500, 520]], "outside"),
        entry([[float("nan"), 1], [30, 1], [30, 20], [1, 20]], "no number"),
    ]
    result = invoke(write_labels(tmp_path / "bad", [label] * 3), "-o", tmp_path / "out", "-n", 6)
    assert result.exit_code == 0, result.output
    for message in (
        "self-intersecting quadrilateral (3)",
        "counterclockwise polygon (3)",
        "polygon of 2 points (3)",
        "polygon with a coordinate that is not finite (3)",
        "extends beyond its image (3)",
    ):
        assert message in result.output
    for scene in iterate_scenes(open_scene_source(tmp_path / "out")):
        assert not scene.problems
        for instance in scene.instances:
            if instance.origin.kind == "pasted":
                assert instance.text in ("text", "crossing", "counter")
                assert instance.polygon.min() >= 0
                assert (instance.polygon <= (200, 150)).all()


def test_sources_without_a_usable_text_are_refused_and_nothing_is_written(tmp_path):
    ignored = write_labels(tmp_path / "ignored", [[entry(text="###")]] * 3)
    empty = write_labels(tmp_path / "empty", [[]] * 3)
    message = refused(ignored, "-o", tmp_path / "out", "-n", 3)
    assert "not one text can be cut out to be pasted: ignored (3)" in message
    assert "there is no text" in refused(empty, "-o", tmp_path / "out", "-n", 3)
    assert not (tmp_path / "out").exists()


def test_encodings(target, tmp_path):
    copypaste(target, tmp_path / "plain", 5, workers=0, overrides=["output.format=png"])
    content = target.read_bytes()
    target.write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    copypaste(target, tmp_path / "marked", 5, workers=0, overrides=["output.format=png"])
    assert contents(tmp_path / "plain") == contents(tmp_path / "marked")
    target.write_bytes(content + "images/0.png\t[]é\n".encode("latin-1"))
    assert "line 6 is not UTF-8 text" in refused(target, "-o", tmp_path / "out", "-n", 3)


def test_unusable_images_are_left_out_before_generation(tmp_path):
    labels = write_labels(tmp_path / "many", [[entry()]] * 12)
    images = labels.parent / "images"
    (images / "7.png").unlink()
    (images / "3.png").write_bytes(b"no picture")
    (images / "5.png").write_bytes((images / "5.png").read_bytes()[:60])
    lines = labels.read_text().splitlines()
    labels.write_text("\n".join([*lines[:9], "images/9.png\t[{'transcription'", *lines[10:]]))
    result = invoke(labels, "-o", tmp_path / "out", "-n", 16, "--shard-format", "lmdb")
    assert result.exit_code == 0, result.output
    assert "target images left out: image broken (2), image missing (1), label unreadable (1)" in result.output
    assert "crops to paste: 8; left out: image broken (2), image missing (1), label unreadable (1)" in result.output
    rows = [json_of(tmp_path / "out", i)["meta"]["parameters"]["target"] for i in range(16)]
    assert sorted(rows[:8]) == sorted(rows[8:]) == [0, 1, 2, 4, 6, 8, 10, 11]


def prepared(target, out):
    source = CopyPasteSource(target, (target,), parse_settings("natural", ()))
    source.prepare(DatasetFolder(out))
    return source


def test_workers_do_not_scan_sources_again(target, tmp_path):
    (target.parent / "images" / "2.png").unlink()
    copypaste(target, tmp_path / "out", 8, workers=0)
    source = prepared(target, tmp_path / "out")
    drawn = list(source.generator.generate_many(range(8)))
    sent = pickle.loads(pickle.dumps(source))
    assert sent.__dict__["scans"][target].left_out == {2: "image missing"}
    for mine, theirs in zip(drawn, sent.generator.generate_many(range(8)), strict=True):
        assert mine.key == theirs.key
        np.testing.assert_array_equal(mine.image, theirs.image)


def test_images_that_break_during_a_job_are_skipped(target, tmp_path):
    copypaste(target, tmp_path / "out", 5, workers=0)
    generator = prepared(target, tmp_path / "out").generator
    (target.parent / "images" / "2.png").unlink()
    (target.parent / "images" / "3.png").write_bytes(b"no picture")
    gaps = [drawn.reasons for drawn in generator.generate_many(range(5)) if isinstance(drawn, SkippedSample)]
    assert sorted(gaps) == [("target image broken",), ("target image missing",)]


def test_a_target_without_a_usable_image_writes_nothing(target, tmp_path):
    source = shutil.copytree(target.parent, tmp_path / "source") / "labels.tsv"
    shutil.rmtree(target.parent / "images")
    message = refused(target, "-o", tmp_path / "out", "-n", 5, "--from", source)
    assert "not one of 5 images can be used: image missing (5)" in message
    assert not (tmp_path / "out").exists()


def test_lines_are_pasted_into_images_without_text(target, tmp_path):
    generate("digits", tmp_path / "lines", 30, workers=0)
    made = tmp_path / "out"
    result = invoke(target.parent / "images", "-o", made, "-n", 5, "--from", tmp_path / "lines", "--from", target)
    assert result.exit_code == 0, result.output
    assert "crops to paste: 40; left out: ignored (5)" in result.output
    scenes = list(iterate_scenes(open_scene_source(made)))
    kinds = {(i.level, i.origin.source.partition(":")[0]) for scene in scenes for i in scene.instances}
    assert kinds <= {("line", "lines"), ("word", "target/labels.tsv")}
    assert sum(len(scene.instances) for scene in scenes) == 5
    again = copypaste(made, tmp_path / "again", 5, sources=[made], workers=0, mode="paddle")
    assert again.source.notes[0].startswith("crops to paste: 5")
