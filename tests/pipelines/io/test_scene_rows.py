"""Rows of scenes in both formats, and their statistics."""

import json
from typing import get_args

import cv2
import lmdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import iterate_scenes
from pipelines.io.plan import ShardPlan
from pipelines.io.scene_row import IGNORED_TRANSCRIPTIONS, SceneRow, instance_from_dict
from pipelines.io.shard_writer import write_shard
from pipelines.io.statistics import Statistics
from synthtext.core import AppliedEffect, Clusters, Origin, Provenance, Scene, SkippedSample, TextInstance

TEXTS = ("word", "two words", "日本語", "שלום", "नमस्ते", "é", "", 'a "quoted"\ttab', "👩‍👩‍👧", "###")
DIGEST = "5ce2e000" * 8


def polygon(rng, count):
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    return (100 + 80 * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.float32)


def instance(rng):
    text = TEXTS[rng.integers(len(TEXTS))]
    clusters = Clusters.empty()
    if text and rng.random() < 0.5:
        offsets = np.arange(len(text) + 1, dtype=np.int32)
        clusters = Clusters(offsets, rng.uniform(0, 200, (len(text), 4, 2)).astype(np.float32))
    kind = get_args(Origin.__annotations__["kind"])[rng.integers(3)]
    origin = Origin(kind, "bank", int(rng.integers(1000))) if kind == "pasted" else Origin(kind)
    level = ("word", "line", "block")[rng.integers(3)]
    ignore = bool(rng.random() < 0.3)
    return TextInstance(text, polygon(rng, int(rng.integers(3, 21))), clusters, ignore, level, -1, origin)


def scene(number):
    """A scene of 0 to 6 texts; later ones may be parts of the first."""
    rng = np.random.default_rng(number)
    image = np.full((200, 220, 3), number % 256, np.uint8)
    every = [instance(rng) for _ in range(number % 7)]
    parts = [
        TextInstance(i.text, i.polygon, i.clusters, i.ignore, i.level, 0 if place and rng.random() < 0.5 else -1)
        if i.origin.kind not in ("pasted", "real")
        else i
        for place, i in enumerate(every)
    ]
    meta = Provenance(effects=(AppliedEffect("blur", {"sigma": 1.0}),), parameters={"light": number})
    return Scene(f"5ce2e000{number:010d}", image, tuple(parts), meta)


def encoded(image):
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def rows(count=40):
    return [SceneRow.from_scene(s, encoded(s.image), ".png") for s in map(scene, range(count))]


def assert_same(found, put, atol):
    assert (found.text, found.ignore, found.level, found.parent) == (put.text, put.ignore, put.level, put.parent)
    assert found.origin == put.origin
    np.testing.assert_allclose(found.polygon, put.polygon, atol=atol)
    assert found.polygon.dtype == np.float32
    np.testing.assert_array_equal(found.clusters.offsets, put.clusters.offsets)
    np.testing.assert_allclose(found.clusters.quads, put.clusters.quads, atol=atol)


@pytest.mark.parametrize(("format", "atol"), [("parquet", 0), ("lmdb", 6e-4)])
def test_scenes_are_read_back_as_written(dataset, tmp_path, format, atol):
    put = rows()
    items = [*put[:20], SkippedSample(20, ("why",)), *put[21:]]
    source = open_scene_source(dataset(tmp_path / "data", items, format))
    put.pop(20)
    assert len(source) == len(put)
    assert source.group_offsets[0] == 0
    assert source.group_offsets[-1] == len(put)
    found = list(iterate_scenes(source))
    assert [one.key for one in found] == [row.key for row in put]
    for one, row in zip(found, put, strict=True):
        assert one.image == row.image
        assert one.problems == ()
        assert len(one.instances) == len(row.instances)
        for read, written in zip(one.instances, row.instances, strict=True):
            assert_same(read, written, atol)
    assert {len(i.polygon) for row in put for i in row.instances} >= set(range(3, 21))
    order = np.random.default_rng(0).permutation(len(put))
    assert [one.key for one in source.read(order)] == [put[place].key for place in order]


