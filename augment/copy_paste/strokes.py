"""Tells the strokes of a patch from their background, and transfers them to another background."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image

_PATCH_SAMPLES = 32  # pixels along a side of a patch that are measured
_QUARTILES = 0.74  # standard deviation of a normal distribution per distance of its quartiles
_STROKE_SHARE = 0.1  # of the pixels of a patch, which surely are strokes: those that differ most
_MIN_CONTRAST = 45.0  # grey levels, summed over the channels, of strokes that can be told from their background
_MAX_SPREAD_FRACTION = 0.3  # of the contrast that the background may vary, before it cannot be told from the strokes
_MAX_LOST_FRACTION = 0.25  # of the contrast that strokes may lose on a place, before they keep their own background
_MAX_TEXTURE_FRACTION = 0.4  # of the contrast that the colours of a place may vary under the strokes
_CORE = (0.08, 0.25)  # fractions of the contrast: differences below are background, those above are strokes


class PatchColours(NamedTuple):
    """The colours of a patch, three channels each."""

    background: NDArray[np.float32]  # the median along the border, mostly the background of the text
    darkest: NDArray[np.float32]  # minimum of each channel
    brightest: NDArray[np.float32]  # maximum of each channel
    spread: NDArray[np.float32]  # of the background: standard deviation, from the quartiles along the border
    contrast: NDArray[np.float32]  # difference of the strokes to the background, below 0 if they are darker


def measure_patch_colours(patch: Image) -> PatchColours:
    """Measure the colours of a patch (h, w, 3) from a sample of its pixels."""
    rows, columns = patch.shape[:2]
    along, down = max(columns // _PATCH_SAMPLES, 1), max(rows // _PATCH_SAMPLES, 1)
    edges = np.concatenate([patch[0, ::along], patch[-1, ::along], patch[::down, 0], patch[::down, -1]])
    inner = patch[::down, ::along].reshape(-1, 3)
    ordered, count = np.sort(edges, axis=0).astype(np.float32), len(edges)
    spread = (ordered[3 * count // 4] - ordered[count // 4]) * np.float32(_QUARTILES)
    differences = inner.astype(np.float32) - ordered[count // 2]
    differences = differences[differences.sum(axis=1).argsort()]
    strokes = max(int(len(differences) * _STROKE_SHARE), 1)
    darker, brighter = differences[:strokes].mean(axis=0), differences[-strokes:].mean(axis=0)
    contrast = brighter if brighter.sum() > -darker.sum() else darker
    darkest, brightest = (extreme.astype(np.float32) for extreme in (inner.min(axis=0), inner.max(axis=0)))
    return PatchColours(ordered[count // 2], darkest, brightest, spread, contrast)


def is_separable(colours: PatchColours) -> NDArray[np.bool_]:
    """Return whether the strokes of patches (..., 3) can be told from their background."""
    contrast = np.abs(colours.contrast).sum(axis=-1)
    return np.asarray(
        (contrast >= _MIN_CONTRAST) & (colours.spread.sum(axis=-1) <= _MAX_SPREAD_FRACTION * contrast), np.bool_
    )


def is_carried(means: NDArray[np.float64], spreads: NDArray[np.float64], colours: PatchColours) -> NDArray[np.bool_]:
    """Return (...) whether places can carry the strokes of a patch without its background.

    Args:
        means: (..., 3) mean colours of the places.
        spreads: (..., 3) standard deviations of their colours.
        colours: colours of the patch.
    """
    contrast = np.abs(colours.contrast).sum()
    is_visible = lost_contrast(means, colours) <= _MAX_LOST_FRACTION * contrast
    is_smooth = spreads.sum(axis=-1) <= _MAX_TEXTURE_FRACTION * contrast
    return np.asarray(is_separable(colours) & is_visible & is_smooth, np.bool_)


def lost_contrast(places: NDArray[np.float64], colours: PatchColours) -> NDArray[np.float64]:
    """Return the grey levels (...) that the strokes of a patch lose on places (..., 3), summed over the channels.

    The difference of the strokes to their own background moves to the colour of the place, and saturates there.
    """
    strokes = places + colours.contrast
    return np.asarray(np.abs(strokes - strokes.clip(0, 255)).sum(axis=-1), np.float64)


def transfer_strokes(warped: Image, target: Image, colours: PatchColours) -> Image:
    """Return a target area (h, w, 3) with the strokes of a warped patch, by their difference to their background."""
    difference, contrast = warped.astype(np.float32) - colours.background, colours.contrast
    fraction = cv2.transform(difference, (contrast / np.square(contrast).sum())[None])
    low, high = _CORE
    weight: Any = ((fraction - np.float32(low)) * np.float32(1 / (high - low))).clip(0, 1)
    return np.asarray(cv2.add(target, difference * weight[..., None], dtype=cv2.CV_8U), np.uint8)
