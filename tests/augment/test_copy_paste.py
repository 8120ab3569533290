"""Tests of CopyPaste on small rendered scenes: pixels, labels, origins, placement, randomness."""

import dataclasses
import json
from collections import Counter

import numpy as np
import pytest
from shapely import Polygon as Shape

from augment.copy_paste import CopyPaste, NaturalPaste, PaddlePaste
from synthtext.core import Box, Scene, TextInstance

pytestmark = pytest.mark.slow

MODES = [NaturalPaste(), NaturalPaste(share=2.0, balance="texts"), PaddlePaste(), PaddlePaste(share=1.0)]
PLAIN = NaturalPaste(share=1.0, match_range=(0, 0), feather_range=(0, 0))
NAMES = dict(zip(MODES, ("natural", "natural, many", "paddle", "paddle, many"), strict=True)) | {PLAIN: "plain"}


def outside_of(polygon, points):
    """Return the distance of points (N, 2) outside a clockwise convex polygon, below 0 inside."""
    begins, ends = polygon.astype(float), np.roll(polygon, -1, axis=0).astype(float)
    along = (ends - begins) / np.linalg.norm(ends - begins, axis=1, keepdims=True)
    to = points[:, None] - begins[None]
    return (along[None, :, 1] * to[..., 0] - along[None, :, 0] * to[..., 1]).max(axis=1)


def around(image, polygon):
    """Return rows and columns of an image around a polygon, and the distance of their pixels outside it."""
    (left, top), (right, bottom) = np.maximum(polygon.min(axis=0) - 2, 0).astype(int), polygon.max(axis=0).astype(int)
    box = np.s_[top : min(bottom + 3, image.shape[0]), left : min(right + 3, image.shape[1])]
    rows, columns = np.mgrid[box]
    return box, outside_of(polygon, np.stack([columns, rows], 2).reshape(-1, 2) + 0.5).reshape(rows.shape)


def near(first, second):
    """Return whether the bounding boxes of two shapes touch."""
    a, b = first.bounds, second.bounds
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


@pytest.fixture(scope="module", params=[*MODES, PLAIN], ids=NAMES.get)
def results(request, pasting):
    """Scenes before and after pasting."""
    operation = CopyPaste(pasting.bank, request.param)
    scenes = [pasting.scene(seed) for seed in range(60)]
    return [(scene, operation(scene, np.random.default_rng(seed))) for seed, scene in enumerate(scenes)]


def test_pixels_change_only_inside_the_pasted_polygons(results, pasting):
    changed_at_all = 0
    for seed, (scene, after) in enumerate(results):
        assert (scene.image == pasting.scene(seed).image).all()
        changed = (after.image != scene.image).any(axis=2)
        changed_at_all += changed.sum()
        for instance in pasting.pasted(after):
            box, outside = around(after.image, instance.polygon)
            changed[box] &= outside >= 0.75  # half of the diagonal of a pixel, and rounding
        assert not changed.any()
    assert changed_at_all > 9_000


def test_no_pasted_polygon_overlaps_another(results, pasting):
    count = 0
    for scene, after in results:
        shapes = [Shape(instance.polygon) for instance in after.instances]
        for i, instance in enumerate(after.instances[len(scene.instances) :], len(scene.instances)):
            assert instance.origin.kind == "pasted"
            count += 1
            low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
            assert (low >= 0).all()
            assert (high <= (pasting.WIDTH, pasting.HEIGHT)).all()
            assert all(shapes[i].intersection(other).area < 0.01 for other in shapes[:i] if near(shapes[i], other))
    assert count > 50


@pytest.mark.parametrize("results", [PLAIN, MODES[3]], ids=NAMES.get, indirect=True)
def test_labels_and_origins_of_pasted_texts(results, pasting):
    seen = Counter()
    for before, after in results:
        assert after.instances[: len(before.instances)] == before.instances
        applied = after.meta.effects[-1]
        new = after.instances[len(before.instances) :]
        assert applied.name == "copy_paste"
        assert len(new) == len(applied.parameters["pastes"])
        assert len(new) + sum(applied.parameters["failed"].values()) == applied.parameters["requested"]
        for instance, paste in zip(new, applied.parameters["pastes"], strict=True):
            colour = np.array(instance.text.split(","), int)
            box, outside = around(after.image, instance.polygon)
            assert (outside < -1).sum() > 10
            assert (after.image[box][outside < -1] == colour).all()
            number = paste["crop"]
            assert instance.origin == pasting.bank.origin(number)
            source, _, row = instance.origin.source.partition(":")
            assert number == (int(source.split()[1]) * 4 + int(row)) * 5 + instance.origin.index
            seen[number] += 1
    assert len(seen) == len(pasting.bank)


