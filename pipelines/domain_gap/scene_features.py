"""Features of scenes: their texts as a whole, and the background away from the texts."""

import math
from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.appearance import block_strength, effective_colours
from pipelines.domain_gap.features import Feature
from pipelines.domain_gap.text_geometry import Gaps, TextFrame
from synthtext.core import Image, TextInstance, signed_area

TINY = 10.0
"""Height of a text in the input of a detector, in pixels, below which it is tiny."""

_SIDE = 640  # pixels of the longer side of an image whose background is measured
_DISTANCE = 6  # of the background to a text where it is measured, pixels of that image
_MIN_SHARE = 0.05  # of an image that must be background to be measured
_BLOCK = 16  # pixels of the side of the blocks whose deviations are the texture
_STRONG_EDGE = 24.0  # grey levels for each pixel
_MAD = 1.4826  # standard deviation of a normal distribution over its median absolute deviation
_NOISE_GAIN = math.sqrt(20)  # deviation of white noise of deviation 1 after the Laplacian of four neighbours

_of_scenes = partial(Feature, subject="scenes")

SCENE_FEATURES: tuple[Feature, ...] = (
    _of_scenes("side", "pixels", "the shorter side of the image", tolerance=0.2, log=True, classified=False),
    _of_scenes("aspect", "", "the width of the image over its height", tolerance=0.2, log=True),
    _of_scenes("texts", "", "the number of legible texts", tolerance=2.0),
    _of_scenes("ignored", "", "the share of ignored texts", tolerance=0.1),
    _of_scenes("tiny", "", "the share of texts below 10 pixels, ignored ones included", tolerance=0.1),
    _of_scenes("density", "", "the share of the image that texts cover", tolerance=0.02),
    _of_scenes("extent", "", "the share of the image in the box around all texts", tolerance=0.1),
    _of_scenes("height_range", "octaves", "the range of text heights in a scene", tolerance=0.3),
    _of_scenes("angle_deviation", "degrees", "the mean deviation of the angles of texts in a scene", tolerance=2.0),
    _of_scenes("group_size", "", "the number of texts that are closer than a height", tolerance=0.5, log=True),
    _of_scenes("background_lightness", "CIE L*", "the lightness away from the texts", "CIE 1976", 6),
    _of_scenes("background_chroma", "CIE C*", "the saturation away from the texts", "CIE 1976", 4),
    _of_scenes("background_range", "CIE L*", "the deviation of the lightness away from the texts", "CIE 1976", 4),
    _of_scenes("background_texture", "grey levels", "the deviation in small blocks away from the texts", tolerance=2),
    _of_scenes("background_edges", "", "the share of strong edges away from the texts", "", 0.02),
    _of_scenes("colours", "", "the effective number of colours, in 8 steps for each channel", "Hill 1973", 0.3, True),
    _of_scenes("noise", "grey levels", "the deviation of the noise of the image", "Donoho and Johnstone 1994", 2.0),
    _of_scenes("jpeg_blocks", "", "steps at the borders of JPEG blocks over other steps", "Wang 2000", 0.2, True),
)
"""All features of scenes. The background is measured on the image at 640 pixels of its longer side."""


def measure_scene(
    image: Image, instances: Sequence[TextInstance], frames: Sequence[TextFrame], gaps: Gaps, scale: float
) -> dict[str, float]:
    """Measure a scene; features that cannot be measured are missing.

    Args:
        image: (H, W, 3) uint8 RGB.
        instances: Texts of one level.
        frames: Their sizes and directions.
        gaps: The gaps between them.
        scale: Size of the scene in the input of a detector over the size of the image.
    """
    height, width = image.shape[:2]
    return {
        "side": float(min(width, height)),
        "aspect": width / height,
        "jpeg_blocks": block_strength(image),
        "texts": float(sum(not instance.ignore for instance in instances)),
        **_layout_features(image, instances, frames, gaps, scale),
        **_background_features(image, instances),
    }


