"""Features of the appearance of a line: contrast, colours, background, blur, noise, compression and resolution."""

import math
from itertools import pairwise
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.segmented_line import HEIGHT, SegmentedLine, inner_part
from synthtext.core import Image

ScalarT = TypeVar("ScalarT", bound=np.generic)

_WINDOW = HEIGHT // 2  # columns in which the contrast along the line is measured
_MIN_WINDOW_PIXELS = 12  # of ink and of background
_MAX_VALUES = 2000  # of which quantiles are computed
_SMOOTHING = 1.2  # standard deviation in pixels of the filter that tells noise from texture
_NOISE_KEPT, _NOISE_LEFT = 0.913, 0.235  # deviation of white noise of deviation 1 without, and with this filter
_TEXTURE_DISTANCE = 4.5  # of the background to the ink where texture is measured, pixels
_MAD = 1.4826  # standard deviation of a normal distribution over its median absolute deviation
_NEAR, _FAR = (2.0, 4.0), 6.0  # distances to the ink in pixels: the ring of a halo, and the background beyond it
_MIN_FAR_PIXELS = 60
_HEIGHTS = (8, 12, 16, 24, 32)  # pixels, to which lines are shrunk to find their resolution
_MAX_LOSS = 0.065  # of the contrast, that shrinking to the effective resolution costs
_MIN_WIDTH, _MAX_ROWS, _MAX_COLUMNS = 40, 96, 512  # pixels of the image where JPEG blocks are searched
_MAX_STEP = 8  # grey levels; larger steps are letters
_BLOCK = 8


def appearance_features(line: SegmentedLine) -> dict[str, float]:
    """Measure a line, without the features that cannot be measured."""
    features = {
        "separability": line.separability,
        "colours": effective_colours(line.image),
        **_background_features(line),
    }
    if line.box is None:
        return features
    return features | {
        "polarity": float(line.dark_ink),
        "contrast": line.contrast,
        **_local_contrast(line),
        **_levels_and_chroma(line),
        **_edge_features(line),
    }


def effective_colours(image: Image) -> float:
    """Return the exponential of the entropy of the colours, in 8 steps for each channel (Hill 1973)."""
    counts = cv2.calcHist([image], [0, 1, 2], None, [8, 8, 8], [0, 256, 0, 256, 0, 256])
    shares = np.asarray(counts, np.float64).ravel() / (image.shape[0] * image.shape[1])
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _background_features(line: SegmentedLine) -> dict[str, float]:
    """Measure the linear trend of the background, and noise and texture without it."""
    has_ink = line.box is not None
    background = line.background if has_ink else np.ones_like(line.ink)
    far = inner_part(line.distance, _TEXTURE_DISTANCE) if has_ink else background  # where no ink is smoothed in
    smooth = np.asarray(cv2.GaussianBlur(line.luminance, (0, 0), _SMOOTHING), np.float32)
    residual = _thinned((line.luminance - smooth)[background])
    noise = _MAD * _quantiles(np.abs(residual - _quantiles(residual, 0.5)[0]), 0.5)[0] / _NOISE_KEPT
    shading, rest = _remove_plane(smooth, far)
    low, high = _quantiles(rest, 0.05, 0.95)
    texture = (high - low) / 3.29  # standard deviations of a normal distribution between these percentiles
    return {
        "shading": shading,
        "noise": noise,
        "texture": math.sqrt(max(texture**2 - (_NOISE_LEFT * noise) ** 2, 0.0)),
    }


def _remove_plane(values: NDArray[np.float32], part: NDArray[np.bool_]) -> tuple[float, NDArray[np.float64]]:
    """Fit a plane to a part of an image; return its range over the image, and the part without it."""
    rows, columns = (_thinned(axis) for axis in np.nonzero(part))
    size = np.array([max(side - 1, 1) for side in values.shape])
    places = np.stack([rows / size[0], columns / size[1], np.ones(len(rows))], axis=1)
    levels = values[rows, columns]
    normal = places.T @ places + 1e-6 * len(rows) * np.eye(3)  # solvable if all pixels are in one row or column
    plane = np.linalg.solve(normal, places.T @ levels)
    return float(np.abs(plane[:2]).sum()), levels - places @ plane


def _local_contrast(line: SegmentedLine) -> dict[str, float]:
    """Measure the tenth percentile along the line of the contrast in windows with both ink and background."""
    starts = np.arange(0, line.ink.shape[1], _WINDOW)
    means = []
    for part in (line.background, line.core):
        counts = np.add.reduceat(part.sum(axis=0), starts)
        sums = np.add.reduceat((line.luminance * part).sum(axis=0), starts)
        means.append(np.where(counts >= _MIN_WINDOW_PIXELS, sums / np.maximum(counts, 1), np.nan))
    differences = (means[0] - means[1]) * (1 if line.dark_ink else -1)
    differences = differences[~np.isnan(differences)]
    return {"local_contrast": _quantiles(differences, 0.1)[0]} if len(differences) else {}


