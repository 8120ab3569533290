"""CopyPaste on thousands of small drawn scenes: pixels, labels, origins, placement, chance."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from shapely import Polygon as Shape

from augment.copy_paste import BankBuilder, CopyPaste, Crop, CropBank, NaturalPaste, Occupancy, ReleasedPaste
from augment.copy_paste.crop import letter_height, reading_frame
from synthtext.core import Origin, Scene, TextInstance

WIDTH, HEIGHT = 240, 176
MODES = [NaturalPaste(), NaturalPaste(share=2.0, balance="texts"), ReleasedPaste(), ReleasedPaste(share=1.0)]
PLAIN = NaturalPaste(share=1.0, match_range=(0, 0), feather_range=(0, 0))
NAMES = dict(zip(MODES, ("natural", "natural, many", "released", "released, many"), strict=True)) | {PLAIN: "plain"}


def rectangle(rng, width, height, longest=70, degrees=(-180, 180)):
    """A turned rectangle inside of a picture."""
    w, h = rng.uniform(16, longest), rng.uniform(9, 24)
    angle = math.radians(rng.uniform(*degrees))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    corners = (np.array([[0, 0], [w, 0], [w, h], [0, h]]) - (w / 2, h / 2)) @ turn
    low, high = -corners.min(axis=0), (width, height) - corners.max(axis=0)
    return (corners + rng.uniform(low, high)).astype(np.float32)


def drawn_scene(seed, count=None):
    """A smooth picture with some labelled places; every third is to be ignored, some have six points."""
    rng = np.random.default_rng([seed, 1])
    ramp = np.linspace(0, 1, WIDTH)[None, :, None] * rng.uniform(0, 90, 3)
    image = (ramp + np.linspace(0, 1, HEIGHT)[:, None, None] * rng.uniform(0, 90, 3) + 40).astype(np.uint8)
    instances = []
    for i in range(int(rng.integers(0, 9)) if count is None else count):
        polygon = rectangle(rng, WIDTH, HEIGHT)
        if i % 4 == 3:
            polygon = np.insert(polygon, [1, 3], (polygon[[0, 2]] + polygon[[1, 3]]) / 2, axis=0)
        instances.append(TextInstance("" if i % 3 == 2 else f"old {i}", polygon, ignore=i % 3 == 2))
    return Scene(f"scene {seed}", image, tuple(instances))


def flat_bank(count=40, pictures=8):
    """Crops of one colour each, no two alike, whose text is the colour; five come from every picture."""
    builder = BankBuilder()
    rng = np.random.default_rng(0)
    for source in range(2):
        builder.add_source(f"flat {source}")
        for row in range(pictures // 2):
            crops = []
            for place in range(count // pictures):
                number = (source * pictures // 2 + row) * (count // pictures) + place
                colour = np.array([255 - number, number * 6, 128 + number], np.uint8)
                height, width = int(rng.integers(9, 30)), int(rng.integers(12, 70))
                polygon = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
                patch = np.full((height, width, 3), colour, np.uint8)
                crops.append(Crop(patch, polygon, ",".join(map(str, colour)), float(height), index=place))
            builder.add_picture(row, 3 * len(crops), crops)
    return builder.build()


BANK = flat_bank()


def outside_of(polygon, points):
    """How far points (N, 2) lie outside of a convex polygon that runs clockwise on the screen; below 0: inside."""
    begins, ends = polygon.astype(float), np.roll(polygon, -1, axis=0).astype(float)
    along = (ends - begins) / np.linalg.norm(ends - begins, axis=1, keepdims=True)
    to = points[:, None] - begins[None]
    return (along[None, :, 1] * to[..., 0] - along[None, :, 0] * to[..., 1]).max(axis=1)


def around(polygon):
    """Rows and columns of a picture around a polygon, and how far the centres of their pixels are outside of it."""
    (left, top), (right, bottom) = np.maximum(polygon.min(axis=0) - 2, 0).astype(int), polygon.max(axis=0).astype(int)
    box = np.s_[top : min(bottom + 3, HEIGHT), left : min(right + 3, WIDTH)]
    rows, columns = np.mgrid[box]
    return box, outside_of(polygon, np.stack([columns, rows], 2).reshape(-1, 2) + 0.5).reshape(rows.shape)


def near(first, second):
    """Whether the upright boxes of two shapes meet: quicker than to intersect them."""
    a, b = first.bounds, second.bounds
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def pasted(scene):
    return [instance for instance in scene.instances if instance.origin.kind == "pasted"]


@pytest.mark.parametrize("mode", MODES, ids=NAMES.get)
def test_pixels_change_inside_the_pasted_polygons_and_nowhere_else(mode):
    operation, changed_at_all = CopyPaste(BANK, mode), 0
    for seed in range(350):
        scene = drawn_scene(seed)
        before = scene.image.copy()
        after = operation(scene, np.random.default_rng(seed))
        assert (scene.image == before).all()
        changed = (after.image != before).any(axis=2)
        changed_at_all += changed.sum()
        for instance in pasted(after):
            box, outside = around(instance.polygon)
            changed[box] &= outside >= 0.75  # pixel: half of the diagonal, and some rounding
        assert not changed.any()
    assert changed_at_all > 50_000


@pytest.mark.parametrize("mode", MODES, ids=NAMES.get)
def test_no_pasted_polygon_overlaps_another(mode):
    operation, count = CopyPaste(BANK, mode), 0
    for seed in range(350):
        after = operation(drawn_scene(seed), np.random.default_rng(seed))
        shapes = [Shape(instance.polygon) for instance in after.instances]
        for i, instance in enumerate(after.instances):
            if instance.origin.kind != "pasted":
                continue
            count += 1
            low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
            assert (low >= 0).all()
            assert (high <= (WIDTH, HEIGHT)).all()
            assert all(shapes[i].intersection(other).area < 0.01 for other in shapes[:i] if near(shapes[i], other))
    assert count > 300


@pytest.mark.parametrize("mode", [PLAIN, MODES[3]], ids=NAMES.get)
def test_labels_are_what_was_pasted_and_say_where_it_came_from(mode):
    operation, seen = CopyPaste(BANK, mode), Counter()
    for seed in range(350):
        before = drawn_scene(seed)
        after = operation(before, np.random.default_rng(seed))
        assert after.instances[: len(before.instances)] == before.instances
        applied = after.meta.effects[-1]
        new = after.instances[len(before.instances) :]
        assert applied.name == "copy_paste"
        assert len(new) == len(applied.parameters["pastes"])
        assert len(new) + sum(applied.parameters["failed"].values()) == applied.parameters["wanted"]
        for instance, paste in zip(new, applied.parameters["pastes"], strict=True):
            colour = np.array(instance.text.split(","), int)
            box, outside = around(instance.polygon)
            assert (outside < -1).sum() > 10
            assert (after.image[box][outside < -1] == colour).all()
            number = paste["crop"]
            assert instance.origin == BANK.origin(number)
            source, _, row = instance.origin.source.partition(":")
            assert number == (int(source.split()[1]) * 4 + int(row)) * 5 + instance.origin.index
            seen[number] += 1
    assert len(seen) == len(BANK)


@pytest.mark.parametrize("mode", MODES, ids=NAMES.get)
def test_same_stream_same_scene_and_what_was_drawn_tells_all(mode):
    operation = CopyPaste(BANK, mode)
    differ = 0
    for seed in range(60):
        scene = drawn_scene(seed)
        first, again = (operation(scene, np.random.default_rng(seed)) for _ in range(2))
        other = operation(scene, np.random.default_rng(seed + 1000))
        replayed = operation.apply(scene, json.loads(json.dumps(operation.draw(np.random.default_rng(seed), scene))))
        for twin in (again, replayed):
            assert (twin.image == first.image).all()
            assert [i.text for i in twin.instances] == [i.text for i in first.instances]
            assert all((a.polygon == b.polygon).all() for a, b in zip(twin.instances, first.instances, strict=True))
        differ += (other.image != first.image).any()
    assert differ > 50


def text_bank(height=24, width=90):
    builder = BankBuilder()
    builder.add_source("texts")
    polygon = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    patch = np.full((height, width, 3), 200, np.uint8)
    patch[6:-6, 6:-6:3] = 90
    builder.add_picture(0, 1, [Crop(patch, polygon, "words", float(height))])
    return builder.build()


@pytest.mark.parametrize("degrees", [-160, -90, -20, 0, 35, 120])
def test_natural_pastes_are_as_high_and_lie_as_the_targets_texts_do(degrees):
    operation = CopyPaste(text_bank(), NaturalPaste(share=1.0, scale_range=(0.3, 2)))
    for seed in range(60):
        rng = np.random.default_rng([seed, 3])
        polygon = rectangle(rng, 600, 400, 120, (degrees, degrees))
        scene = Scene("", np.full((400, 600, 3), 128, np.uint8), (TextInstance("target", polygon),))
        (new,) = pasted(operation(scene, rng))
        told, made = reading_frame(polygon), reading_frame(new.polygon)
        turned = (made["degrees"] - told["degrees"] + 180) % 360 - 180
        if told["length"] > told["height"]:
            assert abs(turned) <= 3.01
        assert made["height"] == pytest.approx(letter_height(told["length"], told["height"], "target"), rel=0.02)


def test_texts_of_pictures_without_any_are_upright_and_as_high_as_the_setting_says():
    operation = CopyPaste(text_bank(), NaturalPaste(count_range=(3, 3), height_range=(0.05, 0.1)))
    for seed in range(60):
        scene = Scene("", np.full((300, 500, 3), 90, np.uint8))
        for new in pasted(operation(scene, np.random.default_rng(seed))):
            frame = reading_frame(new.polygon)
            assert abs(frame["degrees"]) <= 3.01
            assert 0.6 * 24 - 0.1 <= frame["height"] <= 30.1


def crowded(seed, count=60):
    """1280 x 720 with labelled upright boxes that do not overlap, as many as fit up to `count`."""
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


def test_in_crowded_pictures_most_pastes_find_room_and_none_is_shrunk_under_8_pixels():
    builder = BankBuilder()
    builder.add_source("sizes")
    rng = np.random.default_rng(5)
    for row in range(60):
        w, h = int(rng.integers(60, 220)), int(rng.integers(20, 60))
        polygon = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        builder.add_picture(row, 60, [Crop(np.zeros((h, w, 3), np.uint8), polygon, "target", float(h))])
    operation = CopyPaste(builder.build())
    wanted = made = 0
    for seed in range(12):
        after = operation(crowded(seed), np.random.default_rng(seed))
        wanted += after.meta.effects[-1].parameters["wanted"]
        for new in pasted(after):
            made += 1
            assert reading_frame(new.polygon)["height"] >= 7.99
    assert wanted == 12 * 12
    assert made / wanted >= 0.85


def test_a_full_picture_ends_with_counted_reasons():
    everything = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    scene = Scene("", np.zeros((HEIGHT, WIDTH, 3), np.uint8), (TextInstance("full", everything, ignore=True),) * 20)
    for mode in MODES:
        after = CopyPaste(BANK, mode)(scene, np.random.default_rng(1))
        drawn = after.meta.effects[-1].parameters
        assert len(after.instances) == 20
        assert sum(drawn["failed"].values()) == drawn["wanted"] > 0
        assert (after.image == 0).all()


def test_the_released_mode_without_its_limit_pastes_over_what_is_there():
    operation = CopyPaste(BANK, ReleasedPaste(share=1.0, limit_paste=False))
    for seed in range(100):
        scene = drawn_scene(seed, 12)
        new = pasted(operation(scene, np.random.default_rng(seed)))
        assert len(new) == 5
        for instance in new:
            assert instance.polygon.min() >= 0
            assert (instance.polygon <= (WIDTH, HEIGHT)).all()


def test_pictures_smaller_than_any_crop_are_left_as_they_are():
    for mode in MODES:
        for size in ((1, 1), (7, 200), (3, 5)):
            scene = Scene("", np.zeros((*size, 3), np.uint8))
            after = CopyPaste(BANK, mode)(scene, np.random.default_rng(1))
            assert not after.instances
            assert sum(after.meta.effects[-1].parameters["failed"].values()) >= 1


def test_balance_gives_every_source_or_text_or_rare_character_its_chance():
    builder = BankBuilder()
    patch, polygon = np.zeros((10, 20, 3), np.uint8), np.array([[0, 0], [20, 0], [20, 10], [0, 10]], np.float32)
    for source, texts in (("a", ["the", "the", "the", "cat"]), ("b", ["Xz"])):
        builder.add_source(source)
        for row, text in enumerate(texts):
            builder.add_picture(row, 1, [Crop(patch, polygon, text, 10.0)])
    bank = builder.build()
    chances = {
        name: bank.weights(name) / bank.weights(name).sum() for name in ("crops", "sources", "texts", "characters")
    }
    assert chances["crops"] == pytest.approx([0.2] * 5)
    assert chances["sources"] == pytest.approx([0.125] * 4 + [0.5])
    assert bank.weights("pictures") == pytest.approx([1.0] * 5)
    assert BANK.weights("pictures") == pytest.approx([0.2] * len(BANK))
    assert chances["texts"] == pytest.approx([1 / 9] * 3 + [1 / 3] * 2)
    assert chances["characters"][4] > chances["characters"][3] > chances["characters"][0]
    draws = Counter()
    operation = CopyPaste(bank, NaturalPaste(balance="sources"))
    for seed in range(400):
        scene = Scene("", np.zeros((60, 90, 3), np.uint8))
        draws.update(i.origin.source.partition(":")[0] for i in pasted(operation(scene, np.random.default_rng(seed))))
    assert 0.4 < draws["a"] / draws.total() < 0.6


def test_curved_and_ignored_crops_keep_their_outline_and_their_flag():
    top = np.stack([np.linspace(2, 58, 5), 10 - 6 * np.sin(np.linspace(0, np.pi, 5))], 1)
    polygon = np.concatenate([top, (top + np.array([0, 12]))[::-1]]).astype(np.float32)
    builder = BankBuilder()
    builder.add_source("curved")
    patch = np.full((26, 60, 3), 250, np.uint8)
    builder.add_picture(0, 1, [Crop(patch, polygon, "curve", 12.0, True, "line")])
    operation = CopyPaste(builder.build(), NaturalPaste(count_range=(2, 2), match_range=(0, 0)))
    for seed in range(50):
        after = operation(Scene("", np.zeros((200, 300, 3), np.uint8)), np.random.default_rng(seed))
        area = sum(Shape(new.polygon).area for new in after.instances)
        assert [(new.ignore, new.level, len(new.polygon)) for new in after.instances] == [(True, "line", 10)] * 2
        assert (after.image > 0).any(axis=2).sum() == pytest.approx(area, rel=0.15)
    with pytest.raises(Exception, match="no crop has four points"):
        CopyPaste(builder.build(), ReleasedPaste())


def test_places_are_free_and_found_where_there_is_room():
    found = 0
    for seed in range(300):
        rng = np.random.default_rng([seed, 9])
        scene = drawn_scene(seed, 12)
        taken = [Shape(instance.polygon) for instance in scene.instances]
        occupancy = Occupancy(WIDTH, HEIGHT, [instance.polygon for instance in scene.instances])
        polygon = rectangle(rng, WIDTH, HEIGHT)
        for place in occupancy.places(polygon, 5, rng):
            found += 1
            moved = polygon + np.array(place, np.float32)
            assert not any(Shape(moved).intersects(other) for other in taken)
            assert occupancy.is_free(moved)
    assert found > 600


def test_the_bank_gives_back_what_was_put_in():
    assert isinstance(BANK, CropBank)
    assert BANK.origin(7) == Origin("pasted", "flat 0:1", 2)
    crop = BANK[7]
    assert (crop.patch == np.array(crop.text.split(","), int)).all()
    assert crop.mask.shape == crop.patch.shape[:2]
    assert (crop.mask == 255).all()


@pytest.mark.parametrize(
    ("settings", "told"),
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
def test_settings_out_of_bounds_are_refused_by_name(settings, told):
    with pytest.raises(Exception, match=told):
        NaturalPaste(**settings)
