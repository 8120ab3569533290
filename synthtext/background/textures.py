"""Smooth noise without chance: the same place of one fixed field gives the same noise in every process."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.photos import reflect_pad
from synthtext.core import Parameters, Range, Size
from synthtext.core.cache import ByteCache

NOISE_FIELD_SIZE = 512
"""Columns and rows at which noise may begin: whole numbers below this."""


def smooth_noise(size: Size, cell: float, place: tuple[int, int]) -> NDArray[np.uint8]:
    """Noise whose neighbouring values flow into each other.

    Args:
        size: whole pixels.
        cell: how many pixels lie between independent values, at least 1.
        place: column and row of the field at which it begins, each from 0 to `PLACES` - 1.

    Returns:
        (H, W), 0 to 255; around 128 on average.
    """
    width, height = int(size.width), int(size.height)
    cell = max(1.0, cell)
    wide, high = int(np.ceil(width / cell)) + 1, int(np.ceil(height / cell)) + 1
    x, y = place
    field = _field()
    if wide > NOISE_FIELD_SIZE or high > NOISE_FIELD_SIZE:
        field = np.tile(field, (-(-high // NOISE_FIELD_SIZE), -(-wide // NOISE_FIELD_SIZE)))
    values = field[y : y + high, x : x + wide]
    if cell == 1:
        return np.ascontiguousarray(values[:height, :width])
    shown = (max(width, round(wide * cell)), max(height, round(high * cell)))
    return np.asarray(cv2.resize(values, shown, interpolation=cv2.INTER_CUBIC), np.uint8)[:height, :width]


def draw_noise_offset(rng: np.random.Generator) -> list[int]:
    """A place in the field, as JSON."""
    return [int(part) for part in rng.integers(NOISE_FIELD_SIZE, size=2)]


@cache
def _field() -> NDArray[np.uint8]:
    """The field twice in both directions, so that noise may begin anywhere in the first one."""
    field = np.random.default_rng(20).integers(0, 256, (NOISE_FIELD_SIZE, NOISE_FIELD_SIZE), np.uint8)
    return np.tile(field, (2, 2))


HEIGHT, WIDTH = 256, 768
"""Pixels of a tile."""

_VARIANTS = 12  # tiles of every kind
_KEPT_BYTES = 64 << 20

GreyTexture: TypeAlias = NDArray[np.uint8]
"""(H, W), 0 to 255: what is dark and light in a material, before it has colours."""

TileMaker: TypeAlias = Callable[[np.random.Generator], GreyTexture]


def draw_tile_crop(rng: np.random.Generator, zoom_range: Range) -> Parameters:
    """Draw which tile is taken, where it is cut, and how large it is shown, as JSON."""
    x, y = rng.random(2).tolist()
    return {
        "tile": int(rng.integers(_VARIANTS)),
        "x": x,
        "y": y,
        "zoom": float(rng.uniform(*zoom_range)),
        "flip": int(rng.integers(4)),
    }


def crop_tile(make: TileMaker, size: Size, parameters: Parameters) -> GreyTexture:
    """A piece (H, W) of a tile.

    Args:
        make: makes a tile, (`HEIGHT`, `WIDTH`); called for tiles that are not there yet.
        size: whole pixels of the piece; where the tile is too small it goes on as its mirror.
        parameters: as `draw_cut` drew them.
    """
    variant, zoom = parameters["tile"], parameters["zoom"]
    tile = _TILES.get((make, variant), lambda: make(np.random.default_rng((variant, 1))))
    width, height = max(1, round(size.width / zoom)), max(1, round(size.height / zoom))
    tile = reflect_pad(tile, width, height)
    x = int(parameters["x"] * (tile.shape[1] - width + 1))
    y = int(parameters["y"] * (tile.shape[0] - height + 1))
    piece = tile[y : y + height, x : x + width]
    if parameters["flip"]:
        piece = np.asarray(cv2.flip(piece, parameters["flip"] - 2), np.uint8)
    if (width, height) == (size.width, size.height):
        return np.ascontiguousarray(piece)
    whole = (int(size.width), int(size.height))
    return np.asarray(cv2.resize(piece, whole, interpolation=cv2.INTER_LINEAR), np.uint8)


def anisotropic_noise(rng: np.random.Generator, across: float, along: float) -> NDArray[np.float32]:
    """Smooth noise for a tile, from 0 to 1: `across` pixels down and `along` pixels to the right between values."""
    cells = (max(2, round(HEIGHT / across)), max(2, round(WIDTH / along)))
    values = rng.random(cells, np.float32)
    return np.asarray(cv2.resize(values, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32)


def to_texture(values: NDArray[np.float32]) -> GreyTexture:
    """A relief of values from 0 to 1; others are cut off."""
    return np.asarray(np.clip(values * 255, 0, 255), np.uint8)


def apply_colour_ramp(relief: GreyTexture, *stops: tuple[int, NDArray[np.float64]]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) of a relief (H, W): colours (RGB) at some levels, in order, and mixtures between them."""
    places = [level for level, _ in stops]
    table = np.stack(
        [np.interp(np.arange(256), places, [colour[channel] for _, colour in stops]) for channel in range(3)], axis=1
    )
    shown = np.clip(table + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge((relief, relief, relief)), shown[None]), np.uint8)


_TILES: ByteCache[tuple[TileMaker, int], GreyTexture] = ByteCache(_KEPT_BYTES, lambda tile: tile.nbytes)
