import cv2
import numpy as np
import pytest

from pipelines.evaluation.measures import height_and_angle, otsu_contrast, outline_distances, short_side_and_tilt


def rotated(width, height, degrees, middle=(100, 100)):
    """A rectangle (4, 2) from the top-left of a text, rotated clockwise about its centre."""
    angle = np.deg2rad(degrees)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (corners @ matrix + middle).astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 4, 30, 89, 120, 180, -45, -170])
def test_height_and_angle_of_a_rotated_text(degrees):
    height, angle = height_and_angle(rotated(90, 20.5, degrees), "words")
    assert height == 20
    assert angle == pytest.approx(abs(degrees), abs=0.1)
    side, tilt = short_side_and_tilt(rotated(90, 20.5, degrees))
    assert side == pytest.approx(20.5, abs=0.1)
    assert tilt == pytest.approx(min(abs(degrees), 180 - abs(degrees)), abs=0.1)


def test_height_of_a_vertical_text_is_the_width_of_its_outline():
    assert height_and_angle(rotated(20.5, 90, 0), "down") == (20, 90)
    assert height_and_angle(rotated(20.5, 90, 0), "l")[1] == 0  # a narrow character is not vertical text


@pytest.mark.parametrize(("ink", "background"), [(50, 200), (255, 0), (120, 128)])
def test_contrast_is_the_difference_of_ink_and_background_inside_the_outline(ink, background):
    image = np.full((200, 200), 255 - background, np.uint8)  # the surroundings do not count
    polygon = rotated(90, 30, 25)
    cv2.fillPoly(image, [np.rint(rotated(96, 36, 25)).astype(np.int32)], background)
    cv2.fillPoly(image, [np.rint(rotated(40, 6, 25)).astype(np.int32)], ink)
    assert otsu_contrast(image, polygon) == abs(ink - background)
    assert otsu_contrast(image) > 0


def test_contrast_without_ink():
    plain = np.full((40, 40), 77, np.uint8)
    assert otsu_contrast(plain) == 0
    assert np.isnan(otsu_contrast(plain, rotated(20, 20, 0, (200, 200))))
    assert otsu_contrast(plain, rotated(20, 20, 0, (40, 40))) == 0  # extends beyond the image
    noise = np.random.default_rng(0).normal(128, 10, (200, 200)).round().astype(np.uint8)
    assert otsu_contrast(noise) == pytest.approx(16, abs=0.5)


def test_outline_distances_are_to_the_nearest_other():
    boxes = [rotated(10, 10, 0, (x, 50)) for x in (10, 25, 60)]
    assert outline_distances(boxes).tolist() == [5, 5, 25]
    assert outline_distances(boxes[:1]).tolist() == [np.inf]
    assert outline_distances([]).tolist() == []
