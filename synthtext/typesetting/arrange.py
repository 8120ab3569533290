"""Arrangement of the letters of a shaped line one by one: their size, angle, height and distance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Clusters, bounding_box
from synthtext.fonts import Face
from synthtext.typesetting.shaping import ShapedLine

Floats = NDArray[np.float64]


class Arrangement(NamedTuple):
    """How each of the K clusters of a horizontal line is drawn."""

    scales: Floats  # (K,) factors of the size, about the baseline
    degrees: Floats  # (K,) clockwise angles, about the middle of the letter's ink
    shifts: Floats  # (K,) downward shifts in ems, after scaling
    gaps: Floats  # (K,) space in ems that is added behind each cluster, from left to right


def arrange_glyphs(line: ShapedLine, face: Face, arrangement: Arrangement) -> ShapedLine:
    """Return a line whose clusters are scaled, rotated and shifted one by one, side by side.

    The ink of a cluster begins where the ink of the previous one ends, plus the space between both in the font and the
    gap. Only negative gaps, and letters that overlap in the font, make letters overlap. Quads follow their clusters.

    Args:
        line: A horizontal line whose letters are not connected, not yet arranged or stretched.
        face: Its font face.
        arrangement: Of its clusters, in logical order.
    """
    scales, degrees, shifts, gaps = arrangement
    boxes = _ink_boxes(line, face)
    quads = line.clusters.quads.astype(np.float64)
    radians = np.deg2rad(degrees)
    cosine, sine = np.cos(radians), np.sin(radians)
    linear = np.stack([np.stack([cosine, -sine], axis=1), np.stack([sine, cosine], axis=1)], axis=1)
    linear *= scales[:, None, None]
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    moved = centres * (1, 0) + np.stack([np.zeros(len(scales)), centres[:, 1] * scales + shifts], axis=1)
    offsets = moved - (linear @ centres[:, :, None])[..., 0]  # the middle of the ink is scaled and shifted
    corners = _transform(boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]], linear, offsets)
    offsets[:, 0] += _places(line, boxes, corners, scales, gaps)
    transformed = _transform(quads, linear, offsets).astype(np.float32)
    owners, unit = np.array(line.owners), line.units_per_em
    origins = np.stack([line.x, line.y], axis=1) / unit
    origins = (linear[owners] @ origins[:, :, None])[..., 0] + offsets[owners]
    x, y = (origins * unit).T.tolist()
    clusters = Clusters(line.clusters.offsets, transformed)
    return line._replace(x=x, y=y, clusters=clusters, ink_box=bounding_box(transformed), transforms=linear[owners])


def _transform(points: Floats, linear: Floats, offsets: Floats) -> Floats:
    """Points (K, P, 2) of every cluster after its linear map and its offset."""
    return np.asarray(points @ linear.transpose(0, 2, 1) + offsets[:, None], np.float64)


def _ink_boxes(line: ShapedLine, face: Face) -> Floats:
    """Boxes (K, 4) left, top, right, bottom of the ink of every cluster in ems; a space has its advance at height 0."""
    boxes = np.empty((len(line.clusters), 4))
    boxes[:, :2], boxes[:, 2:] = np.inf, -np.inf
    for glyph, x, y, owner in zip(line.glyphs, line.x, line.y, line.owners, strict=True):
        box = face.boxes[glyph]
        if box is not None:
            low, high = boxes[owner, :2], boxes[owner, 2:]
            np.minimum(low, (x + box[0], y + box[1]), out=low)
            np.maximum(high, (x + box[2], y + box[3]), out=high)
    boxes /= line.units_per_em
    blank = ~np.isfinite(boxes).all(axis=1)
    spans = line.clusters.quads[:, :2, 0]
    boxes[blank] = np.stack([spans[:, 0], 0 * spans[:, 0], spans[:, 1], 0 * spans[:, 1]], axis=1)[blank]
    return boxes


def _places(line: ShapedLine, boxes: Floats, corners: Floats, scales: Floats, gaps: Floats) -> Floats:
    """Shifts (K,) to the right, in ems, that put the transformed ink (K, 4, 2) of the clusters side by side."""
    order = np.argsort(line.clusters.quads[:, 0, 0], kind="stable")
    before, after = boxes[order, 2][:-1], boxes[order, 0][1:]
    spaces = (after - before) * (scales[order][:-1] + scales[order][1:]) / 2 + gaps[order][:-1]
    low, high = corners[order, :, 0].min(axis=1), corners[order, :, 0].max(axis=1)
    starts = np.concatenate([[0.0], np.cumsum((high - low)[:-1] + spaces)]) + boxes[order[0], 0]
    shifts = np.empty(len(order))
    shifts[order] = starts - low
    return shifts
