"""Maps of a DB detector: targets from labels, boxes from maps, and their round trip."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.db.boxes import PostprocessSettings, find_boxes
from models.db.offset import area_and_perimeter, offset_polygon
from models.db.targets import TargetSettings, make_targets
from synthtext.core import InputError

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
VARIANTS = {
    "quad_fast": {},
    "quad_slow": {"score_mode": "slow"},
    "quad_fast_dilated": {"use_dilation": True},
    "polygon_fast": {"box_type": "polygon"},
}


def load(name):
    description = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(REFERENCE / f"{name}.npz") as arrays:
        return description["cases"], {key: np.asarray(arrays[key]) for key in arrays.files}


def rotated_box(center, width, height, degrees):
    return cv2.boxPoints((center, (width, height), degrees)).astype(np.float32)


def iou(first, second):
    a, b = shapely.Polygon(first), shapely.Polygon(second)
    return a.intersection(b).area / a.union(b).area


def test_released_targets():
    cases, arrays = load("targets_detection")
    for case in cases:
        polygons = [np.array(polygon, np.float32) for polygon in case["polygons"]]
        maps, ignored = make_targets(
            polygons, case["ignore"], case["height"], case["width"], TargetSettings(paddle_compat=True)
        )
        prefix = f"case{case['index']:02d}_"
        for name in ("shrink_map", "shrink_mask", "threshold_mask"):
            assert np.count_nonzero(getattr(maps, name) != arrays[prefix + name]) <= 2, (case["name"], name)
        difference = np.abs(maps.threshold_map - arrays[prefix + "threshold_map"])
        for x, y in case["exception_pixels_xy"]:
            difference[y, x] = 0
        assert difference.max() <= 1e-3, case["name"]
        assert ignored.tolist() == [bool(flag) for flag in case["ignore_after"]]


@pytest.mark.parametrize("variant", VARIANTS)
def test_released_boxes(variant):
    cases, arrays = load("db_postprocess")
    for case in cases:
        probability = arrays[f"map{case['index']:02d}"].astype(np.float32)
        size = case["dest_width"], case["dest_height"]
        found = find_boxes(probability, PostprocessSettings(paddle_compat=True, **VARIANTS[variant]), size)
        expected = case["results"][variant]
        left = [np.array(box, np.float32) for box in expected["boxes"]]
        scores = list(expected["scores"])
        cell = np.array(size) / probability.shape[::-1]
        for polygon, score in zip(found.polygons, found.scores, strict=True):
            match = [k for k, box in enumerate(left) if is_close(polygon, box, cell)]
            if not match:
                assert abs(score - 0.6) < 0.01, (case["name"], polygon)
                continue
            assert score == pytest.approx(scores.pop(match[0]), abs=1e-3)
            left.pop(match[0])
        assert all(abs(score - 0.6) < 0.01 for score in scores), case["name"]


def is_close(polygon, box, cell):
    return polygon.shape == box.shape and (np.abs(polygon - box) <= cell + 1e-3).all()


def expected_sides(width, height, change):
    """Return the sides of the box detected for a label, shorter first, if rasterisation changes its kernel's sides.

    The released ratios are not inverse to each other: an unclip ratio of 1.5 adds less than r = 0.4 removes.
    """
    removed = width * height * (1 - 0.4**2) / (width + height)
    sides = np.sort([width, height]) - removed + change
    return sides + 1.5 * sides.prod() / sides.sum()


@settings(max_examples=40)
@given(st.floats(40, 90), st.floats(16, 40), st.floats(-80, 80), st.floats(60, 68), st.floats(60, 68))
@example(73.0, 16.0, 0.0, 60.0, 60.5)  # a kernel 4.98 pixels high, of which rasterisation removes one
@example(86.4, 16.0, -44.7, 65.6, 63.6)
def test_a_perfect_map_gives_the_labels(width, height, degrees, x, y):
    label = rotated_box((x, y), width, height, degrees)
    maps, ignored = make_targets([label], [False], 128, 128, TargetSettings())
    assert not ignored.any()
    found = find_boxes(maps.shrink_map.astype(np.float32), PostprocessSettings())
    (polygon,) = found.polygons
    assert found.scores[0] > 0.6
    # Rasterisation removes at most a pixel of a kernel's side. It adds up to two pixels to a side of a rotated kernel,
    # because pixels that the outline only touches count.
    sides = np.sort(np.hypot(*(polygon - np.roll(polygon, 1, axis=0)).T)[:2])
    assert (sides > expected_sides(width, height, -1) - 0.1).all()
    assert (sides < expected_sides(width, height, 1 if degrees == 0 else 2) + 0.1).all()
    assert iou(polygon, label) > 0.5  # the minimum, for 16 x 90 pixels
    # There is no bias: the center of the box is that of the label.
    assert np.abs(polygon.mean(0) - label.mean(0)).max() < 1


@given(st.integers(5, 30), st.integers(5, 30), st.integers(30, 60), st.integers(12, 30))
def test_coordinates_are_continuous(left, top, width, height):
    probability = np.zeros((96, 96), np.float32)
    probability[top : top + height, left : left + width] = 1
    (polygon,) = find_boxes(probability, PostprocessSettings(unclip_ratio=0.0)).polygons
    assert np.allclose(polygon.mean(0), [left + width / 2, top + height / 2], atol=0.02)
    (twice,) = find_boxes(probability, PostprocessSettings(unclip_ratio=0.0), (192, 288)).polygons
    assert np.allclose(twice, polygon * [2, 3], atol=1e-3)


def test_quads_start_at_the_top_left_and_run_clockwise():
    for degrees in range(-40, 41, 10):
        probability = np.zeros((160, 160), np.float32)
        cv2.fillPoly(probability, [rotated_box((80, 80), 90, 24, degrees).astype(np.int32)], 1.0)
        (polygon,) = find_boxes(probability, PostprocessSettings()).polygons
        x, y = (polygon - polygon.mean(0)).T
        assert x[0] < 0 < x[1], degrees
        assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0  # clockwise where y grows downwards
        angle = np.degrees(np.arctan2(*(polygon[1] - polygon[0])[::-1]))
        assert angle == pytest.approx(degrees, abs=2)


def test_ignored_texts_have_no_target():
    small = rotated_box((20, 20), 20, 5, 0)
    large = rotated_box((64, 64), 60, 20, 0)
    for polygons, ignore in (([small], [False]), ([large], [True])):
        maps, ignored = make_targets(polygons, ignore, 96, 96, TargetSettings())
        assert ignored.all()
        assert not maps.shrink_map.any()
        assert not maps.threshold_mask.any()
        x, y = polygons[0].mean(0).astype(int)
        assert maps.shrink_mask[y, x] == 0
    released, _ = make_targets([small], [False], 96, 96, TargetSettings(paddle_compat=True))
    assert released.threshold_mask.any()


def test_padding_is_masked():
    valid = np.zeros((96, 128), np.uint8)
    valid[:64, :80] = 1
    maps, _ = make_targets([rotated_box((40, 30), 60, 20, 0)], [False], 96, 128, TargetSettings(), valid)
    for mask in (maps.shrink_mask, maps.threshold_mask):
        assert not mask[64:].any()
        assert not mask[:, 80:].any()
    assert maps.shrink_mask[:64, :80].all()


def test_the_threshold_is_highest_at_the_edge():
    label = rotated_box((64, 48), 80, 30, 0)
    maps, _ = make_targets([label], [False], 96, 128, TargetSettings(threshold_range=(0.2, 0.8)))
    assert maps.threshold_map.min() == pytest.approx(0.2)
    edge, center = maps.threshold_map[48, 24], maps.threshold_map[48, 64]
    assert edge > 0.75
    assert center < 0.25


@given(st.floats(-8, 12))
def test_offsetting_moves_the_edges(distance):
    square = np.array([[0, 0], [40, 0], [40, 40], [0, 40]], np.float32)
    (moved,) = offset_polygon(square, distance)
    area, _ = area_and_perimeter(moved)
    corners = (np.pi - 4) * distance**2 if distance > 0 else 0
    assert area == pytest.approx((40 + 2 * distance) ** 2 + corners, rel=0.01)


def test_empty_maps_and_invalid_settings():
    assert find_boxes(np.zeros((32, 32), np.float32), PostprocessSettings()).polygons == []
    assert find_boxes(np.ones((1, 1), np.float32), PostprocessSettings()).polygons == []
    line = np.array([[3, 3], [30, 3], [30, 3], [3, 3]], np.float32)
    _, ignored = make_targets([line], [False], 32, 32, TargetSettings())
    assert ignored.all()
    for name, value in (("threshold", 1.5), ("unclip_ratio", -1), ("max_candidates", 0), ("score_mode", "best")):
        with pytest.raises(InputError, match=name):
            PostprocessSettings(**{name: value})
    with pytest.raises(InputError, match="shrink_ratio"):
        TargetSettings(shrink_ratio=2)