def _levels_and_chroma(line: SegmentedLine) -> dict[str, float]:
    """Measure lightness and chroma of the mean colours of ink and background in CIELAB."""
    colours = [cv2.mean(line.image, part.view(np.uint8))[:3] for part in (line.core, line.background)]
    lab = cv2.cvtColor(np.array([colours], np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)[0]
    return {
        "ink_lightness": float(lab[0, 0]),
        "background_lightness": float(lab[1, 0]),
        "ink_chroma": float(np.hypot(*lab[0, 1:])),
        "background_chroma": float(np.hypot(*lab[1, 1:])),
    }


def _edge_features(line: SegmentedLine) -> dict[str, float]:
    """Measure what depends on the edges of the ink: their spread, halos, and the effective resolution."""
    edge = (line.depth == 1) | (line.distance == 1)
    slopes = [cv2.Sobel(line.luminance, cv2.CV_32F, *order, scale=0.125) for order in ((1, 0), (0, 1))]
    gradient = _quantiles(_thinned(cv2.magnitude(*slopes)[edge]), 0.75)[0]
    features = {"edge_spread": line.contrast / max(gradient, 0.1) / math.sqrt(2 * math.pi) / HEIGHT}
    mask = edge.view(np.uint8)
    losses = [_shrinking_loss(line.luminance, height, mask) / line.contrast for height in _HEIGHTS]
    features["resolution"] = _crossing(losses)
    ring = (line.distance > _NEAR[0]) & (line.distance <= _NEAR[1])
    far = line.distance > _FAR
    if np.count_nonzero(far) >= _MIN_FAR_PIXELS and ring.any():
        difference = float(line.flat[ring].mean()) - float(line.flat[far].mean())
        features["halo"] = difference * (1 if line.dark_ink else -1) / line.contrast
    return features


def _shrinking_loss(luminance: NDArray[np.float32], height: int, edge: NDArray[np.uint8]) -> float:
    """Return the root mean square change at edges if a line is shrunk to a height and enlarged again."""
    size = (max(round(luminance.shape[1] * height / HEIGHT), 1), height)
    small = cv2.resize(luminance, size, interpolation=cv2.INTER_AREA)
    restored = cv2.resize(small, luminance.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return cv2.norm(restored, luminance, cv2.NORM_L2, edge) / math.sqrt(cv2.countNonZero(edge))


def _crossing(losses: list[float]) -> float:
    """Return the height at which the loss falls to `_MAX_LOSS`; it is 0 at `HEIGHT`."""
    points = [*zip(_HEIGHTS, losses, strict=True), (HEIGHT, 0.0)]
    if losses[0] <= _MAX_LOSS:
        return float(_HEIGHTS[0])
    for (low, before), (high, after) in pairwise(points):
        if after <= _MAX_LOSS:
            share = (before - _MAX_LOSS) / max(before - after, 1e-9)
            return float(low * (high / low) ** min(max(share, 0.0), 1.0))
    return float(HEIGHT)


def block_strength(image: Image) -> float:
    """Measure the blocks of JPEG in the pixels of an image (H, W, 3) as it is stored (Wang, Bovik and Evans 2000).

    Returns:
        The mean step between neighbouring columns at the borders of blocks over that at other columns, at the position
        of the grid where it is largest; NaN for an image that is too narrow.
    """
    height, width = image.shape[:2]
    if width < _MIN_WIDTH:
        return math.nan
    top, left = max(height - _MAX_ROWS, 0) // 2, max(width - _MAX_COLUMNS, 0) // 2
    grey = cv2.cvtColor(image[top : top + _MAX_ROWS, left : left + _MAX_COLUMNS], cv2.COLOR_RGB2GRAY)
    steps = np.minimum(cv2.absdiff(np.ascontiguousarray(grey[:, 1:]), np.ascontiguousarray(grey[:, :-1])), _MAX_STEP)
    columns = steps.mean(axis=0)
    phases = np.arange(len(columns)) % _BLOCK
    means = np.bincount(phases, columns, _BLOCK) / np.bincount(phases, minlength=_BLOCK)
    best = int(means.argmax())
    return float((means[best] + 0.1) / (np.delete(means, best).mean() + 0.1))


def _thinned(values: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """Return at most about `_MAX_VALUES` of the values, evenly spaced."""
    return values[:: max(len(values) // _MAX_VALUES, 1)]


def _quantiles(values: NDArray[np.floating[Any]], *shares: float) -> list[float]:
    """Return quantiles of at least one value, without interpolation, which takes a tenth of the time of NumPy's."""
    ordered = np.sort(values)
    return [float(ordered[round(share * (len(ordered) - 1))]) for share in shares]
