"""Backgrounds of scenes. In a recipe of scenes, `photos` and `wall` refer to classes of this module."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background import Gradient, Plain, Texture
from synthtext.background.photos import decode_photo, list_photos, open_photo
from synthtext.core import Image, InputError, Range, Size, check_number, check_range
from synthtext.scenes.shapes import blend_polygon

__all__ = ["Gradient", "Photos", "Plain", "SceneBackground", "SceneBackgroundPool", "ScenePhotoPool", "Texture", "Wall"]


@dataclass(frozen=True, slots=True, eq=False)
class SceneBackground:
    """A background image with optional maps.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        depth: (H, W) uint8 inverse depth, 255 is nearest; on a plane, it is a linear function of x and y. None if
            unknown.
        segments: (H, W) uint8, an index of the surface of each pixel. None if unknown.
    """

    image: Image
    depth: NDArray[np.uint8] | None = None
    segments: NDArray[np.uint8] | None = None


@runtime_checkable
class SceneBackgroundPool(Protocol):
    """A background with maps."""

    def paint_scene(self, rng: np.random.Generator, size: Size) -> SceneBackground:
        """Create an image of this size (whole pixels) with its maps."""
        ...


@dataclass(frozen=True)
class Photos:
    """Photographs in a folder and its subfolders, cropped to the size of the scene.

    Attributes:
        folder: Folder with at least one photograph; a broken one is an error.
        zoom_range: Enlargement of photographs beyond the size that fills the scene, 1 to 10.
        pool: Number of photographs for each block of 256 scenes.
        depth: Folder of grey PNGs with the photographs' names: inverse depth, brighter is nearer. Photographs without a
            map are also used.
        segments: Folder of grey PNGs with the photographs' names: an index for each surface.
    """

    folder: Path
    zoom_range: Range = (1.0, 1.6)
    pool: int = 8
    depth: Path | None = None
    segments: Path | None = None

    def __post_init__(self) -> None:
        check_range("zoom_range", self.zoom_range, 1, 10)
        check_number("pool", self.pool, 1, 64)

    def check(self) -> None:
        """Decode every photograph and map once.

        Raises:
            InputError: A folder does not exist or is empty, a photograph is broken, a map does not fit its photograph,
                or a folder of maps has none for any photograph; the message names it.
        """
        found: set[str] = set()
        for path in self._paths:
            background = self._load(path)
            found |= {name for name in ("depth", "segments") if getattr(background, name) is not None}
        for name, folder in (("depth", self.depth), ("segments", self.segments)):
            if folder is not None and name not in found:
                raise InputError(
                    f"photos: {name} folder {str(folder)!r} contains no map of a photograph; a map is a PNG with the "
                    "photograph's name"
                )

    def for_block(self, rng: np.random.Generator) -> "ScenePhotoPool":
        """Return a few photographs."""
        picked = rng.integers(len(self._paths), size=min(self.pool, len(self._paths)))
        return ScenePhotoPool([self._load(self._paths[i]) for i in picked], self.zoom_range)

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return list_photos(self.folder)

    def _load(self, path: Path) -> SceneBackground:
        image = decode_photo(path)
        return SceneBackground(image, _read_map(self.depth, path, image), _read_map(self.segments, path, image))


class ScenePhotoPool:
    """Photographs in memory."""

    def __init__(self, photos: Sequence[SceneBackground], zoom_range: Range) -> None:
        self._photos, self._zoom_range = photos, zoom_range

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Return a random crop, (H, W, 3)."""
        return self.paint_scene(rng, size).image

    def paint_scene(self, rng: np.random.Generator, size: Size) -> SceneBackground:
        """Return a random crop with its maps, mirrored half of the time."""
        which, across, down, mirrored, zoom = rng.random(5).tolist()
        photo = self._photos[int(which * len(self._photos))]
        low, high = self._zoom_range
        height, width = photo.image.shape[:2]
        scale = max(size.width / width, size.height / height) * low * (high / low) ** zoom
        wide, high = min(width, size.width / scale), min(height, size.height / scale)
        left, top = round(across * (width - wide)), round(down * (height - high))

        def crop(image: Image, interpolation: int) -> Image:
            part = image[top : top + max(1, round(high)), left : left + max(1, round(wide))]
            resized = cv2.resize(part, (int(size.width), int(size.height)), interpolation=interpolation)
            return np.asarray(cv2.flip(resized, 1) if mirrored < 0.5 else resized, np.uint8)

        return SceneBackground(
            crop(photo.image, cv2.INTER_AREA if scale < 0.8 else cv2.INTER_LINEAR),
            None if photo.depth is None else crop(photo.depth, cv2.INTER_LINEAR),
            None if photo.segments is None else crop(photo.segments, cv2.INTER_NEAREST),
        )


def _read_map(folder: Path | None, photo: Path, image: Image) -> NDArray[np.uint8] | None:
    """Read the map of a photograph, resized to the photograph in memory; None if there is none."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise InputError(f"photos: map folder {str(folder)!r} does not exist")
    path = folder / f"{photo.stem}.png"
    if not path.exists():
        return None
    with open_photo(path, "map") as file:
        grey = np.asarray(file.convert("L"), np.uint8)
    (height, width), (map_height, map_width) = image.shape[:2], grey.shape
    if abs(map_width * height - map_height * width) > 0.03 * map_width * height:
        raise InputError(
            f"map {str(path)!r} is {map_width} x {map_height}, which does not fit the photograph of "
            f"{width} x {height}: create it from the photograph"
        )
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


_TEXTURES = (Gradient(difference=70, tint=30), Texture(difference=50, tint=30, grain_range=(0.05, 1.0)))


@dataclass(frozen=True)
class Wall:
    """Rectangles and stripes of several colours on a texture, some of them in rows, like windows, tiles or shelves.

    Attributes:
        count_range: Number of areas, 0 to 40.
        difference: Maximum difference of lightness between an area and the texture, 0 to 255.
    """

    count_range: tuple[int, int] = (2, 9)
    difference: float = 110

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 0, 40, "counts")
        check_number("difference", self.difference, 0, 255)

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create an image of a wall, (H, W, 3)."""
        texture = _TEXTURES[int(rng.integers(2))]
        image = texture.paint(rng, size)
        base = np.array(cv2.mean(image)[:3])
        if rng.random() < 0.35:
            _draw_joints(rng, image, base)
        for _ in range(int(rng.integers(*self.count_range, endpoint=True))):
            self._draw_area(rng, image, base)
        return image

    def _draw_area(self, rng: np.random.Generator, image: Image, base: np.ndarray) -> None:
        height, width = image.shape[:2]
        colour = np.clip(base + rng.uniform(-self.difference, self.difference) + rng.uniform(-40, 40, 3), 0, 255)
        x, y, across, down, lean = rng.random(5).tolist()
        high = height * (0.05 + 0.5 * down)
        wide = 2 * width if across < 0.25 else width * (0.05 + 0.45 * across)
        cx, cy, slope = x * width, y * height, 0.3 * (lean - 0.5)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (wide / 2, high / 2)
        corners[:, 1] += slope * corners[:, 0]
        blend_polygon(image, np.add(corners, (cx, cy)).astype(np.float32), tuple(colour.tolist()), 0.6 + 0.4 * lean)


def _draw_joints(rng: np.random.Generator, image: Image, base: np.ndarray) -> None:
    """Draw joints between tiles or bricks."""
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