@pytest.mark.parametrize("mode", MODES, ids=NAMES.get)
def test_equal_streams_and_recorded_parameters_give_equal_scenes(pasting, mode):
    operation = CopyPaste(pasting.bank, mode)
    differ = 0
    for seed in range(10):
        scene = pasting.scene(seed)
        first, again = (operation(scene, np.random.default_rng(seed)) for _ in range(2))
        other = operation(scene, np.random.default_rng(seed + 1000))
        replayed = operation.apply(scene, json.loads(json.dumps(operation.draw(np.random.default_rng(seed), scene))))
        for twin in (again, replayed):
            assert (twin.image == first.image).all()
            assert [i.text for i in twin.instances] == [i.text for i in first.instances]
            assert all((a.polygon == b.polygon).all() for a, b in zip(twin.instances, first.instances, strict=True))
        differ += (other.image != first.image).any()
    assert differ > 7


def test_full_image_counts_failed_pastes(pasting):
    everything = np.array(
        [[0, 0], [pasting.WIDTH, 0], [pasting.WIDTH, pasting.HEIGHT], [0, pasting.HEIGHT]], np.float32
    )
    scene = Scene(
        "",
        np.zeros((pasting.HEIGHT, pasting.WIDTH, 3), np.uint8),
        (TextInstance("full", everything, ignore=True),) * 20,
    )
    for mode in MODES:
        after = CopyPaste(pasting.bank, mode)(scene, np.random.default_rng(1))
        drawn = after.meta.effects[-1].parameters
        assert len(after.instances) == 20
        assert sum(drawn["failed"].values()) == drawn["requested"] > 0
        assert (after.image == 0).all()


def test_only_texts_without_children_count(pasting):
    """Neither the number nor the height of pastes depends on texts with children."""
    line = TextInstance("line", Box(10, 10, 60, 22).polygon(), level="line", parent=0)
    block = TextInstance("block", Box(10, 10, 230, 100).polygon(), level="block")
    image = np.full((pasting.HEIGHT, pasting.WIDTH, 3), 128, np.uint8)
    operation = CopyPaste(pasting.bank, NaturalPaste(share=1.0, count_range=(0, 30), scale_range=(0.05, 4)))
    for seed in range(30):
        whole, parts = (
            operation.draw(np.random.default_rng(seed), Scene("", image, instances))
            for instances in ((block, line), (dataclasses.replace(block, ignore=True), line))
        )
        assert whole["requested"] == parts["requested"] == 1
        assert whole["pastes"] == parts["pastes"]


def test_paddle_mode_without_limit_pastes_over_labels(pasting):
    operation = CopyPaste(pasting.bank, PaddlePaste(share=1.0, limit_paste=False))
    for seed in range(30):
        scene = pasting.scene(seed, 12)
        new = pasting.pasted(operation(scene, np.random.default_rng(seed)))
        assert len(new) == 5
        for instance in new:
            assert instance.polygon.min() >= 0
            assert (instance.polygon <= (pasting.WIDTH, pasting.HEIGHT)).all()


def test_images_smaller_than_any_crop_are_unchanged(pasting):
    for mode in MODES:
        for size in ((1, 1), (7, 200), (3, 5)):
            scene = Scene("", np.zeros((*size, 3), np.uint8))
            after = CopyPaste(pasting.bank, mode)(scene, np.random.default_rng(1))
            assert not after.instances
            assert sum(after.meta.effects[-1].parameters["failed"].values()) >= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"share": -1}, "share"),
        ({"count_range": (5, 2)}, "count_range"),
        ({"count_range": (0, 10**6)}, "count_range"),
        ({"scale_range": (0, 1)}, "scale_range"),
        ({"height_range": (0.2, 2)}, "height_range"),
        ({"degrees_range": (-200, 0)}, "degrees_range"),
        ({"match_range": (0, 1.5)}, "match_range"),
        ({"feather_range": (-0.1, 0.1)}, "feather_range"),
        ({"balance": "texs"}, "balance"),
    ],
)
def test_settings_out_of_bounds_are_rejected_by_name(settings, message):
    with pytest.raises(Exception, match=message):
        NaturalPaste(**settings)
