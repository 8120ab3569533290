"""What is in a scene beside its texts: marks that are no text behind them, and things before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Points, Range, Size, bounding_box, check_fraction, check_range, lerp
from synthtext.scenes.shapes import bar, blend_polygon, ellipse, fill_polygon, window_around
from synthtext.scenes.text_layer import RenderedLine

_MARK_RANGE = (0.015, 0.12)  # of the picture's shorter side: half of a mark's size
_THIN = 0.12  # of a mark's size: a stroke


@dataclass(frozen=True)
class Clutter:
    """Marks behind the texts, and things before them.

    Attributes:
        distractors_range: marks that are no text (strokes, frames, rings, bars as of codes, logo-like figures), 0 to 200.
        occlusion_probability: of something before a line of text.
        occlusion_range: how much of the line it covers along it, as a share, 0.02 to 1.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    distractors_range: tuple[int, int] = (0, 8)
    occlusion_probability: float = 0.05
    occlusion_range: Range = (0.05, 0.5)

    def __post_init__(self) -> None:
        check_range("clutter: distractors_range", self.distractors_range, 0, 200, "counts")
        check_fraction("clutter: occlusion_probability", self.occlusion_probability)
        check_range("clutter: occlusion_range", self.occlusion_range, 0.02, 1, "shares")

    def draw_distractors(self, rng: np.random.Generator, image: Image) -> int:
        """Draw marks into a picture (H, W, 3), in place; how many."""
        count = int(rng.integers(*self.distractors_range, endpoint=True))
        for _ in range(count):
            _draw_mark(rng, image)
        return count

    def occlude(
        self, rng: np.random.Generator, image: Image, lines: Sequence[RenderedLine]
    ) -> NDArray[np.uint8] | None:
        """Put things before some of the lines, in place.

        Returns:
            (H, W) uint8, how far each pixel is hidden, 0 to 255; None if nothing is.
        """
        hidden: NDArray[np.uint8] | None = None
        chosen = [
            line
            for line, share in zip(lines, rng.random(len(lines)), strict=True)
            if share < self.occlusion_probability
        ]
        for line in chosen:
            shape = self._thing(rng, line)
            window = window_around(shape, Size(image.shape[1], image.shape[0]))
            if window is None:
                continue
            lightness, *tint = rng.random(4).tolist()
            colour = np.clip(255 * lightness + 70 * (np.array(tint) - 0.5), 0, 255)
            blend_polygon(image, shape, colour.tolist())
            hidden = np.zeros(image.shape[:2], np.uint8) if hidden is None else hidden
            hidden[window] = cv2.max(hidden[window], fill_polygon(shape, window))
        return hidden

    def _thing(self, rng: np.random.Generator, line: RenderedLine) -> Points:
        """A bar across a line, or a round thing before it, (P, 2)."""
        quads = line.quads
        begin, end = quads[0].mean(axis=0), quads[-1].mean(axis=0)
        at, share, lean, kind = rng.random(4).tolist()
        middle = begin + (end - begin) * np.float32(at)
        box = bounding_box(quads)
        cover = lerp(self.occlusion_range, share)
        along = cover * float(np.hypot(*(quads[:, 1].mean(axis=0) - quads[:, 0].mean(axis=0)))) * len(quads)
        high = line.em * (0.6 + lean)
        x, y = float(middle[0]), float(middle[1])
        if kind < 0.5:
            tilt = (lean - 0.5) * 1.2
            return bar((x - high * tilt, y - 2 * high), (x + high * tilt, y + 2 * high), max(along, 2.0))
        size = max(along / 2, 2.0)
        return ellipse((x, y), (size, min(high, 0.5 * max(box.width, box.height))), float(lean - 0.5))


def _draw_mark(rng: np.random.Generator, image: Image) -> None:
    height, width = image.shape[:2]
    x, y, share, turn, slim, opacity, lightness, *tint = rng.random(10).tolist()
    size = min(height, width) * (_MARK_RANGE[0] + (_MARK_RANGE[1] - _MARK_RANGE[0]) * share * share)
    colour = np.clip(255 * lightness + 90 * (np.array(tint) - 0.5), 0, 255).tolist()
    centre, radians, thin = (x * width, y * height), float(turn * np.pi), max(1.0, _THIN * size * (0.3 + slim))
    shapes: list[Points]
    kind = int(rng.integers(5))
    if kind == 0:  # a long stroke
        reach = np.array([np.cos(radians), np.sin(radians)]) * size * 3
        shapes = [bar(tuple(np.subtract(centre, reach)), tuple(np.add(centre, reach)), thin)]
    elif kind == 1:  # a frame
        shapes = _frame(Box(-size * (0.5 + slim), -size * 0.6, size * (0.5 + slim), size * 0.6), centre, thin)
    elif kind == 2:  # a ring
        outer = ellipse(centre, (size, size * (0.5 + slim / 2)), radians)
        shapes = [bar(tuple(a), tuple(b), thin) for a, b in zip(outer, np.roll(outer, -1, axis=0), strict=True)]
    elif kind == 3:  # bars as of a code
        places = np.cumsum(rng.uniform(0.04, 0.16, 16)) - 0.8
        shapes = [bar((centre[0] + size * p, centre[1] - size * 0.5), (centre[0] + size * p, centre[1] + size * 0.5),
                      size * 0.05) for p in places]  # fmt: skip
    else:  # a figure of two parts, as logos are
        shapes = [ellipse(centre, (size * 0.7, size * 0.7), 0.0, 3 + int(6 * slim))]
        blend_polygon(image, ellipse(centre, (size, size), radians), [255 - part for part in colour], 0.5 + opacity / 2)
    for shape in shapes:
        blend_polygon(image, shape, colour, 0.5 + opacity / 2)


def _frame(box: Box, centre: tuple[float, float], thin: float) -> list[Points]:
    corners = [tuple(np.add(centre, corner)) for corner in box.polygon().tolist()]
    return [bar(a, b, thin) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
