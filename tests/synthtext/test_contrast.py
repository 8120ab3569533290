"""Contrast of ink with its local background."""

import numpy as np
import pytest

from synthtext.core import Image, Points
from synthtext.ink.contrast import choose_colours, compute_ink_masks, measure_backgrounds

QUADS: Points = np.array([[[0, 0], [16, 0], [16, 16], [0, 16]], [[16, 0], [32, 0], [32, 16], [16, 16]]], np.float32)


def ink(second: int) -> Image:
    coverage = np.full((16, 32), 255, np.uint8)
    coverage[:, 16:] = second
    return coverage


@pytest.mark.parametrize("faint", [0, 1, 5, 10])
def test_clusters_without_visible_ink_have_no_mask(faint: int) -> None:
    assert compute_ink_masks([ink(faint), ink(255)], [QUADS, QUADS], [3, 3])[0] is None


@pytest.mark.parametrize("second", [17, 100, 255])
def test_faint_ink_needs_a_colour_with_more_contrast(second: int) -> None:
    (field,) = compute_ink_masks([ink(second)], [QUADS], [3])
    assert field is not None
    assert field.strength[0] == 1
    assert field.strength[1] == pytest.approx(min(second / 127.5, 1), abs=0.03)
    backgrounds = measure_backgrounds([field], [np.full((16, 32, 3), 255, np.uint8)])
    (chosen,) = choose_colours([[(215, 215, 215)]], backgrounds, [35])
    assert (chosen is not None and chosen.colour == (215, 215, 215)) is (second == 255)
    if second == 17:  # a tenth remains of the contrast of black, 255
        assert chosen is None
