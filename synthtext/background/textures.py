"""Textures: deterministic noise from a fixed field, and crops of cached tiles."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthtext.background.photos import crop_at
from synthtext.core import Image, Parameters, Range, Size
from synthtext.core.cache import ByteCache


def uniform_image(size: Size, colour: ArrayLike) -> Image:
    """Create an image (H, W, 3) of one colour: RGB, 0 to 255, rounded down."""
    width, height = int(size.width), int(size.height)
    pixel = np.asarray(colour).astype(np.uint8).tobytes()
    return np.frombuffer(bytearray(pixel * (width * height)), np.uint8).reshape(height, width, 3)


_LEVELS = np.arange(256)

NOISE_FIELD_SIZE = 512
"""Columns and rows of the noise field; offsets are below it."""


def smooth_noise(size: Size, cell: float, offset: tuple[int, int]) -> NDArray[np.uint8]:
    """Interpolated noise, the same in every process: (H, W) uint8 with a mean of about 128.

    Args:
        size: Size in whole pixels.
        cell: Pixels between independent values, at least 1.
        offset: Column and row of the field at which the noise starts, each from 0 to `NOISE_FIELD_SIZE` - 1.
    """
    width, height = int(size.width), int(size.height)
    cell = max(1.0, cell)
    wide, high = int(np.ceil(width / cell)) + 1, int(np.ceil(height / cell)) + 1
    values = _field_values(wide, high, offset)
    if cell == 1:
        return np.ascontiguousarray(values[:height, :width])
    target = (max(width, round(wide * cell)), max(height, round(high * cell)))
    return np.asarray(cv2.resize(values, target, interpolation=cv2.INTER_CUBIC), np.uint8)[:height, :width]


def linear_noise(size: Size, cells: tuple[int, int], offset: tuple[int, int]) -> NDArray[np.uint8]:
    """Linearly interpolated noise, the same in every process: (H, W) uint8 with values from 0 to 255.

    Args:
        size: Size in whole pixels.
        cells: Columns and rows of independent values.
        offset: Column and row of the field at which the noise starts, each from 0 to `NOISE_FIELD_SIZE` - 1.
    """
    shape = (int(size.width), int(size.height))
    return np.asarray(cv2.resize(_field_values(*cells, offset), shape, interpolation=cv2.INTER_LINEAR), np.uint8)


def _field_values(wide: int, high: int, offset: tuple[int, int]) -> NDArray[np.uint8]:
    """A view of the field, (high, wide), which starts at an offset and continues with the beginning of the field."""
    x, y = offset
    field = _field()
    if wide > NOISE_FIELD_SIZE or high > NOISE_FIELD_SIZE:
        field = np.tile(field, (-(-high // NOISE_FIELD_SIZE), -(-wide // NOISE_FIELD_SIZE)))
    return field[y : y + high, x : x + wide]


def draw_noise_offset(rng: np.random.Generator) -> list[int]:
    """Draw an offset into the noise field, as JSON."""
    return [int(part * NOISE_FIELD_SIZE) for part in rng.random(2).tolist()]


@cache
def _field() -> NDArray[np.uint8]:
    """The field, repeated in both directions, so that every offset has enough values."""
    field = np.random.default_rng(20).integers(0, 256, (NOISE_FIELD_SIZE, NOISE_FIELD_SIZE), np.uint8)
    return np.tile(field, (2, 2))


HEIGHT, WIDTH = 256, 768
"""Size of a tile in pixels."""

_VARIANTS = 12  # number of tiles of every kind
_CACHE_BYTES = 64 << 20

GreyTexture: TypeAlias = NDArray[np.uint8]
"""(H, W), 0 to 255: light and dark of a material before colours are applied."""

TileMaker: TypeAlias = Callable[[np.random.Generator], GreyTexture]


def draw_tile_crop(rng: np.random.Generator, zoom_range: Range) -> Parameters:
    """Draw a tile, the position of a crop in it, and its scale, as JSON."""
    x, y = rng.random(2).tolist()
    return {
        "tile": int(rng.integers(_VARIANTS)),
        "x": x,
        "y": y,
        "zoom": float(rng.uniform(*zoom_range)),
        "flip": int(rng.integers(4)),
    }


def crop_tile(make: TileMaker, size: Size, parameters: Parameters) -> GreyTexture:
    """Crop a tile; the result is (H, W) uint8.

    Args:
        make: Creates a tile (`HEIGHT`, `WIDTH`) if it is not cached.
        size: Size of the crop in whole pixels; a tile that is too small is extended by reflection.
        parameters: As drawn by `draw_tile_crop`.
    """
    variant, zoom = parameters["tile"], parameters["zoom"]
    tile = _TILES.get((make, variant), lambda: make(np.random.default_rng((variant, 1))))
    width, height = max(1, round(size.width / zoom)), max(1, round(size.height / zoom))
    crop = crop_at(tile, width, height, parameters["x"], parameters["y"])
    if parameters["flip"]:
        crop = np.asarray(cv2.flip(crop, parameters["flip"] - 2), np.uint8)
    if (width, height) == (size.width, size.height):
        return np.ascontiguousarray(crop)
    whole = (int(size.width), int(size.height))
    return np.asarray(cv2.resize(crop, whole, interpolation=cv2.INTER_LINEAR), np.uint8)


def anisotropic_noise(rng: np.random.Generator, across: float, along: float) -> NDArray[np.float32]:
    """Smooth noise for a tile, 0 to 1: values are `across` pixels apart vertically and `along` pixels horizontally."""
    cells = (max(2, round(HEIGHT / across)), max(2, round(WIDTH / along)))
    values = rng.random(cells, np.float32)
    return np.asarray(cv2.resize(values, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)


def to_texture(values: NDArray[np.float32]) -> GreyTexture:
    """Convert values from 0 to 1 to a texture; others are clipped."""
    return np.asarray(np.clip(values * 255, 0, 255), np.uint8)


def apply_colour_ramp(texture: GreyTexture, *stops: tuple[int, NDArray[np.float64]]) -> NDArray[np.uint8]:
    """Colour a texture (H, W): colours (RGB) at increasing levels, interpolated between them; (H, W, 3)."""
    levels = [level for level, _ in stops]
    tables = [np.interp(_LEVELS, levels, [colour[channel] for _, colour in stops]) for channel in range(3)]
    clipped = np.clip(np.array(tables) + 0.5, 0, 255).astype(np.uint8)
    # Three tables of one channel take half the time of one table of three channels.
    return np.asarray(cv2.merge([cv2.LUT(texture, table) for table in clipped]), np.uint8)


_TILES: ByteCache[tuple[TileMaker, int], GreyTexture] = ByteCache(_CACHE_BYTES, lambda tile: tile.nbytes)