def _layout_features(
    image: Image, instances: Sequence[TextInstance], frames: Sequence[TextFrame], gaps: Gaps, scale: float
) -> dict[str, float]:
    area = image.shape[0] * image.shape[1]
    if not instances:
        return {"density": 0.0, "extent": 0.0}
    heights = scale * np.array([frame.height for frame in frames])
    points = np.clip(np.concatenate([instance.polygon for instance in instances]), 0, image.shape[1::-1])
    features = {
        "ignored": float(np.mean([instance.ignore for instance in instances])),
        "tiny": float((heights < TINY).mean()),
        "density": sum(abs(signed_area(instance.polygon)) for instance in instances) / area,
        "extent": float(np.prod(np.ptp(points, axis=0))) / area,
        "group_size": float(1 / np.mean(1 / gaps.group)),  # texts over groups
    }
    if len(instances) > 1:
        low, high = np.percentile(np.log2(heights), (10, 90)).tolist()
        features["height_range"] = high - low
        features["angle_deviation"] = _angle_deviation(np.array([frame.degrees for frame in frames]))
    return features


def _angle_deviation(degrees: NDArray[np.float64]) -> float:
    """Return the mean difference of angles to their circular mean, degrees."""
    vectors = np.exp(1j * np.radians(degrees))
    return float(np.degrees(np.abs(np.angle(vectors * np.conj(vectors.mean())))).mean())


def _background_features(image: Image, instances: Sequence[TextInstance]) -> dict[str, float]:
    factor = _SIDE / max(image.shape[:2])
    size = tuple(max(round(side * factor), _BLOCK) for side in image.shape[1::-1])
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)
    luminance = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    laplacian = cv2.Laplacian(luminance, cv2.CV_32F, ksize=1)
    features = {
        "colours": effective_colours(small),
        "noise": _MAD * float(np.median(np.abs(laplacian))) / _NOISE_GAIN,
    }
    background = _away_from_texts(instances, small.shape[:2], factor)
    pixels = cv2.countNonZero(background)
    if pixels < _MIN_SHARE * background.size:
        return features
    lab = cv2.cvtColor(small.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    means, deviations = (np.asarray(found).ravel() for found in cv2.meanStdDev(lab, mask=background))
    slopes = [cv2.Sobel(luminance, cv2.CV_32F, *order, scale=0.125) for order in ((1, 0), (0, 1))]
    strong = cv2.threshold(cv2.magnitude(*slopes), _STRONG_EDGE, 1, cv2.THRESH_BINARY)[1].astype(np.uint8)
    features |= {
        "background_lightness": float(means[0]),
        "background_chroma": float(np.hypot(means[1], means[2])),
        "background_range": float(deviations[0]),
        "background_edges": cv2.countNonZero(strong & background) / pixels,
    }
    textures = _block_deviations(luminance, background)
    return features | ({"background_texture": float(np.median(textures))} if len(textures) else {})


def _away_from_texts(instances: Sequence[TextInstance], shape: tuple[int, int], factor: float) -> Image:
    """Return a mask (H, W) of the pixels that are not near any text; they are 1, the others 0."""
    texts = np.zeros(shape, np.uint8)
    for instance in instances:
        cv2.fillPoly(texts, [np.round(instance.polygon * factor).astype(np.int32)], (1,))
    near = cv2.dilate(texts, np.ones((2 * _DISTANCE + 1, 2 * _DISTANCE + 1), np.uint8))
    return 1 - np.asarray(near, np.uint8)


def _block_deviations(luminance: NDArray[np.float32], background: Image) -> NDArray[np.float64]:
    """Return the standard deviations of the luminance in the blocks that are background."""
    rows, columns = (side // _BLOCK for side in luminance.shape)

    def block_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
        cut = values[: rows * _BLOCK, : columns * _BLOCK]
        return np.asarray(cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA), np.float64)

    values = luminance.astype(np.float64)
    variances = block_means(values**2) - block_means(values) ** 2
    whole = block_means(background.astype(np.float64)) > 1 - 0.5 / _BLOCK**2
    return np.sqrt(np.maximum(variances[whole], 0))
