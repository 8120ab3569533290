"""Parts of the reader: reading order, rectification, input sizes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.datasets.rectify import rectify
from synthtext.core import Box
from tests.pipelines.inference.test_page_lines import reading_order
from tests.pipelines.inference.test_reader import sign


def grid(columns, rows, gap, words=3, width=50, height=14):
    """Boxes of words in reading order: columns of lines of words."""
    return [
        Box(x, y, x + width, y + height).polygon()
        for column in range(columns)
        for row in range(rows)
        for word in range(words)
        for x, y in [(column * (words * 58 + gap) + word * 58, row * 24)]
    ]


@settings(max_examples=40)
@given(st.integers(1, 3), st.sampled_from([1, 3, 4, 9]), st.integers(0, 2**32 - 1), st.sampled_from([-8, -3, 0, 3, 8]))
def test_columns_lines_and_words_are_in_order(columns, rows, seed, degrees):
    boxes = grid(columns, rows, 60)
    rotation = cv2.getRotationMatrix2D((100, 100), degrees, 1.0)
    rotated = [(np.c_[box, np.ones(4)] @ rotation.T).astype(np.float32) for box in boxes]
    shuffled = np.random.default_rng(seed).permutation(len(boxes))
    read = shuffled[reading_order([rotated[i] for i in shuffled])]
    if rows > 2 or columns == 1:
        assert read.tolist() == list(range(len(boxes)))
    else:  # single lines are not columns
        lines = [i % (rows * 3) // 3 for i in read]
        assert lines == sorted(lines)


def test_headline_comes_before_the_columns_below_it():
    boxes = grid(2, 6, 60)
    headline = Box(40, -60, 360, -30).polygon()
    assert reading_order([*boxes, headline]) == [len(boxes), *range(len(boxes))]


def test_prices_belong_to_their_lines():
    boxes = [
        Box(x, 24 * row, x + width, 24 * row + 14).polygon() for row in range(8) for x, width in ((0, 150), (300, 50))
    ]
    assert reading_order(boxes) == list(range(16))


def test_no_box_and_one_box():
    assert reading_order([]) == []
    assert reading_order([Box(3, 3, 20, 9).polygon()]) == [0]


@given(st.integers(-5, 60), st.integers(-5, 40), st.integers(6, 50), st.integers(4, 30), st.booleans())
def test_rectified_upright_box_is_a_slice_of_the_image(left, top, width, height, paddle_compat):
    image = np.random.default_rng(0).integers(0, 256, (48, 96, 3), np.uint8)
    line = rectify(image, Box(left, top, left + width, top + height).polygon(), paddle_compat=paddle_compat)
    padded = np.pad(image, ((64, 64), (64, 64), (0, 0)), "edge")
    expected = padded[64 + top : 64 + top + height, 64 + left : 64 + left + width]
    if height >= 1.5 * width:
        expected = np.rot90(expected)
    assert np.array_equal(line, expected)


def test_rectified_lines_are_upright():
    image = sign("HORIZON")
    height, width = image.shape[:2]
    for degrees in (-30, 20, 90):
        rotation = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), degrees, 1.0)
        rotation[:, 2] += 200
        page = cv2.warpAffine(image, rotation, (800, 800), borderValue=(235, 235, 235))
        quad = (np.c_[Box(0, 0, width, height).polygon() - 0.5, np.ones(4)] @ rotation.T + 0.5).astype(np.float32)
        line = rectify(page, quad)
        assert abs(line.shape[0] - height) <= 1
        assert abs(line.shape[1] - width) <= 1
        again = cv2.resize(line, (width, height)).astype(int)
        assert np.abs(again[3:-3, 3:-3] - image[3:-3, 3:-3]).mean() < 5


def test_curved_lines_are_straightened():
    rows, columns = np.mgrid[0:200, 0:400]
    bend = 30 * np.sin(columns / 400 * np.pi)
    image = np.repeat((np.abs(rows - 100 + bend) < 4)[..., None] * np.uint8(255), 3, 2)  # an arc, 8 pixels thick
    x = np.linspace(0, 400, 15)
    arc = 100 - 30 * np.sin(x / 400 * np.pi)
    outline = np.concatenate([np.c_[x, arc - 20], np.c_[x, arc + 20][::-1]]).astype(np.float32)
    line = rectify(image, outline)
    ink = np.array([np.flatnonzero(column > 127).mean() for column in line[:, 5:-5, 0].T])
    assert np.abs(ink - 20).max() < 1.5


@pytest.mark.parametrize(
    "points",
    [
        [[5, 5]] * 4,
        [[5, 5], [5.2, 5], [5.2, 5.1], [5, 5.1]],
        [[5, 5], [30, 5], [30, 5], [5, 5]],
        [[900, 900], [950, 900], [950, 920], [900, 920]],
    ],
)
def test_degenerate_polygons_give_an_image(points):
    line = rectify(np.zeros((40, 60, 3), np.uint8), np.array(points, np.float32))
    assert line.dtype == np.uint8
    assert line.ndim == 3
    assert min(line.shape) >= 1


@given(
    st.integers(1, 30_000), st.integers(1, 30_000), st.sampled_from(["min", "max"]), st.sampled_from([320, 736, 960])
)
def test_inputs_are_bounded_multiples_of_32(width, height, rule, side):
    preprocessing = DetectorPreprocessing(limit_side_len=side, limit_type=rule)
    wide, high = preprocessing.input_size(width, height)
    assert wide % 32 == high % 32 == 0
    assert min(wide, high) >= 32
    assert wide * high <= 1.3 * preprocessing.max_area + 32 * max(width, height)
    assert wide <= max(2 * width + 16, 32)
    if rule == "max":
        assert max(wide, high) <= side + 16


def test_input_sizes_of_paddleocr():
    preprocessing = DetectorPreprocessing(max_enlargement=100)
    assert preprocessing.input_size(1280, 720) == (1312, 736)
    assert preprocessing.input_size(1000, 900) == (992, 896)
    assert DetectorPreprocessing(limit_side_len=960, limit_type="max").input_size(1280, 720) == (960, 544)


def test_channels_are_normalised_in_their_order():
    image = np.zeros((32, 64, 3), np.uint8)
    image[..., 0] = 255
    for channels, position in (("bgr", 2), ("rgb", 0)):
        preprocessing = DetectorPreprocessing(limit_side_len=32, channels=channels)
        planes = preprocessing.prepare(image)[0]
        for k in range(3):
            value = (float(k == position) - preprocessing.mean[k]) / preprocessing.std[k]
            assert np.allclose(planes[k], value, atol=1e-5)
