"""Labels of rendered items: blocks, lines and words, and whether they are legible in the finished image."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import (
    Box,
    Clusters,
    Image,
    Origin,
    Polygon,
    Size,
    TextInstance,
    bounding_boxes,
    check_number,
    clockwise,
    start_at_nearest,
)
from synthtext.scenes.shapes import Floats, sum_boxes
from synthtext.scenes.text_layer import RenderedItem, RenderedLine, cross_lengths

_BACKGROUND_RADIUS = 0.1  # ems around the ink that count as its background
_RENDERED = Origin("rendered")


class ClusterStatistics(NamedTuple):
    """Sums over the finished image at each of K clusters; those of a word are the sums over its clusters.

    Attributes:
        ink: (K,) coverage.
        occluded: (K,) occluded coverage.
        solid: (K,) squared coverage, which weights the luminance of ink, so that soft edges count little.
        inked: (K,) luminance with this weight.
        background_pixels: (K,) number of pixels around the ink.
        background_luminance: (K,) sum of their luminance.
        heights: (K,) height of the line at the cluster (width for a vertical line), pixels.
    """

    ink: Floats
    occluded: Floats
    solid: Floats
    inked: Floats
    background_pixels: Floats
    background_luminance: Floats
    heights: Floats


@dataclass(frozen=True)
class Legibility:
    """Limits of legibility. Illegible lines and words get the flag `ignore`.

    Attributes:
        min_height: Minimum height of a line's ink in the finished image, pixels, 0 to 100.
        max_occlusion: Maximum occluded fraction of a cluster's ink, 0 to 1; a text with a more occluded cluster is
            illegible.
        min_contrast: Minimum contrast between ink and background after all effects, 0 to 120 of 255 steps of luminance.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    min_height: float = 8.0
    max_occlusion: float = 0.4
    min_contrast: float = 15.0

    def __post_init__(self) -> None:
        for name, maximum in (("min_height", 100), ("max_occlusion", 1), ("min_contrast", 120)):
            check_number(f"legibility: {name}", getattr(self, name), 0, maximum)

    def is_legible(self, clusters: ClusterStatistics, start: int, stop: int) -> bool:
        """Whether the word of the clusters `start` to `stop` - 1 is legible."""
        word = ClusterStatistics(*(part[start:stop] for part in clusters))
        solid, inked, pixels, luminance = (float(part.sum()) for part in word[2:-1])
        contrast = abs(inked / solid - luminance / pixels) if solid and pixels else 0.0
        occlusion = float((word.occluded / np.maximum(word.ink, 1)).max())
        height = float(word.heights.mean())
        return height >= self.min_height and occlusion <= self.max_occlusion and contrast >= self.min_contrast


