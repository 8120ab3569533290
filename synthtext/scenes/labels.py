"""Labels of rendered items: blocks, lines and words."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters, Image, Origin, Polygon, Size, TextInstance, Warp, clockwise, start_at_nearest
from synthtext.scenes.composition import PlacedItem
from synthtext.scenes.legibility import Legibility, measure_clusters
from synthtext.scenes.text_layer import RenderedLine

_RENDERED = Origin("rendered")


class RenderedItem(NamedTuple):
    """An item of a scene with its lines that are in the image.

    Attributes:
        placed: The item.
        view_warp: Warp of the whole image.
        lines: At least one line.
    """

    placed: PlacedItem
    view_warp: Warp
    lines: list[RenderedLine]

    def outline(self, size: Size) -> Polygon:
        """Return the bounding rectangle of the lines, warped to an image of this size: (P, 2), clockwise, in pixels.

        A corner without text may lie outside of the image; it is clipped.
        """
        boxes = np.array([line.positioned.box for line in self.lines])
        outsets = np.array([[line.outset * line.positioned.line.em] for line in self.lines])
        (left, top), (right, bottom) = (boxes[:, :2] - outsets).min(axis=0), (boxes[:, 2:] + outsets).max(axis=0)
        fraction = np.linspace(0, 1, 2 if self.view_warp.matrix is not None else 9)[:-1, None]
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        sides = [a + (b - a) * fraction for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
        outline = self.placed.warp.then(self.view_warp).points(np.concatenate(sides).astype(np.float32))
        return outline if outline.min() >= 0 and (outline <= size).all() else _clip(outline, size)


def _clip(outline: Polygon, size: Size) -> Polygon:
    """Clip a convex outline to the image; the result starts at the corner nearest to the first one."""
    picture = Box(0, 0, size.width, size.height).polygon()
    _, points = cv2.intersectConvexConvex(outline, picture)
    part = np.asarray(points, np.float32).reshape(-1, 2)
    return np.clip(start_at_nearest(clockwise(part), outline[0]), 0, size).astype(np.float32)


def label_items(
    items: Sequence[RenderedItem], luminance: Image, occlusion: NDArray[np.uint8] | None, legibility: Legibility
) -> tuple[TextInstance, ...]:
    """Return the instances of a scene: a block before its lines, a line before its words.

    Words are judged separately; a line with an illegible word is illegible, and so is a block without a legible line.

    Args:
        items: Rendered items.
        luminance: (H, W) uint8 of the finished image.
        occlusion: (H, W) uint8, opacity of occluding objects; None if there are none.
        legibility: Limits of legibility.
    """
    instances: list[TextInstance] = []
    size = Size(luminance.shape[1], luminance.shape[0])
    for item in items:
        block = len(instances) if item.placed.item.grouped and len(item.lines) > 1 else -1
        first = len(instances) + (block >= 0)
        instances_of_item: list[TextInstance] = []
        for line in item.lines:
            legible = _legible_words(line, luminance, occlusion, legibility)
            instances_of_item += _label_line(line, legible, block, first + len(instances_of_item))
        if block >= 0:
            instances.append(_label_block(item, [part for part in instances_of_item if part.level == "line"], size))
        instances += instances_of_item
    return tuple(instances)


def word_spans(text: str, offsets: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Return the first cluster of every word and the cluster after its last one; a line without spaces is one word.

    Args:
        text: Text of the line.
        offsets: (K + 1,) offsets of its clusters.
    """
    spans: list[tuple[int, int]] = []
    start: int | None = None
    bounds = offsets.tolist()
    for k in range(len(bounds) - 1):
        if not text[bounds[k] : bounds[k + 1]].strip():
            if start is not None:
                spans.append((start, k))
            start = None
        elif start is None:
            start = k
    return spans if start is None else [*spans, (start, len(bounds) - 1)]


def _legible_words(
    line: RenderedLine, luminance: Image, occlusion: NDArray[np.uint8] | None, legibility: Legibility
) -> list[bool]:
    """Whether each word is legible."""
    statistics = measure_clusters(line, luminance, occlusion)
    spans = word_spans(line.positioned.line.curved.line.text, line.clusters.offsets)
    return [legibility.is_legible(statistics.measure(*span)) for span in spans]


def _label_line(line: RenderedLine, legible: Sequence[bool], block: int, number: int) -> list[TextInstance]:
    """Label a line and its words; `number` is the index of the line among the instances."""
    text, clusters = line.positioned.line.curved.line.text, line.clusters
    spans = word_spans(text, clusters.offsets)
    whole, *outlines = clusters.outlines(text, [(0, len(clusters)), *spans])
    found = [TextInstance(text, whole, clusters, not all(legible), "line", block, _RENDERED)]
    for (start, stop), outline, is_legible in zip(spans, outlines, legible, strict=True):
        offsets = clusters.offsets[start : stop + 1]
        word = text[offsets[0] : offsets[-1]]
        part = Clusters(offsets - offsets[0], clusters.quads[start:stop])
        found.append(TextInstance(word, outline, part, not is_legible, "word", number, _RENDERED))
    return found


def _label_block(item: RenderedItem, lines: Sequence[TextInstance], size: Size) -> TextInstance:
    """Label a block of lines; its polygon is the bounding rectangle of the lines in their plane."""
    text = "\n".join(line.text for line in lines)
    ignore = all(line.ignore for line in lines)
    return TextInstance(text, item.outline(size), ignore=ignore, level="block", origin=_RENDERED)
