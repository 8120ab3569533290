"""Samples and scenes in a notebook and at the prompt."""

import base64
import re

import cv2
import numpy as np
import pytest

from synthtext.core import Box, Provenance, Sample, Scene, TextInstance

RED, WHITE = (200, 30, 40), 255


def decode(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_a_line_shows_its_pixels_and_its_text():
    image = np.full((32, 90, 3), RED, np.uint8)
    sample = Sample("ca5cade00000000007", image, "a < b", meta=Provenance(font="Lato Bold"))
    assert repr(sample) == "Sample(key='ca5cade00000000007', text='a < b', image=90x32, font='Lato Bold')"
    np.testing.assert_array_equal(decode(sample._repr_png_()), image)
    page = sample._repr_html_()
    assert "a &lt; b · Lato Bold" in page
    (embedded,) = re.findall(r"base64,([^\"]+)", page)
    assert base64.b64decode(embedded) == sample._repr_png_()


@pytest.mark.parametrize("scale", [1, 3])
def test_a_scene_shows_outlines_and_stays_small(scale):
    image = np.full((400 * scale, 600 * scale, 3), WHITE, np.uint8)
    texts = (
        TextInstance("two words", Box(20, 20, 580, 380).polygon() * scale, level="line"),
        TextInstance("two", Box(100, 100, 300, 200).polygon() * scale, parent=0),
        TextInstance("words", Box(320, 100, 500, 200).polygon() * scale, parent=0, ignore=True),
    )
    scene = Scene("key", image, texts)
    assert repr(scene) == f"Scene(key='key', image={600 * scale}x{400 * scale}, 2 texts (1 ignored))"
    shown = decode(scene._repr_png_()).astype(int)
    assert max(shown.shape) <= 1000
    assert (image == WHITE).all()
    factor = shown.shape[1] / 600
    changed = np.argwhere(np.abs(shown - WHITE).max(2) > 60) / factor
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    np.testing.assert_allclose((left, top, right, bottom), (100, 100, 500, 200), atol=3)
    assert "2 texts (1 ignored)" in scene._repr_html_()


def test_an_empty_scene_and_a_grain_of_an_image():
    scene = Scene("key", np.zeros((1, 1, 3), np.uint8))
    assert repr(scene) == "Scene(key='key', image=1x1, 0 texts)"
    assert decode(scene._repr_png_()).shape == (1, 1, 3)
