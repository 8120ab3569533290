"""Exports read back with the clients that they are for, which take a second to import."""

import hashlib
import json
import tarfile

import cv2
import numpy as np
import pytest

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.io.line_row import LineRow
from pipelines.io.scene_row import SceneRow, leaf_instances
from pipelines.jobs import export_webdataset
from pipelines.jobs.export import SCENE_WRITERS, export_data
from pipelines.jobs.importing import import_data
from synthtext.core import (
    Box,
    Clusters,
    InputError,
    Origin,
    Provenance,
    Sample,
    Scene,
    TextInstance,
    bounding_box,
    signed_area,
)

LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # webdataset closes no file

BENT = np.array([[5, 40], [40, 20], [80, 40], [80, 60], [40, 40], [5, 60]], np.float32)


def png(seed, width=120, height=90):
    return cv2.imencode(".png", np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))[1].tobytes()


def scene(number):
    """A block of two words, one of them curved; an ignored text; the first scene is empty."""
    texts = (
        TextInstance("two words", Box(4, 10, 100, 70).polygon(), level="block"),
        TextInstance(f"é{number}", Box(10.25, 70, 60, 84).polygon(), parent=0, origin=Origin("rendered")),
        TextInstance("日本", BENT, parent=0),
        TextInstance("hidden", Box(70, 70, 110, 85).polygon(), ignore=True),
    )
    pixels = np.zeros((90, 120, 3), np.uint8)
    return SceneRow.from_scene(Scene(f"ca5cade0{number:010d}", pixels, texts if number else ()), png(number), ".png")


def line(number, text):
    quads = np.stack([Box(k, 0, k + 1, 20).polygon() for k in range(len(text))])
    clusters = Clusters(np.arange(len(text) + 1, dtype=np.int32), quads)
    meta = Provenance("Lato Bold", "Latn", "words", 90.0 if number % 2 else float("nan"))
    sample = Sample(f"ca5cade0{number:010d}", np.zeros((20, 60, 3), np.uint8), text, clusters, meta)
    return LineRow.from_sample(sample, cv2.imencode(".png", sample.image + number)[1].tobytes(), ".png")


@pytest.fixture(scope="module")
def scenes(dataset, tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("scenes") / "data", [scene(number) for number in range(5)])


@pytest.fixture(scope="module")
def lines(dataset, tmp_path_factory):
    texts = ("word", "1,000", "日本", "שלום", 'say "it"', "é")
    return dataset(tmp_path_factory.mktemp("lines") / "data", [line(n, text) for n, text in enumerate(texts)])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools
def test_pycocotools_reads_coco(scenes, tmp_path):
    from pycocotools.coco import COCO

    done = export_data(scenes, "coco", tmp_path / "out")
    assert (done.images, done.texts) == (5, 12)
    assert set(done.unsupported) == {"lines and blocks around other texts", "texts' origins"}
    coco = COCO(str(tmp_path / "out" / "annotations.json"))
    assert coco.cats[1]["name"] == "text"
    for number, image in enumerate(coco.loadImgs(coco.getImgIds())):
        leaves = leaf_instances(scene(number).instances)
        assert cv2.imread(str(tmp_path / "out" / "images" / image["file_name"])).shape == (90, 120, 3)
        assert (image["width"], image["height"]) == (120, 90)
        found = coco.loadAnns(coco.getAnnIds(image["id"]))
        assert [(one["text"], one["iscrowd"]) for one in found] == [(leaf.text, int(leaf.ignore)) for leaf in leaves]
        for one, leaf in zip(found, leaves, strict=True):
            area = signed_area(leaf.polygon)
            assert one["area"] == pytest.approx(area)
            assert coco.annToMask(one).sum() == pytest.approx(area, rel=0.1)
            left, top, right, bottom = bounding_box(leaf.polygon)
            assert one["bbox"] == pytest.approx([left, top, right - left, bottom - top], abs=2e-3)


def test_perfect_results_score_one_in_the_evaluation_of_coco(scenes, tmp_path):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    export_data(scenes, "coco", tmp_path / "out")
    coco = COCO(str(tmp_path / "out" / "annotations.json"))
    results = [
        {key: one[key] for key in ("image_id", "category_id", "bbox", "segmentation")} | {"score": 0.9}
        for one in coco.anns.values()
        if not one["iscrowd"]
    ]
    ignored = [one for one in coco.anns.values() if one["iscrowd"]]
    results += [{"image_id": one["image_id"], "category_id": 1, "bbox": one["bbox"], "score": 0.9} for one in ignored]
    evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


@pytest.mark.parametrize("form", ["coco", "coco-text"])
def test_coco_is_imported_again(scenes, tmp_path, form):
    export_data(scenes, form, tmp_path / "out")
    path = next((tmp_path / "out").glob("*.json"))
    assert not import_data(path, tmp_path / "again", source_format="coco-text", workers=0).statistics.problems
    for number, one in enumerate(iterate_scenes(open_scene_source(tmp_path / "again"))):
        row = scene(number)
        assert one.image == row.image
        for found, leaf in zip(one.instances, leaf_instances(row.instances), strict=True):
            assert (found.text, found.ignore) == ("###" if leaf.ignore else leaf.text, leaf.ignore)
            np.testing.assert_allclose(found.polygon, leaf.polygon, atol=6e-4)


