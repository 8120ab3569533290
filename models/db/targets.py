"""Labelled polygons become the maps that a DB detector learns: the inverse of `models.db.boxes`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.db.offset import area_and_perimeter, distance_to_edges, fill_mask, offset_polygon
from synthtext.core import InputError, Polygon


class DBTargets(NamedTuple):
    """What a detector is to say about a picture."""

    shrink_map: NDArray[np.uint8]  # (H, W), 1 in the kernel of a text
    shrink_mask: NDArray[np.uint8]  # (H, W), 0 where the shrink map does not count
    threshold_map: NDArray[np.float32]  # (H, W), rises from the low to the high end of the range at the edge of a text
    threshold_mask: NDArray[np.uint8]  # (H, W), 1 where the threshold map counts


@dataclass(frozen=True)
class TargetSettings:
    """How labels become maps (released configuration).

    Attributes:
        shrink_ratio: r; a kernel is a text less a border of A (1 - r^2) / L.
        threshold_range: of the threshold map.
        min_size: pixels; a text whose upright box has a shorter side is ignored.
        paddle_compat: as the released code does it: points count from pixel centres and kernels have whole coordinates; a
            text that is too small still has a threshold target; the threshold map fills the upright box around a text;
            its slope is not exact. Otherwise points are continuous, what is ignored has no threshold target, and
            padding is masked.
    """

    shrink_ratio: float = 0.4
    threshold_range: tuple[float, float] = (0.3, 0.7)
    min_size: float = 8.0
    paddle_compat: bool = False

    def __post_init__(self) -> None:
        low, high = self.threshold_range
        if not (0 < self.shrink_ratio < 1 and 0 <= low < high <= 1 and self.min_size >= 0):
            raise InputError("targets: shrink_ratio lies between 0 and 1, threshold_range rises within 0 to 1")


def make_targets(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    height: int,
    width: int,
    settings: TargetSettings,
    valid: tuple[int, int] | NDArray[np.uint8] | None = None,
) -> tuple[DBTargets, NDArray[np.bool_]]:
    """The maps of a picture.

    Args:
        polygons: of its texts, each (P, 2), pixels.
        ignore: which of them are neither positive nor negative.
        height: of the maps, pixels.
        width: of the maps, pixels.
        settings: how labels become maps.
        valid: rows and columns of the picture; what lies below and to the right is padding. Or a mask (H, W) of 1 where
            there is a picture and 0 where there is none.

    Returns:
        The maps, and which texts are ignored in them: those of `ignore`, and those too small to have a kernel.
    """
    maps = DBTargets(
        np.zeros((height, width), np.uint8),
        np.ones((height, width), np.uint8),
        np.zeros((height, width), np.float32),
        np.zeros((height, width), np.uint8),
    )
    ignored = np.array(ignore, bool)
    for number, polygon in enumerate(polygons):
        given = bool(ignored[number])
        ignored[number] = not _shrink(polygon, given, maps, settings)
        if not (given if settings.paddle_compat else ignored[number]):
            _border(polygon, maps, settings)
    low, high = settings.threshold_range
    maps.threshold_map[...] = low + (high - low) * maps.threshold_map
    if valid is not None and not settings.paddle_compat:
        for mask in (maps.shrink_mask, maps.threshold_mask):
            if isinstance(valid, np.ndarray):
                mask *= valid
            else:
                mask[valid[0] :] = 0
                mask[:, valid[1] :] = 0
    return maps, ignored


def _shrink(polygon: Polygon, ignore: bool, maps: DBTargets, settings: TargetSettings) -> bool:
    """Draw the kernel of a text; masks the text and returns False if it has none."""
    height, width = maps.shrink_map.shape
    polygon = np.clip(polygon, 0, (width - 1, height - 1) if settings.paddle_compat else (width, height)).astype(
        np.float32
    )
    area, perimeter = area_and_perimeter(polygon)
    sides = polygon.max(0) - polygon.min(0)
    kernels: list[Polygon] = []
    if not ignore and sides.min() >= settings.min_size and area >= 1:
        # A narrow waist can split a kernel: a thinner border keeps it whole.
        for ratio in (settings.shrink_ratio, 2 * settings.shrink_ratio):
            kernels = offset_polygon(
                polygon, -area * (1 - min(ratio, 0.99) ** 2) / perimeter, paddle_compat=settings.paddle_compat
            )
            if len(kernels) == 1:
                break
    if not kernels:
        fill_mask(maps.shrink_mask, polygon, 0, paddle_compat=settings.paddle_compat)
        return False
    for kernel in kernels[:1] if settings.paddle_compat else kernels:
        fill_mask(maps.shrink_map, kernel, 1, paddle_compat=settings.paddle_compat)
    return True


def _border(polygon: Polygon, maps: DBTargets, settings: TargetSettings) -> None:
    """Draw the threshold of a text: 1 at its edge, 0 at the distance by which its kernel is smaller."""
    area, perimeter = area_and_perimeter(polygon)
    if area < 1:
        return
    distance = area * (1 - settings.shrink_ratio**2) / perimeter
    grown = offset_polygon(polygon, distance, paddle_compat=settings.paddle_compat)
    if not grown:
        return
    left, top = np.floor(grown[0].min(0)).astype(int)
    right, bottom = np.ceil(grown[0].max(0)).astype(int)
    box = slice(max(top, 0), max(bottom + 1, 0)), slice(max(left, 0), max(right + 1, 0))
    inside = np.zeros_like(maps.threshold_mask[box])
    if not inside.size:
        return
    corner = np.array([box[1].start, box[0].start], np.float32)
    fill_mask(inside, grown[0] - corner, 1, paddle_compat=settings.paddle_compat)
    maps.threshold_mask[box] |= inside
    rows, columns = np.nonzero(np.ones_like(inside) if settings.paddle_compat else inside)
    points = np.stack([columns, rows], 1).astype(np.float32) + corner + (0 if settings.paddle_compat else 0.5)
    near = distance_to_edges(polygon, points.astype(np.float32), paddle_compat=settings.paddle_compat)
    value = (1 - np.minimum(near / distance, 1)).astype(np.float32)
    window = maps.threshold_map[box]
    window[rows, columns] = np.maximum(window[rows, columns], value)