@pytest.mark.parametrize("format", ["parquet", "lmdb"])
def test_same_scenes_give_the_same_bytes(tmp_path, format):
    spec = ShardPlan(40, size=40)[0]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = (write_shard(rows(), SceneRow, spec, DIGEST, tmp_path / name, format) for name in ("one", "two"))
    data = "data.mdb" if format == "lmdb" else ""
    assert (one.path / data).read_bytes() == (two.path / data).read_bytes()
    assert one.manifest.sha256 == two.manifest.sha256
    other = write_shard(rows()[::-1], SceneRow, spec, DIGEST, tmp_path / "two", format)
    assert other.manifest.sha256 != one.manifest.sha256


def test_shard_of_scenes_without_texts_can_be_read(dataset, tmp_path):
    source = open_scene_source(dataset(tmp_path / "data", [rows(1)[0]] * 3))
    assert [one.instances for one in iterate_scenes(source)] == [(), (), ()]


def test_datasets_shows_the_images_of_scenes(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    import datasets

    path = dataset(tmp_path / "data", rows(15), size=15) / "shards" / "part-000000.parquet"
    features = json.loads(pq.read_schema(path).metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert list(features) == pq.read_schema(path).names
    found = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert isinstance(found.features["image"], datasets.Image)
    assert found[3]["image"].size == (220, 200)
    put = rows(15)[6]
    assert [i["text"] for i in found[6]["instances"]] == [i.text for i in put.instances]
    np.testing.assert_array_equal(
        np.reshape(found[6]["instances"][2]["polygon"], (-1, 2)), put.instances[2].polygon.astype(np.float64)
    )


def test_lmdb_labels_are_the_leaves_in_the_format_of_paddleocr(dataset, tmp_path):
    folder = dataset(tmp_path / "data", rows(15), "lmdb", 15) / "shards" / "part-000000.lmdb"
    with lmdb.open(str(folder), readonly=True, lock=False) as environment, environment.begin() as transaction:
        labels = [json.loads(transaction.get(f"label-{number:09d}".encode())) for number in range(1, 16)]
    nested = 0
    for row, label in zip(rows(15), labels, strict=True):
        parents = {i.parent for i in row.instances}
        leaves = [i for place, i in enumerate(row.instances) if place not in parents]
        nested += len(leaves) < len(row.instances)
        assert [entry["transcription"] for entry in label] == ["###" if i.ignore else i.text for i in leaves]
        for entry, leaf in zip(label, leaves, strict=True):
            assert set(entry) == {"transcription", "points"}
            np.testing.assert_allclose(entry["points"], leaf.polygon, atol=6e-4)
    assert nested > 0
    assert "###" in IGNORED_TRANSCRIPTIONS


def test_statistics_count_texts_that_are_not_ignored(tmp_path):
    total, every = Statistics(), rows()
    for row in every:
        row.add_to(total)
    instances = [i for row in every for i in row.instances]
    assert total.rows == 40
    assert total.instances == {n: sum(len(row.instances) == n for row in every) for n in range(7)}
    for name, counter in (("level", total.levels), ("origin", total.origins)):
        values = [i.level if name == "level" else i.origin.kind for i in instances]
        assert counter == {value: values.count(value) for value in set(values)}
    assert total.ignored.total() == sum(i.ignore for i in instances)
    assert total.lengths.total() == sum(not i.ignore for i in instances)
    assert total.effects == {"blur": 40}
    halves = Statistics(), Statistics()
    for place, row in enumerate(every):
        row.add_to(halves[place % 2])
    halves[0].merge(halves[1])
    assert halves[0].to_json() == total.to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"polygon": [0, 0, 1, 1]},
        {"polygon": [0, 0, 1, 1, 2, float("nan")]},
        {"polygon": [0, 0, 1, 1, 2]},
        {"cluster_offsets": [0, 1]},
        {"origin": {"kind": "real", "who": "?"}},
        {"origin": {"kind": "stolen"}},
        {"level": "page"},
        {"text": ...},
    ],
)
def test_invalid_fields_of_an_instance_are_refused(change):
    fields = {
        "text": "a",
        "polygon": [0, 0, 5, 0, 5, 5],
        "ignore": False,
        "level": "word",
        "parent": -1,
        "origin": {"kind": "real", "source": "", "index": -1},
        "cluster_offsets": [0],
        "cluster_quads": [],
    }
    assert instance_from_dict(fields).text == "a"
    changed = {name: value for name, value in {**fields, **change}.items() if value is not ...}
    with pytest.raises((KeyError, TypeError, ValueError)):
        instance_from_dict(changed)
