"""What becomes of labels when a picture is moved and cut: the one rule for every effect and crop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from augment.polygons import clip, mirrored, short_side, warp_polygon
from augment.region import VisibleRegion
from synthtext.core import (
    Box,
    Clusters,
    Image,
    InputError,
    Points,
    Polygon,
    Scene,
    Size,
    TextInstance,
    Warp,
    check_number,
    signed_area,
)

_WHOLE = 0.999  # of the area: what rounding leaves of an instance that is not cut
_FLAT = 0.5  # square pixels: what has less has no outline worth the name


@dataclass(frozen=True)
class VisibilityRule:
    """When an instance that is cut still counts.

    Shares are of the area that the whole instance would have after the change. At least `keep_visibility` is left: it keeps
    its flag. At least `drop_visibility`: it is ignored, for its text is no longer what is seen. Less, or a piece whose short
    side is below `min_side`: it is dropped. An instance that falls into pieces keeps its place with the largest; the
    others follow as ignored instances. A cut instance keeps its text and loses its clusters, which would tell of
    letters that are not there; so does a mirrored one, whose letters are none.

    Attributes:
        keep_visibility: 0 to 1; 1 where texts are read and must be whole.
        drop_visibility: 0 to keep_visibility.
        min_side: pixels.
    """

    keep_visibility: float = 0.7
    drop_visibility: float = 0.1
    min_side: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.drop_visibility <= self.keep_visibility <= 1:
            raise InputError(
                f"drop_visibility {self.drop_visibility} and keep_visibility {self.keep_visibility} must rise within 0 to 1"
            )
        check_number("min_side", self.min_side, 0, 100, "pixels")


class InstanceOutline(NamedTuple):
    """An instance's geometry.

    Attributes:
        whole: (P, 2), its polygon.
        visible: the parts of it that lie in the picture; `whole` itself when all does.
        quads: (K, 4, 2), its clusters.
    """

    whole: Polygon
    visible: tuple[Polygon, ...]
    quads: Points

    @property
    def is_fully_visible(self) -> bool:
        """Whether the whole instance lies in the picture."""
        return len(self.visible) == 1 and self.visible[0] is self.whole


def instance_outlines(instances: Sequence[TextInstance], size: Size) -> list[InstanceOutline]:
    """What of the instances of a picture has to be moved."""
    box = Box(0, 0, *size)
    return [InstanceOutline(one.polygon, tuple(clip(one.polygon, box)), one.clusters.quads) for one in instances]


def move_instances(
    instances: Sequence[TextInstance], warp: Warp, before: Size, after: VisibleRegion, rule: VisibilityRule
) -> tuple[TextInstance, ...]:
    """Move the instances of a picture, cut them to what is seen of them, and keep what the rule keeps.

    Args:
        instances: of a picture of size `before`; what lies outside of it is not seen.
        warp: how they move.
        before: of the picture, pixels.
        after: what is seen of the result.
        rule: what becomes of those that are cut.

    Returns:
        As `cut_instances`.
    """
    gone = [_gone(outline, warp) for outline in instance_outlines(instances, before)]
    return cut_instances(instances, gone, after, rule)


def _gone(outline: InstanceOutline, warp: Warp) -> InstanceOutline:
    whole = warp_polygon(outline.whole, warp)
    seen = (whole,) if outline.is_fully_visible else tuple(warp_polygon(piece, warp) for piece in outline.visible)
    return InstanceOutline(whole, seen, warp.points(outline.quads))


def cut_instances(
    instances: Sequence[TextInstance], gone: Sequence[InstanceOutline], region: VisibleRegion, rule: VisibilityRule
) -> tuple[TextInstance, ...]:
    """Cut instances that have moved to what is seen of them, and keep what the rule keeps.

    Args:
        instances: as they were.
        gone: where their outlines went, in whichever direction they run now.
        region: what is seen of the picture that they are in.
        rule: what becomes of those that are cut.

    Returns:
        The instances that are left, in their order, and the pieces of ignored ones behind them; `parent` is the
        nearest kept one above, or -1.
    """
    kept: dict[int, TextInstance] = {}
    pieces: list[tuple[int, TextInstance]] = []
    for number, (instance, outline) in enumerate(zip(instances, gone, strict=True)):
        parts = _cut(instance, outline, region, rule)
        if parts:
            kept[number] = parts[0]
            pieces += [(number, part) for part in parts[1:]]
    place = {number: position for position, number in enumerate(kept)}
    parents = {number: _kept_parent(number, instances, place) for number in kept}
    return tuple(replace(instance, parent=parents[number]) for number, instance in [*kept.items(), *pieces])


def _kept_parent(number: int, instances: Sequence[TextInstance], place: dict[int, int]) -> int:
    for _ in instances:  # as many steps as there are instances end even a ring
        number = instances[number].parent
        if not 0 <= number < len(instances):
            return -1
        if number in place:
            return place[number]
    return -1


def _cut(
    instance: TextInstance, gone: InstanceOutline, region: VisibleRegion, rule: VisibilityRule
) -> list[TextInstance]:
    """The pieces of a moved instance that are left, largest first."""
    whole = _clockwise(gone.whole)
    if whole is None:
        return []
    area, flipped = signed_area(whole), whole is not gone.whole
    seen = [whole]
    if not gone.is_fully_visible:
        seen = [outline for piece in gone.visible if (outline := _clockwise(piece)) is not None]
    left = sorted((piece for part in seen for piece in region.clip(part)), key=signed_area, reverse=True)
    cut = not left or signed_area(left[0]) < _WHOLE * area
    clusters = Clusters.empty() if cut or flipped else Clusters(instance.clusters.offsets, gone.quads)
    parts = []
    for order, piece in enumerate(left):
        share = signed_area(piece) / area
        if share < rule.drop_visibility or signed_area(piece) < _FLAT or short_side(piece) < rule.min_side:
            continue
        ignore = instance.ignore or order > 0 or (cut and share < rule.keep_visibility)
        parts.append(replace(instance, polygon=piece, clusters=clusters, ignore=ignore))
    return parts


def _clockwise(outline: Polygon) -> Polygon | None:
    """An outline, turned if it is mirrored; None when it is flat or somewhere at infinity."""
    if not np.isfinite(outline).all():
        return None
    area = signed_area(outline)
    if abs(area) < _FLAT:
        return None
    return outline if area > 0 else mirrored(outline)


_FILL = 0  # grey value of what no picture covers, as in the released code


def size_of(image: Image) -> Size:
    """Width and height of a picture (H, W, ...)."""
    return Size(image.shape[1], image.shape[0])


def warp_scene(scene: Scene, warp: Warp, size: Size, rule: VisibilityRule | None = None) -> Scene:
    """Move a scene into a picture of another size; what the old picture does not cover becomes black.

    Args:
        scene: its picture is left as it is.
        warp: how points move.
        size: of the result, whole pixels.
        rule: what becomes of instances that are cut; None: the default one.
    """
    instances = move_instances(
        scene.instances, warp, size_of(scene.image), VisibleRegion.from_windows(size), rule or VisibilityRule()
    )
    return replace(scene, image=warp_image(scene.image, warp, size), instances=instances)


def warp_image(image: Image, warp: Warp, size: Size, border_mode: int = cv2.BORDER_CONSTANT) -> Image:
    """Resample a picture once; one that becomes much smaller is averaged first, so that fine texts do not break up.

    Args:
        image: (H, W) or (H, W, 3) uint8.
        warp: how points move.
        size: of the result, whole pixels.
        border_mode: what lies outside of the picture, a flag of OpenCV.
    """
    if not warp.maps and size == size_of(image):
        return image
    height, width = image.shape[:2]
    factor = int(1 / max(_scale(warp, size_of(image)), 1e-3))
    small = (max(1, round(width / factor)), max(1, round(height / factor))) if factor > 1 else (width, height)
    if small != (width, height):
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
        warp = Warp.scaling(width / small[0], height / small[1]).then(warp)
    return warp.image(image, size, border_mode=border_mode, border_value=_FILL)


def _scale(warp: Warp, size: Size) -> float:
    """How much larger things become, by the area of a pixel in the middle of a picture."""
    if not warp.maps:
        return 1.0
    x, y = size.width / 2, size.height / 2
    here, right, down = warp.points(np.array([[x, y], [x + 1, y], [x, y + 1]], np.float32)).astype(np.float64)
    (a, b), (c, d) = right - here, down - here
    return float(np.sqrt(abs(a * d - b * c)))