def measure_clusters(line: RenderedLine, luminance: Image, occlusion: NDArray[np.uint8] | None) -> ClusterStatistics:
    """Measure the clusters of a line in the finished image; arguments as for `label_items`."""
    coverage, grey = line.coverage, np.ascontiguousarray(luminance[line.window])
    solid = cv2.multiply(coverage, coverage, scale=1 / 255)
    radius = max(1, round(_BACKGROUND_RADIUS * line.em))
    dilated = cv2.dilate(coverage, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    _, around = cv2.threshold(dilated, 0, 1, cv2.THRESH_BINARY)
    around[coverage > 0] = 0
    behind_objects = coverage if occlusion is None else cv2.multiply(coverage, occlusion[line.window], scale=1 / 255)
    light_of_ink = cv2.multiply(solid, grey, scale=1 / 255)
    ink_table = cv2.integral(cv2.merge((coverage, behind_objects, solid, light_of_ink)))
    background_table = cv2.integral(cv2.merge((np.asarray(around, np.uint8), cv2.multiply(around, grey))))
    corner = np.array([line.window[1].start, line.window[0].start] * 2)
    boxes = np.round(bounding_boxes(line.quads) - corner).astype(np.int64)
    boxes = np.clip(boxes, 0, np.array(coverage.shape[::-1] * 2))
    ink, occluded, solid_sums, inked = sum_boxes(ink_table, boxes).T
    if occlusion is None:
        occluded = np.zeros_like(ink)
    heights = cross_lengths(line.quads, vertical=line.positioned.line.curved.line.vertical).mean(axis=0)
    pixels, light = sum_boxes(background_table, boxes).T
    return ClusterStatistics(ink, occluded, solid_sums, 255 * inked, pixels, light, np.asarray(heights, np.float64))


def label_items(
    items: Sequence[RenderedItem], luminance: Image, occlusion: NDArray[np.uint8] | None, legibility: Legibility
) -> tuple[TextInstance, ...]:
    """Return the instances of a scene: a block before its lines, a line before its words.

    Words are judged separately; a line with an illegible word is illegible, and so is a block without a legible line.

    `luminance` (H, W) uint8 is of the finished image, `occlusion` (H, W) uint8 is the opacity of occluding objects, or
    None if there are none.
    """
    instances: list[TextInstance] = []
    size = Size(luminance.shape[1], luminance.shape[0])
    for item in items:
        block = len(instances) if item.placed.item.grouped and len(item.lines) > 1 else -1
        first = len(instances) + (block >= 0)
        found: list[TextInstance] = []
        for line in item.lines:
            statistics = measure_clusters(line, luminance, occlusion)
            found += _label_line(line, statistics, legibility, block, first + len(found))
        if block >= 0:
            lines = [part for part in found if part.level == "line"]
            text, ignore = "\n".join(line.text for line in lines), all(line.ignore for line in lines)
            instances.append(TextInstance(text, _outline(item, size), ignore=ignore, level="block", origin=_RENDERED))
        instances += found
    return tuple(instances)


def word_spans(text: str, offsets: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Return the first cluster of every word and the cluster after its last one; a line without spaces is one word.

    `offsets` (K + 1,) are those of the clusters in the text.
    """
    visible = [bool(text[start:stop].strip()) for start, stop in pairwise(offsets.tolist())]
    edges = np.flatnonzero(np.diff([False, *visible, False])).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _label_line(
    line: RenderedLine, statistics: ClusterStatistics, legibility: Legibility, block: int, number: int
) -> list[TextInstance]:
    """Label a line and its words; `number` is the index of the line among the instances."""
    text, clusters = line.positioned.line.curved.line.text, line.clusters
    spans = word_spans(text, clusters.offsets)
    legible = [legibility.is_legible(statistics, *span) for span in spans]
    whole, *outlines = clusters.outlines(text, [(0, len(clusters)), *spans])
    found = [TextInstance(text, whole, clusters, not all(legible), "line", block, _RENDERED)]
    for (start, stop), outline, is_legible in zip(spans, outlines, legible, strict=True):
        offsets = clusters.offsets[start : stop + 1]
        word = text[offsets[0] : offsets[-1]]
        part = Clusters(offsets - offsets[0], clusters.quads[start:stop])
        found.append(TextInstance(word, outline, part, not is_legible, "word", number, _RENDERED))
    return found


def _outline(item: RenderedItem, size: Size) -> Polygon:
    """Bounding rectangle of the lines in their plane, warped to an image of this size: (P, 2), clockwise, in pixels.

    A corner without text may lie outside of the image; it is clipped.
    """
    boxes = np.array([line.positioned.box for line in item.lines])
    outsets = np.array([[line.outset * line.positioned.line.em] for line in item.lines])
    (left, top), (right, bottom) = (boxes[:, :2] - outsets).min(axis=0), (boxes[:, 2:] + outsets).max(axis=0)
    fraction = np.linspace(0, 1, 2 if item.view_warp.matrix is not None else 9)[:-1, None]
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    sides = [a + (b - a) * fraction for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    outline = item.placed.warp.then(item.view_warp).points(np.concatenate(sides).astype(np.float32))
    if outline.min() >= 0 and (outline <= size).all():
        return outline
    _, points = cv2.intersectConvexConvex(outline, Box(0, 0, size.width, size.height).polygon())
    part = clockwise(np.asarray(points, np.float32).reshape(-1, 2))
    return np.clip(start_at_nearest(part, outline[0]), 0, size).astype(np.float32)
