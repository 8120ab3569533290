"""Geometric features of a line: margins, tilt, curvature, slant, strokes and connected components."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.segmented_line import HEIGHT, InkBox, SegmentedLine

_MAX_POINTS = 800  # pixels of ink that projections are computed with
_MIN_ELONGATION = 1.5  # width over height of ink whose tilt can be measured
_MIN_CURVED = 3.0  # the same for curvature
_TILTS = np.linspace(-0.9, 0.9, 37)  # rise from one end of the image to the other, in heights of the image
_BOWS = np.linspace(-0.5, 0.5, 31)  # depth of the bow, in heights of the image
_SLANTS = np.tan(np.radians(np.linspace(-42, 42, 29)))
_DITHER = 0.618034  # fraction of a pixel between neighbours, so that whole pixels are not preferred
_REACH = 2.0  # distance from the ink up to which a pixel may hold a part of a stroke, pixels
_MIN_COMPONENT = 6  # pixels


def geometric_features(line: SegmentedLine) -> dict[str, float]:
    """Measure a line, without the features that cannot be measured."""
    if line.box is None:
        return {}
    box, width = line.box, line.ink.shape[1]
    features = {
        "margin_above": box.top / HEIGHT,
        "margin_below": (HEIGHT - box.bottom) / HEIGHT,
        "margin_left": box.left / HEIGHT,
        "margin_right": (width - box.right) / HEIGHT,
        "stroke_width": _stroke_width(line) / box.height,
        "ink_share": float(line.ink[box.top : box.bottom, box.left : box.right].mean()),
        "components": _count_components(line.ink) * box.height / box.width,
    }
    return features | _directions(line.ink, box)


def _stroke_width(line: SegmentedLine) -> float:
    """Return the mean width of the strokes, twice their area over their perimeter, pixels.

    Both come from the share of ink in each pixel. The perimeter is its total variation (the coarea formula), which
    blur does not change.
    """
    levels = (line.flat - line.background_level) / (line.ink_level - line.background_level)
    ink = np.clip(levels, 0, 1) * (line.distance <= _REACH)
    steps = np.hypot(np.diff(ink, axis=1)[:-1], np.diff(ink, axis=0)[:, :-1])
    return 2 * float(ink.sum()) / max(float(steps.sum()), 1.0)


def _directions(ink: NDArray[np.bool_], box: InkBox) -> dict[str, float]:
    """Measure tilt, curvature and slant by the shears that make projections of the ink sharpest (Postl 1986)."""
    rows, columns = np.nonzero(ink)
    step = -(-len(rows) // _MAX_POINTS)
    # A fraction is added so that positions are not whole numbers, for which no shear at all would look sharpest.
    dither = np.arange(0, len(rows), step) * _DITHER % 1
    y, x = (rows[::step] + dither).astype(np.float32), (columns[::step] + (dither + 0.5) % 1).astype(np.float32)
    along = x / ink.shape[1] - 0.5
    features, slope = {}, 0.0
    if box.width >= _MIN_ELONGATION * box.height:
        rise = _sharpest(y, HEIGHT * along, _TILTS)
        slope = rise * HEIGHT / ink.shape[1]
        features["tilt"] = math.degrees(math.atan(slope))
        y = y - rise * HEIGHT * along
    if box.width >= _MIN_CURVED * box.height:
        features["curvature"] = _sharpest(y, HEIGHT * (4 * along**2 - 1 / 3), _BOWS) * HEIGHT / box.height
    features["slant"] = -math.degrees(math.atan(_sharpest(x, y - HEIGHT / 2, _SLANTS)))
    return features


def _sharpest(
    positions: NDArray[np.floating[Any]], basis: NDArray[np.floating[Any]], grid: NDArray[np.float64]
) -> float:
    """Return the g for which the histogram of positions - g * basis is sharpest: its sum of squares is largest.

    Args:
        positions: (n,) pixels.
        basis: (n,) pixels.
        grid: (k,) ascending candidates, evenly spaced; a parabola through the best three refines the result.
    """
    shifted = (positions - grid[:, None].astype(np.float32) * basis).astype(np.float32)
    lowest = float(shifted.min())
    bins = int(float(shifted.max()) - lowest) + 2
    shifted -= lowest - bins * np.arange(len(grid), dtype=np.float32)[:, None]
    counts = np.bincount(shifted.astype(np.int64).ravel(), minlength=bins * len(grid))
    sharpness = np.square(counts.reshape(len(grid), bins), dtype=np.float64).sum(axis=1)
    best = int(sharpness.argmax())
    if not 0 < best < len(grid) - 1:
        return float(grid[best])
    before, peak, after = sharpness[best - 1 : best + 2].tolist()
    bend = before - 2 * peak + after
    offset = 0.5 * (before - after) / bend if bend else 0.0
    return float(grid[best] + offset * (grid[1] - grid[0]))


def _count_components(ink: NDArray[np.bool_]) -> int:
    """Count the connected components of the ink that are not specks."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(ink.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return int(np.count_nonzero(statistics[1:, cv2.CC_STAT_AREA] >= _MIN_COMPONENT))
