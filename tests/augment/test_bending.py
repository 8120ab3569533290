"""Tests of Curl and Elastic: points follow the image, warps do not fold and keep the image in its frame."""

import json

import cv2
import numpy as np
import pytest

from augment import Curl, Elastic, LineChain, SceneStep
from synthtext.core import Box, Clusters, GeometricEffect, Sample, Size

STRONG: list[GeometricEffect] = [Curl((0, 65), (0.25, 1), (0, 0.6), (-15, 15)), Elastic((0, 1), (0.5, 6))]


def name(effect: GeometricEffect) -> str:
    return type(effect).__name__


def random_size(rng: np.random.Generator) -> Size:
    if rng.random() < 0.2:
        return Size(33.3, 210.7)
    return Size(float(rng.integers(1, 600)), float(rng.integers(1, 80)))


@pytest.mark.parametrize("effect", STRONG, ids=name)
def test_warp_has_an_inverse_and_does_not_fold(effect: GeometricEffect) -> None:
    rng = np.random.default_rng(0)
    for _ in range(400):
        size = random_size(rng)
        warp = effect.warp(size, json.loads(json.dumps(effect.draw(rng, size))))
        points = rng.uniform(-0.1, 1.1, (40, 2)) * size
        step = 0.02 * min(size)
        corners = points + np.array([[[0, 0]], [[step, 0]], [[0, step]]])
        flat = corners.reshape(-1, 2)
        for part in warp.maps:
            flat = part.forward(flat)
        here, right, down = flat.reshape(3, -1, 2)
        turns = (right - here)[:, 0] * (down - here)[:, 1] - (right - here)[:, 1] * (down - here)[:, 0]
        assert turns.min() > 0.02 * step**2
        assert turns.max() < 12 * step**2
        for part in reversed(warp.maps):
            flat = part.backward(flat)
        np.testing.assert_allclose(flat, corners.reshape(-1, 2), atol=0.01)


@pytest.mark.parametrize("effect", STRONG, ids=name)
def test_warped_image_fills_its_frame(effect: GeometricEffect) -> None:
    """A warp that does not fold maps the sides to the outline of the result."""
    rng, shares = np.random.default_rng(1), np.linspace(0, 1, 500)[:, None]
    for _ in range(400):
        size = random_size(rng)
        warp = effect.warp(size, effect.draw(rng, size))
        corners = Box(0, 0, *size).polygon()
        sides = corners[:, None] + (np.roll(corners, -1, axis=0) - corners)[:, None] * shares
        moved = warp.points(sides.reshape(-1, 2).astype(np.float32))
        room = 0.01 * min(size) + 0.02
        np.testing.assert_allclose(moved.min(axis=0), 0, atol=room)
        np.testing.assert_allclose(moved.max(axis=0), size, atol=room)


@pytest.mark.parametrize("effect", [Curl(), Elastic(), *STRONG], ids=repr)
@pytest.mark.parametrize("shape", [(48, 300), (200, 220)], ids=str)
def test_points_follow_the_image(effect: GeometricEffect, shape: tuple[int, int]) -> None:
    size = Size(shape[1], shape[0])
    rng = np.random.default_rng(2)
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    for _ in range(6):
        warp = effect.warp(size, effect.draw(rng, size))
        for _ in range(6):
            at = rng.uniform(0.2, 0.8, 2) * size
            disc = np.clip(4.5 - np.hypot(x - at[0], y - at[1]), 0, 1)
            shown = warp.image((disc * 255).astype(np.uint8), size).astype(float)
            centre = np.array([(x * shown).sum(), (y * shown).sum()]) / shown.sum()
            assert np.hypot(*(warp.points(at[None].astype(np.float32))[0] - centre)) < 1


def test_curl_narrows_one_side_and_bows_lines() -> None:
    size = Size(400, 48)
    warp = Curl().warp(size, {"angle": 60.0, "roll": 0.5, "bow": 0.5, "degrees": 0.0})
    row = warp.points(np.stack([np.linspace(0, 400, 9), np.full(9, 24)], axis=1).astype(np.float32))
    steps = np.diff(row[:, 0])
    np.testing.assert_allclose(steps[:4], steps[0], rtol=1e-3)  # the flat half
    assert (np.diff(steps[3:]) < 0).all()
    assert steps[-1] / steps[0] == pytest.approx(0.55, abs=0.08)  # between the cosines of 45 and of 60 degrees
    assert np.ptp(row[:5, 1]) < 1e-3
    assert (np.diff(row[4:, 1]) > 0).all()
    other = Curl().warp(size, {"angle": 60.0, "roll": 0.5, "bow": -0.5, "degrees": 180.0})
    mirrored = other.points(np.stack([400 - np.linspace(0, 400, 9), np.full(9, 24)], axis=1).astype(np.float32))
    np.testing.assert_allclose(mirrored[:, 0], 400 - row[:, 0], atol=1e-3)


def test_elastic_displacement_grows_with_strength() -> None:
    size, rng = Size(300, 48), np.random.default_rng(0)
    points = (rng.uniform(0, 1, (400, 2)) * size).astype(np.float32)
    parameters = Elastic().draw(rng, size)
    far = []
    for strength in (0.1, 0.4, 1.0):
        moved = Elastic().warp(size, {**parameters, "strength": strength}).points(points)
        far.append(float(np.hypot(*(moved - points).T).max()))
    assert 0.1 < far[0] < far[1] < far[2] < 24
    assert far[1] == pytest.approx(4 * far[0], rel=0.15)


def test_clusters_follow_their_letters() -> None:
    chain = LineChain([SceneStep("curl", Curl(), 0.7), SceneStep("elastic", Elastic(), 0.7)])
    image = np.full((48, 240, 3), 230, np.uint8)
    lefts = np.arange(10, 216, 22)
    for left in lefts:
        image[10:38, left : left + 16] = 20
    quads = np.array([Box(x, 10, x + 16, 38).polygon() for x in lefts.tolist()])
    sample = Sample(
        "line", image, "abcdefghijkl"[: len(lefts)], Clusters(np.arange(len(lefts) + 1, dtype=np.int32), quads)
    )
    for seed in range(60):
        result = chain(np.random.default_rng(seed), sample)
        dark = (result.image[..., 0] < 125).astype(np.uint8)
        for quad in result.clusters.quads:  # its sides are straight, those of letters are bent
            label = np.zeros_like(dark)
            cv2.fillPoly(label, [np.rint((quad - 0.5) * 64).astype(np.int32)], 1, shift=6)
            around = cv2.dilate(label, np.ones((5, 5), np.uint8))
            assert (dark & label).sum() >= 0.8 * (dark & around).sum()
            assert (dark & label).sum() >= 0.7 * label.sum()


def test_images_of_extreme_sizes() -> None:
    rng = np.random.default_rng(0)
    for shape in ((1, 1), (1, 40), (48, 1), (2, 300), (64, 2000), (1000, 1000)):
        image = rng.integers(0, 256, (*shape, 3), np.uint8)
        for effect in STRONG:
            for _ in range(2):
                size = Size(shape[1], shape[0])
                assert effect.warp(size, effect.draw(rng, size)).image(image, size).shape == image.shape
