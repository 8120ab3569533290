"""Tests of the placement of pastes: height, angle, free places, and the frequency of crops."""

from collections import Counter

import numpy as np
import pytest
from shapely import Polygon as Shape

from augment.copy_paste import BankBuilder, CopyPaste, CropBank, NaturalPaste, OccupancyMap, PaddlePaste, TextCutout
from augment.copy_paste.crop import letter_height, text_orientation
from synthtext.core import Origin, Scene, TextInstance

pytestmark = pytest.mark.slow


def text_bank(height=24, width=90):
    builder = BankBuilder()
    builder.add_source("texts")
    polygon = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    patch = np.full((height, width, 3), 200, np.uint8)
    patch[6:-6, 6:-6:3] = 90
    builder.add_image(0, 1, [TextCutout(patch, polygon, "words", float(height))])
    return builder.build()


@pytest.mark.parametrize("degrees", [-160, -90, -20, 0, 35, 120])
def test_natural_pastes_have_height_and_angle_of_the_targets_texts(pasting, degrees):
    operation = CopyPaste(text_bank(), NaturalPaste(share=1.0, scale_range=(0.3, 2)))
    for seed in range(25):
        rng = np.random.default_rng([seed, 3])
        polygon = pasting.rectangle(rng, 600, 400, 120, (degrees, degrees))
        scene = Scene("", np.full((400, 600, 3), 128, np.uint8), (TextInstance("target", polygon),))
        (new,) = pasting.pasted(operation(scene, rng))
        expected, actual = text_orientation(polygon), text_orientation(new.polygon)
        turned = (actual["degrees"] - expected["degrees"] + 180) % 360 - 180
        if expected["length"] > expected["height"]:
            assert abs(turned) <= 3.01
        assert actual["height"] == pytest.approx(
            letter_height(expected["length"], expected["height"], "target"), rel=0.02
        )


def test_pastes_into_images_without_text_follow_height_range(pasting):
    operation = CopyPaste(text_bank(), NaturalPaste(count_range=(3, 3), height_range=(0.05, 0.1)))
    for seed in range(25):
        scene = Scene("", np.full((300, 500, 3), 90, np.uint8))
        for new in pasting.pasted(operation(scene, np.random.default_rng(seed))):
            frame = text_orientation(new.polygon)
            assert abs(frame["degrees"]) <= 3.01
            assert 0.6 * 24 - 0.1 <= frame["height"] <= 30.1


def crowded(seed, count=60):
    """Return a scene of 1280 x 720 with `count` labelled boxes that do not overlap."""
    rng = np.random.default_rng([seed, 2])
    boxes: list[tuple[float, float, float, float]] = []
    for _ in range(4000):
        w, h = rng.uniform(60, 220), rng.uniform(20, 60)
        x, y = rng.uniform(0, 1280 - w), rng.uniform(0, 720 - h)
        if len(boxes) < count and all(x > r or y > b or x + w < left or y + h < top for left, top, r, b in boxes):
            boxes.append((x, y, x + w, y + h))
    quads = [np.array([[x, y], [r, y], [r, b], [x, b]], np.float32) for x, y, r, b in boxes]
    instances = tuple(TextInstance("target", quad, ignore=i % 2 == 0) for i, quad in enumerate(quads))
    assert len(instances) == count
    return Scene("", np.full((720, 1280, 3), 128, np.uint8), instances)


def test_most_pastes_find_room_in_crowded_images_at_8_pixels_or_more(pasting):
    builder = BankBuilder()
    builder.add_source("sizes")
    rng = np.random.default_rng(5)
    for row in range(60):
        w, h = int(rng.integers(60, 220)), int(rng.integers(20, 60))
        polygon = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        builder.add_image(row, 60, [TextCutout(np.zeros((h, w, 3), np.uint8), polygon, "target", float(h))])
    operation = CopyPaste(builder.build())
    requested = pasted = 0
    for seed in range(6):
        after = operation(crowded(seed), np.random.default_rng(seed))
        requested += after.meta.effects[-1].parameters["requested"]
        for new in pasting.pasted(after):
            pasted += 1
            assert text_orientation(new.polygon)["height"] >= 7.99
    assert requested == 6 * 12
    assert pasted / requested >= 0.85


def test_balance_weights_sources_texts_and_rare_characters(pasting):
    builder = BankBuilder()
    patch, polygon = np.zeros((10, 20, 3), np.uint8), np.array([[0, 0], [20, 0], [20, 10], [0, 10]], np.float32)
    for source, texts in (("a", ["the", "the", "the", "cat"]), ("b", ["Xz"])):
        builder.add_source(source)
        for row, text in enumerate(texts):
            builder.add_image(row, 1, [TextCutout(patch, polygon, text, 10.0)])
    bank = builder.build()
    weights = {
        name: bank.weights(name) / bank.weights(name).sum() for name in ("crops", "sources", "texts", "characters")
    }
    assert weights["crops"] == pytest.approx([0.2] * 5)
    assert weights["sources"] == pytest.approx([0.125] * 4 + [0.5])
    assert bank.weights("images") == pytest.approx([1.0] * 5)
    assert pasting.bank.weights("images") == pytest.approx([0.2] * len(pasting.bank))
    assert weights["texts"] == pytest.approx([1 / 9] * 3 + [1 / 3] * 2)
    assert weights["characters"][4] > weights["characters"][3] > weights["characters"][0]
    draws = Counter()
    operation = CopyPaste(bank, NaturalPaste(balance="sources"))
    for seed in range(200):
        scene = Scene("", np.zeros((60, 90, 3), np.uint8))
        draws.update(
            i.origin.source.partition(":")[0] for i in pasting.pasted(operation(scene, np.random.default_rng(seed)))
        )
    assert 0.4 < draws["a"] / draws.total() < 0.6


