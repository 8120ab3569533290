"""Rates the places at which a patch may be pasted: surfaces that could carry its text are preferred."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.strokes import PatchColours, is_carried, lost_contrast
from synthtext.core import Image

_ROW_STEP = 4  # every fourth row is measured
_MARGIN = 0.25  # of the shorter side of a place: its surroundings, which belong to the surface too
_TOLERANCE = 8.0  # grey levels of spread, at most, that are usual on the patch's own background
_TEXTURE_WEIGHT = 1.5
_OPAQUE_COST = 100.0  # of a patch that must keep its own background
_COLOUR_WEIGHT = 0.25  # of a difference in colour
_DISTANCE_WEIGHT = 60.0  # of a distance as long as the diagonal of the image


def placement_costs(
    image: Image,
    boxes: NDArray[np.float64],
    colours: PatchColours,
    reference: tuple[float, float] | None = None,
) -> NDArray[np.float64]:
    """Return the costs (N,) of places for a patch: lower where the image looks like the background of the patch.

    They add, in grey levels of three channels, the spread of the colours in and around the place beyond that of the
    patch's own background, the distance to its background, the contrast that the text would lose there, and the
    distance to a text of the image, since surfaces with text on them can carry more.

    Args:
        image: (H, W, 3) uint8 RGB.
        boxes: the places (N, 4) in pixels: left, top, right, bottom.
        colours: colours of the patch.
        reference: x and y of a text of the image in pixels; None: there is none.
    """
    measured = np.array([_measure(image, box) for box in boxes.tolist()])
    means, spreads = measured[:, 0], measured[:, 1]
    costs = _TEXTURE_WEIGHT * np.maximum(spreads - np.minimum(colours.spread, _TOLERANCE), 0).sum(axis=1)
    costs += np.where(is_carried(means, spreads, colours), lost_contrast(means, colours), _OPAQUE_COST)
    costs += _COLOUR_WEIGHT * np.abs(means - colours.background).sum(axis=1)
    if reference is not None:
        dx, dy = ((boxes[:, :2] + boxes[:, 2:]) / 2 - reference).T
        costs += _DISTANCE_WEIGHT / np.hypot(*image.shape[:2]) * np.hypot(dx, dy)
    return np.asarray(costs, np.float64)


def _measure(image: Image, box: Sequence[float]) -> NDArray[np.float64]:
    """Return mean and standard deviation (2, 3) of the colours in and around a place."""
    left, top, right, bottom = box
    margin = _MARGIN * min(right - left, bottom - top)
    x, y = max(int(left - margin), 0), max(int(top - margin), 0)
    window = image[y : int(bottom + margin) + 1 : _ROW_STEP, x : int(right + margin) + 1]
    return np.asarray(cv2.meanStdDev(window), np.float64)[..., 0]