def test_coco_text_has_the_fields_of_version_2(scenes, tmp_path):
    done = export_data(scenes, "coco-text", tmp_path / "out")
    assert done.unsupported["transcriptions of ignored texts"] == 4
    data = json.loads((tmp_path / "out" / "cocotext.json").read_text(encoding="utf-8"))
    assert data.keys() == {"info", "cats", "imgs", "anns", "imgToAnns"}
    assert {image["set"] for image in data["imgs"].values()} == {"train"}
    assert [len(numbers) for numbers in data["imgToAnns"].values()] == [0, 3, 3, 3, 3]
    for number, numbers in data["imgToAnns"].items():
        for one in (data["anns"][str(annotation)] for annotation in numbers):
            assert one["image_id"] == int(number)
            assert len(one["mask"]) % 2 == 0
            assert ("utf8_string" in one) == (one["legibility"] == "legible")
    assert [one["language"] for one in list(data["anns"].values())[:3]] == ["not english", "not english", "na"]


def test_doctr_has_quadrilaterals_and_texts(scenes, lines, tmp_path):
    done = export_data(scenes, "doctr", tmp_path / "det")
    assert (done.images, done.texts) == (4, 12)
    assert done.unsupported == {
        "images without texts, left out": 1,
        "lines and blocks around other texts": 4,
        "texts' origins": 4,
        "transcriptions": 12,
        "ignored texts, now texts like others": 4,
        "polygons without four corners, now rectangles": 4,
    }
    labels = json.loads((tmp_path / "det" / "labels.json").read_text(encoding="utf-8"))
    for name, entry in labels.items():
        image = (tmp_path / "det" / "images" / name).read_bytes()
        assert entry["img_hash"] == hashlib.sha256(image).hexdigest()
        assert entry["img_dimensions"] == [90, 120]
        assert np.array(entry["polygons"]).shape == (3, 4, 2)
    assert export_data(lines, "doctr", tmp_path / "rec").images == 6
    texts = json.loads((tmp_path / "rec" / "labels.json").read_text(encoding="utf-8"))
    assert list(texts.values()) == ["word", "1,000", "日本", "שלום", 'say "it"', "é"]
    assert all((tmp_path / "rec" / "images" / name).is_file() for name in texts)


@LEAKS
def test_webdataset_reads_lines(lines, tmp_path, monkeypatch):
    import webdataset

    monkeypatch.setattr(export_webdataset, "MAX_SHARD_SAMPLES", 4)
    done = export_data(lines, "webdataset", tmp_path / "out")
    assert (done.images, done.unsupported) == (6, {})
    shards = str(tmp_path / "out" / "shard-{000000..000001}.tar")
    samples = list(webdataset.WebDataset(shards, shardshuffle=False).decode("rgb8"))
    assert [one["txt"] for one in samples] == ["word", "1,000", "日本", "שלום", 'say "it"', "é"]
    for number, one in enumerate(samples):
        assert (one["png"] == number).all()
        assert one["png"].shape == (20, 60, 3)
        assert one["json"]["font"] == "Lato Bold"
        assert len(one["json"]["cluster_quads"]) == 8 * len(one["txt"])


def test_hugging_face_datasets_reads_webdataset(lines, tmp_path):
    import datasets

    export_data(lines, "webdataset", tmp_path / "out")
    files = str(tmp_path / "out" / "*.tar")
    data = datasets.load_dataset("webdataset", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert data["txt"][:3] == ["word", "1,000", "日本"]
    assert data[1]["png"].size == (60, 20)


@LEAKS
def test_webdataset_supports_everything_about_scenes(scenes, tmp_path):
    import webdataset

    assert export_data(scenes, "webdataset", tmp_path / "out").unsupported == {}
    path = str(tmp_path / "out" / "shard-000000.tar")
    for number, one in enumerate(webdataset.WebDataset(path, shardshuffle=False).decode()):
        row = scene(number)
        assert one["png"] == row.image
        for entry, instance in zip(one["json"]["instances"], row.instances, strict=True):
            assert (entry["text"], entry["level"], entry["ignore"], entry["parent"]) == (
                instance.text, instance.level, instance.ignore, instance.parent
            )  # fmt: skip
            np.testing.assert_allclose(np.reshape(entry["polygon"], (-1, 2)), instance.polygon, atol=6e-4)


def test_the_same_samples_give_the_same_tar_files(lines, tmp_path):
    for name in ("a", "b"):
        export_data(lines, "webdataset", tmp_path / name)
    one, other = ((tmp_path / name / "shard-000000.tar").read_bytes() for name in ("a", "b"))
    assert one == other
    with tarfile.open(tmp_path / "a" / "shard-000000.tar") as tar:
        assert {member.mtime for member in tar} == {0}


@pytest.mark.parametrize("form", ["icdar", "coco", "coco-text"])
def test_formats_of_scenes_refuse_lines(lines, tmp_path, form):
    with pytest.raises(InputError, match=rf"the format {form} is for scenes; use one of paddleocr, lmdb, doctr"):
        export_data(lines, form, tmp_path / "out")
    assert form in SCENE_WRITERS
    assert not (tmp_path / "out").exists()