def test_curved_and_ignored_crops_keep_outline_and_flag():
    top = np.stack([np.linspace(2, 58, 5), 10 - 6 * np.sin(np.linspace(0, np.pi, 5))], 1)
    polygon = np.concatenate([top, (top + np.array([0, 12]))[::-1]]).astype(np.float32)
    builder = BankBuilder()
    builder.add_source("curved")
    patch = np.full((26, 60, 3), 250, np.uint8)
    builder.add_image(0, 1, [TextCutout(patch, polygon, "curve", 12.0, True, "line")])
    operation = CopyPaste(builder.build(), NaturalPaste(count_range=(2, 2), match_range=(0, 0)))
    for seed in range(20):
        after = operation(Scene("", np.zeros((200, 300, 3), np.uint8)), np.random.default_rng(seed))
        area = sum(Shape(new.polygon).area for new in after.instances)
        assert [(new.ignore, new.level, len(new.polygon)) for new in after.instances] == [(True, "line", 10)] * 2
        assert (after.image > 0).any(axis=2).sum() == pytest.approx(area, rel=0.15)
    with pytest.raises(Exception, match="no crop has four points"):
        CopyPaste(builder.build(), PaddlePaste())


def test_free_offsets_overlap_no_label(pasting):
    found = 0
    for seed in range(120):
        rng = np.random.default_rng([seed, 9])
        scene = pasting.scene(seed, 12)
        taken = [Shape(instance.polygon) for instance in scene.instances]
        occupancy = OccupancyMap(pasting.WIDTH, pasting.HEIGHT, [instance.polygon for instance in scene.instances])
        polygon = pasting.rectangle(rng, pasting.WIDTH, pasting.HEIGHT)
        for place in occupancy.free_offsets(polygon, 5, rng):
            found += 1
            moved = polygon + np.array(place, np.float32)
            assert not any(Shape(moved).intersects(other) for other in taken)
            assert occupancy.is_free(moved)
    assert found > 240


def test_bank_returns_the_added_crops(pasting):
    assert isinstance(pasting.bank, CropBank)
    assert pasting.bank.origin(7) == Origin("pasted", "flat 0:1", 2)
    crop = pasting.bank[7]
    assert (crop.patch == np.array(crop.text.split(","), int)).all()
    assert crop.mask.shape == crop.patch.shape[:2]
    assert (crop.mask == 255).all()


def placed(image, height=24, seeds=range(12), instances=()):
    """Return the boxes (N, 4) of single pastes of dark words on paper."""
    operation = CopyPaste(text_bank(height), NaturalPaste(count_range=(1, 1), share=0, height_range=(0.1, 0.1)))
    scenes = (operation(Scene("", image, instances), np.random.default_rng(seed)) for seed in seeds)
    polygons = [scene.instances[-1].polygon for scene in scenes]
    return np.array([np.concatenate([p.min(axis=0), p.max(axis=0)]) for p in polygons])


@pytest.mark.parametrize("kind", ["texture", "too dark for dark strokes"])
def test_texts_are_placed_on_even_surfaces_that_can_carry_them(kind):
    image = np.full((240, 480, 3), 190, np.uint8)
    texture = np.random.default_rng(0).integers(0, 256, (240, 240, 3), np.uint8)
    image[:, 240:] = texture if kind == "texture" else 30
    assert (placed(image)[:, 2] <= 245).all()


def test_texts_are_placed_near_texts_of_the_image():
    image = np.full((600, 900, 3), 190, np.uint8)
    sign = TextInstance("sign", np.array([[60, 60], [150, 60], [150, 84], [60, 84]], np.float32))
    near, anywhere = placed(image, instances=(sign,)), placed(image)
    assert np.median(near[:, 0]) < 0.7 * np.median(anywhere[:, 0])


def test_crops_whose_strokes_stand_out_are_preferred():
    builder = BankBuilder()
    builder.add_source("both")
    polygon = np.array([[0, 0], [60, 0], [60, 20], [0, 20]], np.float32)
    noise = np.random.default_rng(0).integers(0, 256, (20, 60, 3), np.uint8)
    clear = np.full((20, 60, 3), 220, np.uint8)
    clear[5:-5, 5:-5:4] = 60
    builder.add_image(0, 2, [TextCutout(patch, polygon, t, 20.0) for patch, t in ((noise, "noise"), (clear, "clear"))])
    operation = CopyPaste(builder.build(), NaturalPaste(count_range=(1, 1)))
    image = np.full((100, 200, 3), 200, np.uint8)
    texts = Counter(operation(Scene("", image), np.random.default_rng(s)).instances[0].text for s in range(60))
    assert texts["clear"] > 45
