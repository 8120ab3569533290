"""Lines at one height, with their ink told from their background: what all features are measured on."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image

HEIGHT = 48
"""Height to which lines are resized before they are measured, pixels: that of generated lines."""

MIN_INK_PIXELS = 20
"""Ink below it cannot be measured."""

MIN_CONTRAST = 6.0
"""Difference of ink and background in grey levels below which ink cannot be measured."""

_INK_TAIL = 0.01  # share of the ink above and below the box of the text, so that specks do not count
_SIDE_TAIL = 0.003  # the same for its left and right sides: a line has many letters
_BORDER_WEIGHT = 2.0  # of the share of the border, against that of the area, to find which side of a threshold is ink


class InkBox(NamedTuple):
    """Box of the ink, pixels; the ends do not belong to it."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Height in pixels, at least 1."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Width in pixels, at least 1."""
        return self.right - self.left


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedLine:
    """A line of `HEIGHT` pixels and width W, whose ink was found.

    Attributes:
        image: (HEIGHT, W, 3) uint8 RGB.
        luminance: (HEIGHT, W) float32, 0 to 255.
        flat: (HEIGHT, W) float32, the luminance without its linear trend.
        separability: share of the variance that lies between ink and background, 0 to 1 (Otsu 1979).
        ink: (HEIGHT, W) bool.
        depth: (HEIGHT, W) float32, distance of a pixel of ink to the background, pixels; 0 outside of the ink.
        distance: (HEIGHT, W) float32, distance of a pixel of the background to the ink, pixels; 0 in the ink.
        dark_ink: the ink is darker than the background.
        ink_level: mean luminance of the inner part of the ink, 0 to 255.
        background_level: mean luminance of the background that is not next to ink, 0 to 255.
        box: of the ink; None if there is too little ink or contrast to measure.
    """

    image: Image
    luminance: NDArray[np.float32]
    flat: NDArray[np.float32]
    separability: float
    ink: NDArray[np.bool_]
    depth: NDArray[np.float32]
    distance: NDArray[np.float32]
    dark_ink: bool
    ink_level: float
    background_level: float
    box: InkBox | None

    @property
    def contrast(self) -> float:
        """Absolute difference of the levels of ink and background."""
        return abs(self.background_level - self.ink_level)

    @property
    def core(self) -> NDArray[np.bool_]:
        """Pixels of the ink that do not touch the background; all of the ink if it is too thin."""
        return inner_part(self.depth, 1.5)

    @property
    def background(self) -> NDArray[np.bool_]:
        """Pixels of the background that are not next to ink; all of it if there are few."""
        return inner_part(self.distance, 2.5)


def inner_part(distance: NDArray[np.float32], least: float) -> NDArray[np.bool_]:
    """Return the pixels at least this far from the other part; all pixels of the part if those are few."""
    inner = distance >= least
    return inner if np.count_nonzero(inner) >= MIN_INK_PIXELS else distance > 0


def segment_line(image: Image) -> SegmentedLine:
    """Resize a line (H, W, 3) uint8 RGB to `HEIGHT`, and find its ink by a threshold (Otsu 1979).

    A linear trend of the luminance is removed first, so that uneven light is not taken for ink. The part with less of
    the border and of the area is the ink.
    """
    image = resize_line(image)
    luminance = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    values = luminance.astype(np.float32)
    flat = values - _linear_trend(values)
    smooth = cv2.GaussianBlur(np.clip(flat, 0, 255).astype(np.uint8), (3, 3), 0)
    threshold, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = smooth <= threshold
    dark_ink = _is_ink(dark)
    ink = dark if dark_ink else ~dark
    depth = cv2.distanceTransform(ink.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    distance = cv2.distanceTransform((~ink).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    has_both = 0 < np.count_nonzero(ink) < ink.size
    levels = [
        float(values[inner_part(part, least)].mean()) if has_both else float(values.mean())
        for part, least in ((depth, 1.5), (distance, 2.5))
    ]
    measurable = has_both and np.count_nonzero(ink) >= MIN_INK_PIXELS and abs(levels[1] - levels[0]) >= MIN_CONTRAST
    return SegmentedLine(
        image=image,
        luminance=values,
        flat=flat,
        separability=_separability(smooth, dark),
        ink=ink,
        depth=np.asarray(depth, np.float32),
        distance=np.asarray(distance, np.float32),
        dark_ink=dark_ink,
        ink_level=levels[0],
        background_level=levels[1],
        box=_ink_box(ink) if measurable else None,
    )


def resize_line(image: Image) -> Image:
    """Resize an image (H, W, 3) uint8 to `HEIGHT`, with the same aspect ratio."""
    height, width = image.shape[:2]
    if height == HEIGHT:
        return image
    size = (max(round(width * HEIGHT / height), 1), HEIGHT)
    interpolation = cv2.INTER_AREA if height > HEIGHT else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def _linear_trend(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fit a plane to the luminance, and return it without its mean."""
    slopes = []
    for axis in (0, 1):
        place = np.linspace(-1, 1, values.shape[axis], dtype=np.float32) * (values.shape[axis] > 1)
        slopes.append(float(place @ values.mean(axis=1 - axis)) / max(float(place @ place), 1.0) * place)
    return np.asarray(slopes[0][:, None] + slopes[1][None], np.float32)


def _is_ink(part: NDArray[np.bool_]) -> bool:
    """Return whether a part of the image is its ink rather than the rest of it."""
    border = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]]).mean()
    return bool(_BORDER_WEIGHT * border + part.mean() < (_BORDER_WEIGHT + 1) / 2)


def _separability(values: NDArray[np.uint8], part: NDArray[np.bool_]) -> float:
    share = float(part.mean())
    variance = float(values.var())
    if not 0 < share < 1 or variance == 0:
        return 0.0
    difference = float(values[part].mean()) - float(values[~part].mean())
    return share * (1 - share) * difference**2 / variance


def _ink_box(ink: NDArray[np.bool_]) -> InkBox:
    top, bottom = _mass_range(ink.sum(axis=1), _INK_TAIL)
    left, right = _mass_range(ink.sum(axis=0), _SIDE_TAIL)
    return InkBox(top, bottom, left, right)


def _mass_range(mass: NDArray[np.int64], tail: float) -> tuple[int, int]:
    """Return the first index of all but a tail of the mass at either end, and the index after the last."""
    running = np.cumsum(mass)
    start, stop = np.searchsorted(running, (tail * running[-1], (1 - tail) * running[-1]))
    return int(start), int(min(stop, len(mass) - 1)) + 1
