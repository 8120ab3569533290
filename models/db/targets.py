"""Target maps of a DB detector from labelled polygons: the inverse of `models.db.boxes`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.db.offset import area_and_perimeter, distance_to_edges, fill_mask, offset_polygon
from synthtext.core import InputError, Polygon


class DBTargets(NamedTuple):
    """Target maps of an image."""

    shrink_map: NDArray[np.uint8]  # (H, W), 1 in the kernel of a text
    shrink_mask: NDArray[np.uint8]  # (H, W), 0 where the shrink map does not count
    threshold_map: NDArray[np.float32]  # (H, W), rises from the low to the high end of the range at the edge of a text
    threshold_mask: NDArray[np.uint8]  # (H, W), 1 where the threshold map counts


@dataclass(frozen=True)
class TargetSettings:
    """`targets` of a detector's training: from labels to maps (released configuration).

    Attributes:
        shrink_ratio: r; a kernel is the text without a border of A (1 - r^2) / L.
        threshold_range: lowest and highest value of the threshold map.
        min_size: texts whose axis-aligned box has a shorter side, in pixels, are ignored.
        paddle_compat: as in PaddleOCR's code, points count from pixel centers and kernels have whole coordinates;
            a text that is too small still has a threshold target; the threshold map fills the axis-aligned box of a
            text, with an approximate slope. Otherwise points are continuous, ignored texts have no threshold target,
            and padding is masked.
    """

    shrink_ratio: float = 0.4
    threshold_range: tuple[float, float] = (0.3, 0.7)
    min_size: float = 8.0
    paddle_compat: bool = False

    def __post_init__(self) -> None:
        low, high = self.threshold_range
        if not (0 < self.shrink_ratio < 1 and 0 <= low < high <= 1 and self.min_size >= 0):
            raise InputError(
                "shrink_ratio must be between 0 and 1, threshold_range must increase within 0 to 1, and min_size must "
                "not be negative"
            )


def make_targets(
    polygons: Sequence[Polygon],
    ignore: Sequence[bool],
    height: int,
    width: int,
    settings: TargetSettings,
    valid: NDArray[np.uint8] | None = None,
) -> tuple[DBTargets, NDArray[np.bool_]]:
    """Make the target maps of an image.

    Args:
        polygons: outlines of its texts, each (P, 2), pixels.
        ignore: which of them are neither positive nor negative.
        height: height of the maps, pixels.
        width: width of the maps, pixels.
        settings: from labels to maps.
        valid: mask (H, W), 1 in the image and 0 in the padding.

    Returns:
        The maps, and which texts are ignored in them: those of `ignore`, and those too small for a kernel.
    """
    maps = DBTargets(
        np.zeros((height, width), np.uint8),
        np.ones((height, width), np.uint8),
        np.zeros((height, width), np.float32),
        np.zeros((height, width), np.uint8),
    )
    ignored = np.array(ignore, bool)
    for index, polygon in enumerate(polygons):
        is_ignored = bool(ignored[index])
        ignored[index] = not _draw_kernel(polygon, is_ignored, maps, settings)
        if not (is_ignored if settings.paddle_compat else ignored[index]):
            _draw_threshold(polygon, maps, settings)
    low, high = settings.threshold_range
    maps.threshold_map[...] = low + (high - low) * maps.threshold_map
    if valid is not None and not settings.paddle_compat:
        for mask in (maps.shrink_mask, maps.threshold_mask):
            mask *= valid
    return maps, ignored


def _draw_kernel(polygon: Polygon, ignore: bool, maps: DBTargets, settings: TargetSettings) -> bool:
    """Draw the kernel of a text. If it has none, mask the text and return False."""
    (height, width), compat = maps.shrink_map.shape, settings.paddle_compat
    limits = (width - 1, height - 1) if compat else (width, height)
    polygon = np.clip(polygon, 0, limits).astype(np.float32)
    area, perimeter = area_and_perimeter(polygon)
    sides = polygon.max(0) - polygon.min(0)
    kernels: list[Polygon] = []
    if not ignore and sides.min() >= settings.min_size and area >= 1:
        # The kernel of a text with a narrow part can split: a thinner border keeps it in one piece.
        for ratio in (settings.shrink_ratio, 2 * settings.shrink_ratio):
            distance = area * (1 - min(ratio, 0.99) ** 2) / perimeter
            kernels = offset_polygon(polygon, -distance, paddle_compat=compat)
            if len(kernels) == 1:
                break
    if not kernels:
        fill_mask(maps.shrink_mask, polygon, 0, paddle_compat=compat)
        return False
    for kernel in kernels[:1] if compat else kernels:
        fill_mask(maps.shrink_map, kernel, 1, paddle_compat=compat)
    return True


def _draw_threshold(polygon: Polygon, maps: DBTargets, settings: TargetSettings) -> None:
    """Draw the threshold of a text: 1 at its edge, falling to 0 at the distance of its kernel's edge."""
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
