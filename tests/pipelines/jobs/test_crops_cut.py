"""A text that is cut out of an image of which every pixel is known."""

import cv2
import numpy as np
import pytest

from pipelines.datasets.rectify import line_size, to_line_polygon
from pipelines.jobs.crop_cutting import crop_line
from synthtext.core import Box, Clusters, Size, TextInstance, Warp, signed_area

WIDTH, HEIGHT = 120, 30


def strip(seed):
    """A smooth picture of a line, and the quads of its three clusters."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (4, 13, 3), np.uint8)
    image = np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)
    quads = np.stack([Box(x, 4, x + 30, 26).polygon() for x in (5, 45, 85)])
    return image, Clusters(np.arange(4, dtype=np.int32), quads)


def quad(rng, size=(WIDTH, HEIGHT)):
    """The corners of a line of this size in a picture: turned, shifted, a little out of shape."""
    corners = Box(0, 0, *size).polygon() + rng.uniform(-4, 4, (4, 2)).astype(np.float32)
    turned = Warp.rotation(float(rng.uniform(-60, 60)), (size[0] / 2, size[1] / 2))
    return turned.then(Warp.translation(100, 100)).points(corners)


@pytest.mark.parametrize("seed", range(20))
def test_a_pasted_line_is_cut_out_unchanged(seed):
    rng = np.random.default_rng(seed)
    line, clusters = strip(seed)
    corners = quad(rng)
    place = Warp.between_quads(Box(0, 0, WIDTH, HEIGHT).polygon(), corners)
    picture = place.image(line, Size(320, 320), border_mode=cv2.BORDER_REPLICATE)
    instance = TextInstance("abc", corners, clusters.warped(place))
    sample = crop_line(picture, instance, "key", "corpus", {})
    height, width = sample.image.shape[:2]
    assert (width, height) == line_size(corners)
    expected = cv2.resize(line, (width, height), interpolation=cv2.INTER_LINEAR)
    assert np.abs(sample.image.astype(int) - expected).mean() < 4
    scale = np.array([width / WIDTH, height / HEIGHT])
    np.testing.assert_allclose(sample.clusters.quads, clusters.quads * scale, atol=0.6)
    np.testing.assert_array_equal(sample.clusters.offsets, clusters.offsets)
    assert sample.meta.parameters["turned"] is False


def test_a_vertical_text_is_rotated_with_its_clusters():
    """Three squares, one below the other, each in a colour: they come out side by side, the lowest one at the right."""
    picture = np.zeros((120, 60, 3), np.uint8)
    boxes = [Box(20, 10 + 30 * k, 40, 30 + 30 * k) for k in range(3)]
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    for box, colour in zip(boxes, colours, strict=True):
        picture[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = colour
    clusters = Clusters(np.arange(4, dtype=np.int32), np.stack([box.polygon() for box in boxes]))
    sample = crop_line(picture, TextInstance("abc", Box(15, 5, 45, 95).polygon(), clusters), "key", "", {})
    assert sample.image.shape == (30, 90, 3)
    assert sample.meta.parameters["turned"] is True
    for k, (points, colour) in enumerate(zip(sample.clusters.quads, colours, strict=True)):
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        np.testing.assert_allclose([left, top, right, bottom], [5 + 30 * k, 5, 25 + 30 * k, 25], atol=1e-3)
        inside = sample.image[int(top) + 1 : int(bottom) - 1, int(left) + 1 : int(right) - 1].reshape(-1, 3)
        assert len(inside) == 18 * 18
        assert np.abs(inside.astype(int) - colour).max() < 8


def arc(count, first=200.0, last=340.0):
    """An outline around a bent band: along its top and back along its bottom; x from the left."""
    angles = np.deg2rad(np.linspace(first, last, count))
    directions = np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.concatenate([160 + 120 * directions, (160 + 90 * directions)[::-1]]).astype(np.float32)


@pytest.mark.parametrize("count", [3, 5, 7, 10])
def test_curved_outlines_are_straightened(count):
    """Colours that depend on the angle alone become columns of one colour."""
    y, x = np.mgrid[0:320, 0:320] + 0.5
    degrees = np.rad2deg(np.arctan2(y - 160, x - 160)) % 360
    picture = np.repeat(np.asarray((degrees - 180) * 1.4, np.float32).clip(0, 255).astype(np.uint8)[..., None], 3, 2)
    outline = arc(count)
    assert to_line_polygon(outline) is outline
    sample = crop_line(picture, TextInstance("bent", outline, strip(0)[1]), "key", "", {})
    columns = sample.image[..., 0].astype(int)
    assert sample.image.shape[1] > 5 * sample.image.shape[0]
    assert np.ptp(columns, axis=0).max() <= (12 if count == 3 else 6)
    assert (np.diff(columns.mean(axis=0)) > -0.5).all()
    assert len(sample.clusters) == 0  # they would not lie right
    np.testing.assert_allclose(sample.meta.parameters["polygon"], outline, atol=1e-3)


@pytest.mark.parametrize("shift", [0.1, 0.4])
@pytest.mark.parametrize("count", [2, 3, 6])
def test_outlines_of_vertical_lines_are_straightened_along_the_line(count, shift):
    """Squares below each other, the lower ones further to the right: colours that depend on y become columns."""
    tops = 20 + 30 * np.arange(count)
    boxes = [Box(60 + shift * top, top, 84 + shift * top, top + 26) for top in tops]
    clusters = Clusters(np.arange(count + 1, dtype=np.int32), np.stack([box.polygon() for box in boxes]))
    outline = clusters.outline("文字縦書中国"[:count])
    assert len(outline) > 4
    picture = np.repeat(np.repeat(np.arange(240, dtype=np.uint8)[:, None, None], 240, 1), 3, 2)
    sample = crop_line(picture, TextInstance("text", outline), "key", "", {})
    height, width = sample.image.shape[:2]
    assert abs(height - 24) <= 1
    assert width >= 30 * count - 4
    columns = sample.image[..., 0].astype(int)
    assert np.ptp(columns, axis=0).max() <= 14 * shift + 2
    assert (np.diff(columns.mean(axis=0)) > -0.5).all()


@pytest.mark.parametrize("seed", range(40))
def test_other_outlines_become_their_minimum_area_rectangle(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 8)) * 2 + 1
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    outline = (100 + rng.uniform(20, 60) * np.stack([np.cos(angles), 0.3 * np.sin(angles)], 1)).astype(np.float32)
    line = to_line_polygon(outline)
    assert line.shape == (4, 2)
    assert signed_area(line) > 0
    distances = [cv2.pointPolygonTest(line, tuple(map(float, point)), True) for point in outline]
    assert min(distances) > -0.01
    nearest = np.hypot(*(line - outline[0]).T)
    assert np.argmin(nearest) == 0


def test_a_twisted_outline_becomes_a_rectangle():
    outline = np.roll(arc(6), 3, axis=0)  # begins in the middle of its top
    assert len(to_line_polygon(outline)) == 4
