"""The rule for labels of a moved and clipped image, shared by all effects and crops."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from augment.polygons import VisibleRegion, clip, mirror_polygon, short_side, warp_polygon
from synthtext.core import (
    BoundedSettings,
    Box,
    Clusters,
    Image,
    InputError,
    Points,
    Polygon,
    Size,
    TextInstance,
    Warp,
    bounded,
    signed_area,
    size_of,
)

_WHOLE_FRACTION = 0.999  # an instance with more than this fraction of its area is not cut (rounding)
_MIN_AREA = 0.5  # square pixels: smaller outlines are dropped


@dataclass(frozen=True)
class VisibilityRule(BoundedSettings):
    """Decides whether a clipped instance still counts.

    Visibility is the visible area divided by the area of the whole moved instance. An instance with a visibility of at
    least `keep_visibility` keeps its flag; of at least `drop_visibility`, it is ignored, because its text no longer
    matches what is visible. An instance with less, or with a short side below `min_side`, is dropped. Of an instance in
    several pieces the largest takes its position and the others are appended as ignored instances. A clipped instance
    keeps its text and loses its clusters, and so does a mirrored one.

    Attributes:
        keep_visibility: 0 to 1; use 1 where texts are read and must be whole.
        drop_visibility: 0 to `keep_visibility`.
        min_side: pixels, 0 to 100.
    """

    keep_visibility: float = 0.7
    drop_visibility: float = 0.1
    min_side: float = bounded(1.0, 0, 100, "pixels")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.drop_visibility <= self.keep_visibility <= 1:
            raise InputError(
                f"drop_visibility {self.drop_visibility} must be between 0 and keep_visibility {self.keep_visibility}, "
                "which is at most 1"
            )


class InstanceOutline(NamedTuple):
    """The geometry of an instance."""

    whole: Polygon  # (P, 2), its polygon
    visible: tuple[Polygon, ...]  # the parts of the polygon inside the image; `whole` itself if all of it is inside
    quads: Points  # (K, 4, 2), its clusters

    @property
    def is_fully_visible(self) -> bool:
        """Whether the whole instance lies inside the image."""
        return len(self.visible) == 1 and self.visible[0] is self.whole


def instance_outlines(instances: Sequence[TextInstance], size: Size) -> list[InstanceOutline]:
    """Return the outlines of the instances of an image."""
    box = Box(0, 0, *size)
    return [InstanceOutline(one.polygon, tuple(clip(one.polygon, box)), one.clusters.quads) for one in instances]


def move_instances(
    instances: Sequence[TextInstance], warp: Warp, before: Size, after: VisibleRegion, rule: VisibilityRule
) -> tuple[TextInstance, ...]:
    """Move the instances of an image, clip them and apply the visibility rule; return them as `cut_instances` does.

    Parts of the instances outside the image, of size `before`, are not visible; `after` is the visible region of the
    result.
    """
    moved = [_warp_outline(outline, warp) for outline in instance_outlines(instances, before)]
    return cut_instances(instances, moved, after, rule)


def _warp_outline(outline: InstanceOutline, warp: Warp) -> InstanceOutline:
    whole = warp_polygon(outline.whole, warp)
    visible = (whole,) if outline.is_fully_visible else tuple(warp_polygon(piece, warp) for piece in outline.visible)
    return InstanceOutline(whole, visible, warp.points(outline.quads))


def cut_instances(
    instances: Sequence[TextInstance], moved: Sequence[InstanceOutline], region: VisibleRegion, rule: VisibilityRule
) -> tuple[TextInstance, ...]:
    """Clip instances, with their moved outlines in either direction, to the visible region of the new image.

    Returns:
        The instances that the rule keeps in their order, followed by the ignored pieces; `parent` is the nearest
        remaining ancestor, or -1.
    """
    kept: dict[int, TextInstance] = {}
    rest: list[tuple[int, TextInstance]] = []
    for number, (instance, outline) in enumerate(zip(instances, moved, strict=True)):
        parts = _clip_instance(instance, outline, region, rule)
        if parts:
            kept[number] = parts[0]
            rest += [(number, part) for part in parts[1:]]
    positions = {number: position for position, number in enumerate(kept)}
    parents = {number: _kept_parent(number, instances, positions) for number in kept}
    return tuple(replace(instance, parent=parents[number]) for number, instance in [*kept.items(), *rest])


def _kept_parent(number: int, instances: Sequence[TextInstance], positions: dict[int, int]) -> int:
    for _ in instances:  # bounds the loop where parents form a cycle
        number = instances[number].parent
        if not 0 <= number < len(instances):
            return -1
        if number in positions:
            return positions[number]
    return -1


def _clip_instance(
    instance: TextInstance, moved: InstanceOutline, region: VisibleRegion, rule: VisibilityRule
) -> list[TextInstance]:
    """Return the remaining pieces of a moved instance, largest first."""
    whole = _clockwise(moved.whole)
    if whole is None:
        return []
    area, flipped = signed_area(whole), whole is not moved.whole
    visible = [whole]
    if not moved.is_fully_visible:
        visible = [outline for piece in moved.visible if (outline := _clockwise(piece)) is not None]
    pieces = sorted((piece for part in visible for piece in region.clip(part)), key=signed_area, reverse=True)
    cut = not pieces or signed_area(pieces[0]) < _WHOLE_FRACTION * area
    clusters = Clusters.empty() if cut or flipped else Clusters(instance.clusters.offsets, moved.quads)
    parts = []
    for order, piece in enumerate(pieces):
        share = signed_area(piece) / area
        if share < rule.drop_visibility or signed_area(piece) < _MIN_AREA or short_side(piece) < rule.min_side:
            continue
        ignore = instance.ignore or order > 0 or (cut and share < rule.keep_visibility)
        parts.append(replace(instance, polygon=piece, clusters=clusters, ignore=ignore))
    return parts


def _clockwise(outline: Polygon) -> Polygon | None:
    """Return an outline in clockwise order, reversed if it is mirrored; None if it is flat or not finite."""
    if not np.isfinite(outline).all():
        return None
    area = signed_area(outline)
    if abs(area) < _MIN_AREA:
        return None
    return outline if area > 0 else mirror_polygon(outline)


def warp_image(image: Image, warp: Warp, size: Size, border_mode: int = cv2.BORDER_CONSTANT) -> Image:
    """Resample an image, (H, W) or (H, W, 3) uint8, once to a size in whole pixels.

    If it becomes much smaller it is averaged first, to preserve thin strokes. Pixels outside the image are 0, as in
    PaddleOCR, unless `border_mode`, an OpenCV flag, says otherwise.
    """
    if not warp.maps and size == size_of(image):
        return image
    height, width = image.shape[:2]
    factor = int(1 / max(_scale(warp, size_of(image)), 1e-3))
    reduced = (max(1, round(width / factor)), max(1, round(height / factor))) if factor > 1 else (width, height)
    if reduced != (width, height):
        image = np.asarray(cv2.resize(image, reduced, interpolation=cv2.INTER_AREA), np.uint8)
        warp = Warp.scaling(width / reduced[0], height / reduced[1]).then(warp)
    return warp.image(image, size, border_mode=border_mode)


def _scale(warp: Warp, size: Size) -> float:
    """Return the scale of a warp, from the area of a pixel at the centre of the image."""
    if not warp.maps:
        return 1.0
    x, y = size.width / 2, size.height / 2
    origin, right, down = warp.points(np.array([[x, y], [x + 1, y], [x, y + 1]], np.float32)).astype(np.float64)
    (a, b), (c, d) = right - origin, down - origin
    return float(np.sqrt(abs(a * d - b * c)))
