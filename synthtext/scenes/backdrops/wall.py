"""A made-up surface: a texture with large areas of other colours, as of walls, boards and boxes."""

from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Size, check_number, check_range
from synthtext.paper import Gradient, Texture
from synthtext.scenes.shapes import blend_polygon

_GROUNDS = (Gradient(difference=70, tint=30), Texture(difference=50, tint=30, grain_range=(0.05, 1.0)))


@dataclass(frozen=True)
class Wall:
    """Rectangles and stripes of several colours on a texture, some of them in rows as windows, tiles or shelves.

    Attributes:
        count_range: areas of other colours, 0 to 40.
        difference: how far the lightness of an area may be from that of the ground, 0 to 255.
    """

    count_range: tuple[int, int] = (2, 9)
    difference: float = 110

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 0, 40, "counts")
        check_number("difference", self.difference, 0, 255)

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """A picture of a wall, (H, W, 3)."""
        ground = _GROUNDS[int(rng.integers(2))]
        image = ground.paint(rng, size)
        base = np.array(cv2.mean(image)[:3])
        if rng.random() < 0.35:
            _tile(rng, image, base)
        for _ in range(int(rng.integers(*self.count_range, endpoint=True))):
            self._area(rng, image, base)
        return image

    def _area(self, rng: np.random.Generator, image: Image, base: np.ndarray) -> None:
        height, width = image.shape[:2]
        colour = np.clip(base + rng.uniform(-self.difference, self.difference) + rng.uniform(-40, 40, 3), 0, 255)
        x, y, across, down, lean = rng.random(5).tolist()
        high = height * (0.05 + 0.5 * down)
        wide = 2 * width if across < 0.25 else width * (0.05 + 0.45 * across)
        cx, cy, slope = x * width, y * height, 0.3 * (lean - 0.5)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (wide / 2, high / 2)
        corners[:, 1] += slope * corners[:, 0]
        blend_polygon(image, np.add(corners, (cx, cy)).astype(np.float32), tuple(colour.tolist()), 0.6 + 0.4 * lean)


def _tile(rng: np.random.Generator, image: Image, base: np.ndarray) -> None:
    """Joints between tiles or bricks."""
    height, width = image.shape[:2]
    tall = float(rng.uniform(0.04, 0.2)) * height
    wide, offset = tall * float(rng.uniform(1, 3)), float(rng.integers(2)) / 2
    shade = np.clip(base + rng.choice([-1, 1]) * rng.uniform(15, 45), 0, 255).tolist()
    thickness = max(1, int(0.04 * tall))
    for row in range(int(height / tall) + 1):
        y = int(row * tall)
        cv2.line(image, (0, y), (width, y), shade, thickness)
        begins = (row % 2) * offset * wide
        for column in range(int(width / wide) + 1):
            x = int(begins + column * wide)
            cv2.line(image, (x, y), (x, int(y + tall)), shade, thickness)
