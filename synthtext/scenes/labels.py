"""The labels of what was drawn: blocks, lines and words."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters, Image, Origin, Polygon, Size, TextInstance, Warp, clockwise, start_at_nearest
from synthtext.scenes.composition import PlacedItem
from synthtext.scenes.legibility import Legibility, measure_clusters
from synthtext.scenes.text_layer import RenderedLine

_RENDERED = Origin("drawn")


class RenderedItem(NamedTuple):
    """An item of a scene and the lines of it that are in the picture.

    Attributes:
        placed: the item.
        view: how the whole picture is seen.
        lines: at least one.
    """

    placed: PlacedItem
    view: Warp
    lines: list[RenderedLine]

    def outline(self, size: Size) -> Polygon:
        """The rectangle around the lines on their plane, where it lies in a picture of this size: (P, 2), clockwise.

        A corner without text may lie outside of the picture; it is cut off.
        """
        boxes = np.array([line.laid.box for line in self.lines])
        borders = np.array([[line.outset * line.laid.line.em] for line in self.lines])
        (left, top), (right, bottom) = (boxes[:, :2] - borders).min(axis=0), (boxes[:, 2:] + borders).max(axis=0)
        share = np.linspace(0, 1, 2 if self.view.matrix is not None else 9)[:-1, None]
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        sides = [a + (b - a) * share for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
        outline = self.placed.warp.then(self.view).points(np.concatenate(sides).astype(np.float32))
        return outline if outline.min() >= 0 and (outline <= size).all() else _cut(outline, size)


def _cut(outline: Polygon, size: Size) -> Polygon:
    """The part of a convex outline that lies in a picture, from the corner that is nearest to its first one."""
    picture = Box(0, 0, size.width, size.height).polygon()
    _, points = cv2.intersectConvexConvex(outline, picture)
    part = np.asarray(points, np.float32).reshape(-1, 2)
    return np.clip(start_at_nearest(clockwise(part), outline[0]), 0, size).astype(np.float32)


def label_items(
    items: Sequence[RenderedItem], luminance: Image, hidden: NDArray[np.uint8] | None, legibility: Legibility
) -> tuple[TextInstance, ...]:
    """The instances of a scene: a block before its lines, a line before its words.

    A word is judged on its own; a line of which a word cannot be read cannot be read, nor can a block without any line
    that can.

    Args:
        items: what was drawn.
        luminance: (H, W) uint8 of the finished picture.
        hidden: (H, W) uint8, how far each pixel is hidden; None if nothing is.
        legibility: which texts are ignored.
    """
    instances: list[TextInstance] = []
    size = Size(luminance.shape[1], luminance.shape[0])
    for item in items:
        block = len(instances) if item.placed.item.grouped and len(item.lines) > 1 else -1
        first = len(instances) + (block >= 0)
        parts: list[TextInstance] = []
        for line in item.lines:
            readable = _readable(line, luminance, hidden, legibility)
            parts += _label_line(line, readable, block, first + len(parts))
        if block >= 0:
            instances.append(_label_block(item, [part for part in parts if part.level == "line"], size))
        instances += parts
    return tuple(instances)


def word_spans(text: str, offsets: NDArray[np.int32]) -> list[tuple[int, int]]:
    """First cluster and the one behind the last, of every word; spaces are in none. Without spaces the line is a word.

    Args:
        text: of the line.
        offsets: (K + 1,) of its clusters.
    """
    spans: list[tuple[int, int]] = []
    begun: int | None = None
    bounds = offsets.tolist()
    for k in range(len(bounds) - 1):
        if not text[bounds[k] : bounds[k + 1]].strip():
            if begun is not None:
                spans.append((begun, k))
            begun = None
        elif begun is None:
            begun = k
    return spans if begun is None else [*spans, (begun, len(bounds) - 1)]


def _readable(
    line: RenderedLine, luminance: Image, hidden: NDArray[np.uint8] | None, legibility: Legibility
) -> list[bool]:
    """Whether each word can be read."""
    sums = measure_clusters(line, luminance, hidden)
    spans = word_spans(line.laid.line.bent.line.text, line.clusters.offsets)
    return [legibility.is_legible(sums.of(*span)) for span in spans]


def _label_line(line: RenderedLine, readable: Sequence[bool], block: int, number: int) -> list[TextInstance]:
    """A line and its words; `number` is that of the line among the instances."""
    text, clusters = line.laid.line.bent.line.text, line.clusters
    spans = word_spans(text, clusters.offsets)
    whole, *outlines = clusters.outlines(text, [(0, len(clusters)), *spans])
    found = [TextInstance(text, whole, clusters, not all(readable), "line", block, _RENDERED)]
    for (start, stop), outline, reads in zip(spans, outlines, readable, strict=True):
        offsets = clusters.offsets[start : stop + 1]
        word = text[offsets[0] : offsets[-1]]
        part = Clusters(offsets - offsets[0], clusters.quads[start:stop])
        found.append(TextInstance(word, outline, part, not reads, "word", number, _RENDERED))
    return found


def _label_block(item: RenderedItem, lines: Sequence[TextInstance], size: Size) -> TextInstance:
    """The block of some lines: its polygon is the rectangle around them on their plane, as it lies in the picture."""
    text = "\n".join(line.text for line in lines)
    ignore = all(line.ignore for line in lines)
    return TextInstance(text, item.outline(size), ignore=ignore, level="block", origin=_RENDERED)
