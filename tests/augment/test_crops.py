"""Tests of cutting texts out of images whose colours encode positions, and of blending them."""

from collections import Counter

import cv2
import numpy as np
import pytest

from augment.copy_paste import BankBuilder, CropRules, crop_from_line, cut_crops
from augment.copy_paste.blend import PatchPose, blend
from augment.copy_paste.strokes import measure_patch_colours
from synthtext.core import Clusters, InputError, TextInstance, Warp

SIDE = 240


def chart():
    """Return an image in which red is x and green is y of each pixel."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.stack([columns, rows, np.zeros_like(rows)], 2).astype(np.uint8)


def cut(polygons, rules=None, **fields):
    reasons: Counter[str] = Counter()
    instances = [TextInstance("text", np.array(p, np.float32), **fields) for p in polygons]
    return list(cut_crops(chart(), instances, rules or CropRules(), reasons)), reasons


def where(patch, row, column):
    """Return the point of the chart that a pixel of a patch shows."""
    return patch[row, column, :2].astype(float) + 0.5


def test_quads_are_rectified():
    rng = np.random.default_rng(0)
    for _ in range(200):
        quad = np.array([[60, 60], [170, 60], [170, 110], [60, 110]]) + rng.uniform(-25, 25, (4, 2))
        (crop,), _ = cut([quad])
        height, width = crop.patch.shape[:2]
        whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        assert (crop.polygon == whole).all()
        places = np.stack([rng.integers(1, width - 1, 20), rng.integers(1, height - 1, 20)], 1)
        back = Warp.between_quads(whole, quad).points((places + 0.5).astype(np.float32))
        shown = np.array([where(crop.patch, row, column) for column, row in places])
        assert np.abs(shown - back).max() < 1.1  # grey levels encode whole pixels


def test_outlines_of_more_points_are_rotated_and_keep_their_shape():
    rng = np.random.default_rng(1)
    for degrees in (-170, -60, 0, 25, 90, 140):
        top = np.stack([np.linspace(-45, 45, 5), 8 * np.cos(np.linspace(-1.5, 1.5, 5))], 1)
        outline = np.concatenate([top, (top + np.array([0, 20]))[::-1]]).astype(np.float32) + 120
        turned = Warp.rotation(degrees, (120, 120)).points(outline)
        (crop,), _ = cut([turned])
        assert len(crop.polygon) == 10
        assert crop.height == pytest.approx(20, rel=0.1)
        assert crop.polygon[4, 0] - crop.polygon[0, 0] == pytest.approx(90, abs=0.1)  # its top is horizontal
        for point in rng.integers(0, 10, 5):
            inner = crop.polygon[point] * 0.8 + crop.polygon.mean(axis=0) * 0.2
            expected = turned[point] * 0.8 + turned.mean(axis=0) * 0.2
            shown = where(crop.patch, int(inner[1]), int(inner[0]))
            assert np.abs(shown - expected).max() < 2.1
        assert 0.5 < (crop.mask > 0).mean() < 1


def test_unusable_texts_are_skipped_and_counted():
    good = [[10, 10], [80, 10], [80, 30], [10, 30]]
    small = [[10, 50], [80, 50], [80, 56], [10, 56]]
    out = [[-20, 100], [80, 100], [80, 130], [-20, 130]]
    crops, reasons = cut([good, small, out])
    assert [crop.index for crop in crops] == [0]
    assert reasons == {"too small": 1, "extends beyond its image": 1}
    crops, reasons = cut([good], ignore=True)
    assert not crops
    assert reasons == {"ignored": 1}
    crops, _ = cut([good], CropRules(ignored=True), ignore=True)
    assert crops[0].ignore
    crops, reasons = cut([good, good], parent=0)
    assert [crop.index for crop in crops] == [1]
    assert reasons == {"has child texts that are cut": 1}


def test_high_texts_are_downscaled():
    (crop,), _ = cut([[[10, 10], [210, 10], [210, 110], [10, 110]]], CropRules(max_height=50))
    assert crop.patch.shape == (50, 100, 3)
    assert crop.height == 50
    assert np.abs(where(crop.patch, 10, 20) - (10 + 41, 10 + 21)).max() < 1.1


def test_generated_line_is_cut_along_its_clusters():
    quads = np.array([[[8, 5], [20, 5], [20, 25], [8, 25]], [[20, 4], [34, 4], [34, 25], [20, 25]]], np.float32)
    image = np.zeros((32, 48, 3), np.uint8)
    outline = Clusters(np.array([0, 1, 2], np.int32), quads).outline("ab")
    crop = crop_from_line(image, "ab", outline=outline)
    assert crop.level == "line"
    assert crop.patch.shape == (21, 26, 3)
    assert crop.polygon.min(axis=0).tolist() == [0, 0]
    assert crop_from_line(image, "ab").patch.shape == image.shape
    with pytest.raises(InputError, match="6 pixels high, less than 8"):
        crop_from_line(image[:6], "ab")


def test_bank_without_crops_is_rejected():
    with pytest.raises(InputError, match="no crops to paste"):
        BankBuilder().build()


@pytest.mark.parametrize("rules", [{"min_height": 0}, {"min_height": 50, "max_height": 20}, {"max_height": 1e6}])
def test_rules_out_of_bounds_are_rejected(rules):
    with pytest.raises(InputError, match="min_height"):
        CropRules(**rules)


def lettered(ground, ink):
    patch = np.full((24, 80, 3), ground, np.uint8)
    patch[6:18, 8:72:6] = ink
    return patch, np.array([[0, 0], [80, 0], [80, 24], [0, 24]], np.float32)


@pytest.mark.parametrize(("ground", "ink", "place"), [(200, 120, 110), (60, 140, 150), (240, 30, 20), (10, 250, 250)])
def test_matched_colours_follow_the_target_and_keep_the_contrast(ground, ink, place):
    patch, polygon = lettered(ground, ink)
    image = np.full((60, 120, 3), place, np.uint8)
    blend(image, patch, polygon, PatchPose(60, 30, 1.0, 0.0), measure_patch_colours(patch), match=1.0, feather=0)
    inner = image[19:41, 21:99, 0].astype(int)
    assert inner.max() - inner.min() == abs(ground - ink)
    new_ground = inner[1, 1]
    assert abs(new_ground - place) <= abs(ground - place)
    if 0 <= place + ink - ground <= 255:
        assert new_ground == pytest.approx(place, abs=1)


def test_feather_lies_inside_the_polygon():
    patch, polygon = lettered(250, 250)
    image = np.zeros((60, 120, 3), np.uint8)
    blend(image, patch, polygon, PatchPose(60, 30, 1.0, 0.0), measure_patch_colours(patch), match=0, feather=2)
    row = image[30, :, 0].astype(int)
    assert (row[:20] == 0).all()
    assert (np.diff(row[19:24]) >= 0).all()
    assert 0 < row[20] < row[21] < row[22]
    assert row[24] == 250


def letters(ground, ink, share=1.0):
    """Return a patch with text whose left part has another background, and its outline."""
    patch = np.full((32, 110, 3), ground, np.uint8)
    patch[:, : round(110 * (1 - share))] = ink
    cv2.putText(patch, "TEXT", (12, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (ink,) * 3, 2, cv2.LINE_AA)
    return patch, np.array([[0, 0], [110, 0], [110, 32], [0, 32]], np.float32)


@pytest.mark.parametrize(("ground", "ink", "place"), [(200, 90, 150), (240, 100, 160), (40, 130, 90)])
def test_only_strokes_are_pasted_where_the_place_can_carry_them(ground, ink, place):
    patch, polygon = letters(ground, ink)
    image = np.random.default_rng(0).normal(place, 4, (60, 140, 3)).astype(np.uint8)
    before = image.copy()
    blend(image, patch, polygon, PatchPose(70, 30, 1.0, 0.0), measure_patch_colours(patch), match=1.0, feather=1)
    changed = (image != before).any(axis=2)
    strokes = np.zeros_like(changed)
    strokes[14:46, 15:125] = np.abs(patch[..., 0].astype(int) - ground) > 4
    assert not (changed & ~cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3))).astype(bool)).any()
    solid = cv2.erode(strokes.astype(np.uint8), np.ones((3, 3))).astype(bool)
    assert solid.sum() > 20
    contrast = image[solid].astype(int) - before[solid]
    assert np.median(contrast) == pytest.approx(ink - ground, abs=3)


@pytest.mark.parametrize(
    ("patch", "place"),
    [(letters(240, 30), 20), (letters(200, 90, 0.4), 150), (letters(128, 128), 90), (letters(10, 250), 250)],
    ids=["too dark a place", "two backgrounds", "no strokes", "too bright a place"],
)
def test_patches_keep_their_background_where_their_strokes_would_be_lost(patch, place):
    image = np.full((60, 140, 3), place, np.uint8)
    blend(image, *patch, PatchPose(70, 30, 1.0, 0.0), measure_patch_colours(patch[0]), match=1.0, feather=0)
    inner = image[15:45, 16:124].astype(int)
    assert np.ptp(inner) == pytest.approx(np.ptp(patch[0][1:-1, 1:-1].astype(int)), abs=2)


def test_strokes_keep_their_background_on_a_place_of_texture():
    patch, polygon = letters(200, 90)
    image = np.random.default_rng(0).choice(np.uint8([70, 190]), (60, 140, 1)).repeat(3, axis=2)
    blend(image, patch, polygon, PatchPose(70, 30, 1.0, 0.0), measure_patch_colours(patch), match=1.0, feather=0)
    assert image[15:17, 17:123].std() < 2
