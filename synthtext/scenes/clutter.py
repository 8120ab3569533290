"""Distractors behind the texts of a scene, and objects that occlude them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Points, Range, Size, bounding_box, check_fraction, check_range, lerp
from synthtext.scenes.shapes import bar, blend_polygon, ellipse, fill_polygon, window_around
from synthtext.scenes.text_layer import RenderedLine

_SIZE_RANGE = (0.015, 0.12)  # half the size of a distractor, as a fraction of the image's shorter side
_STROKE_WIDTH = 0.12  # as a fraction of a distractor's size


@dataclass(frozen=True)
class Clutter:
    """Distractors and occlusions.

    Attributes:
        distractors_range: Number of shapes behind the texts (strokes, frames, rings, bars of codes, logo-like figures),
            0 to 200.
        occlusion_probability: Probability of an object in front of a line.
        occlusion_range: Fraction of the line that it covers, along the line, 0.02 to 1.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    distractors_range: tuple[int, int] = (0, 8)
    occlusion_probability: float = 0.05
    occlusion_range: Range = (0.05, 0.5)

    def __post_init__(self) -> None:
        check_range("clutter: distractors_range", self.distractors_range, 0, 200, "counts")
        check_fraction("clutter: occlusion_probability", self.occlusion_probability)
        check_range("clutter: occlusion_range", self.occlusion_range, 0.02, 1, "shares")

    def draw_distractors(self, rng: np.random.Generator, image: Image) -> None:
        """Draw distractors into an image (H, W, 3) in place."""
        for _ in range(int(rng.integers(*self.distractors_range, endpoint=True))):
            _draw_distractor(rng, image)

    def occlude(
        self, rng: np.random.Generator, image: Image, lines: Sequence[RenderedLine]
    ) -> NDArray[np.uint8] | None:
        """Draw objects in front of some of the lines, in place.

        Returns:
            (H, W) uint8, opacity of the objects; None if there are none.
        """
        occlusion: NDArray[np.uint8] | None = None
        for line in compress(lines, rng.random(len(lines)) < self.occlusion_probability):
            shape = self._object(rng, line)
            window = window_around(shape, Size(image.shape[1], image.shape[0]))
            if window is None:
                continue
            lightness, *tint = rng.random(4).tolist()
            colour = np.clip(255 * lightness + 70 * (np.array(tint) - 0.5), 0, 255)
            blend_polygon(image, shape, colour.tolist())
            occlusion = np.zeros(image.shape[:2], np.uint8) if occlusion is None else occlusion
            occlusion[window] = cv2.max(occlusion[window], fill_polygon(shape, window))
        return occlusion

    def _object(self, rng: np.random.Generator, line: RenderedLine) -> Points:
        """A bar across a line, or an ellipse in front of it, (P, 2)."""
        quads = line.quads
        begin, end = quads[0].mean(axis=0), quads[-1].mean(axis=0)
        position, share, lean, kind = rng.random(4).tolist()
        x, y = (begin + (end - begin) * np.float32(position)).tolist()
        box = bounding_box(quads)
        length = float(np.hypot(*(quads[:, 1].mean(axis=0) - quads[:, 0].mean(axis=0))))
        along = lerp(self.occlusion_range, share) * length * len(quads)
        height = line.em * (0.6 + lean)
        if kind < 0.5:
            tilt = (lean - 0.5) * 1.2
            return bar((x - height * tilt, y - 2 * height), (x + height * tilt, y + 2 * height), max(along, 2.0))
        size = max(along / 2, 2.0)
        return ellipse((x, y), (size, min(height, 0.5 * max(box.width, box.height))), float(lean - 0.5))


def _draw_distractor(rng: np.random.Generator, image: Image) -> None:
    height, width = image.shape[:2]
    x, y, fraction, rotation, aspect, opacity, lightness, *tint = rng.random(10).tolist()
    size = min(height, width) * (_SIZE_RANGE[0] + (_SIZE_RANGE[1] - _SIZE_RANGE[0]) * fraction * fraction)
    colour = np.clip(255 * lightness + 90 * (np.array(tint) - 0.5), 0, 255).tolist()
    centre, radians = (x * width, y * height), float(rotation * np.pi)
    thickness = max(1.0, _STROKE_WIDTH * size * (0.3 + aspect))
    kind = int(rng.integers(5))
    if kind == 0:  # a long stroke
        reach = np.array([np.cos(radians), np.sin(radians)]) * size * 3
        shapes = [bar(tuple(np.subtract(centre, reach)), tuple(np.add(centre, reach)), thickness)]
    elif kind == 1:  # a frame
        frame = Box(-size * (0.5 + aspect), -size * 0.6, size * (0.5 + aspect), size * 0.6)
        shapes = _outline(np.add(centre, frame.polygon()), thickness)
    elif kind == 2:  # a ring
        shapes = _outline(ellipse(centre, (size, size * (0.5 + aspect / 2)), radians), thickness)
    elif kind == 3:  # bars as of a code
        places = np.cumsum(rng.uniform(0.04, 0.16, 16)) - 0.8
        top, bottom = centre[1] - size * 0.5, centre[1] + size * 0.5
        shapes = [bar((x, top), (x, bottom), size * 0.05) for x in centre[0] + size * places]
    else:  # a figure of two parts, like a logo
        shapes = [ellipse(centre, (size * 0.7, size * 0.7), 0.0, 3 + int(6 * aspect))]
        blend_polygon(image, ellipse(centre, (size, size), radians), [255 - part for part in colour], 0.5 + opacity / 2)
    for shape in shapes:
        blend_polygon(image, shape, colour, 0.5 + opacity / 2)


def _outline(polygon: NDArray[np.floating], thickness: float) -> list[Points]:
    """Bars along the sides of a polygon (P, 2)."""
    return [bar(tuple(a), tuple(b), thickness) for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True)]
