"""Grapheme clusters of a line, as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core.geometry import Points, Polygon
from synthtext.core.unicode import embedding_levels, visual_order
from synthtext.core.warp import Coordinates, Warp


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """The K clusters of a line of text, in logical order.

    A cluster is drawn as a unit and must not be split: a letter with its accents, a ligature, a syllable.

    Attributes:
        offsets: (K + 1,) int32; cluster k is `text[offsets[k]:offsets[k + 1]]`. The last one is `len(text)`.
        quads: (K, 4, 2) float32, pixels, clockwise from the top-left of each cluster; they contain all of its ink.
    """

    offsets: NDArray[np.int32]
    quads: Points

    def __post_init__(self) -> None:
        count = len(self.quads)
        if self.offsets.shape != (count + 1,) or self.quads.shape != (count, 4, 2):
            raise ValueError(f"{count} clusters need offsets of shape ({count + 1},), not {self.offsets.shape}")

    def __len__(self) -> int:
        return len(self.quads)

    @classmethod
    def empty(cls) -> "Clusters":
        """Return no clusters, as of real images without character labels."""
        return cls(np.zeros(1, np.int32), np.zeros((0, 4, 2), np.float32))

    def texts(self, text: str) -> Iterator[str]:
        """Iterate over the text of every cluster."""
        return (text[start:stop] for start, stop in zip(self.offsets[:-1], self.offsets[1:], strict=True))

    def warped(self, warp: Warp) -> "Clusters":
        """Return the clusters after a warp, which must not mirror.

        If a warp bends the sides of a quad, the result is a tight quad around it: every side is parallel to the chord
        of the bent side and touches it.
        """
        moved = warp.points(self.quads) if warp.matrix is not None else _circumscribed(self.quads, warp)
        return Clusters(self.offsets, moved)

    def expanded(self, distance: float) -> "Clusters":
        """Return the clusters with quads that are expanded by this distance on all sides."""
        quads = self.quads
        if (quads[:, 0, 1] == quads[:, 1, 1]).all() and (quads[:, 0, 0] == quads[:, 3, 0]).all():
            outwards = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * np.float32(distance)
            return Clusters(self.offsets, quads + outwards)
        right, down = (part[:, None] * np.float32(distance) for part in _directions(quads))
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)[:, :, None]
        return Clusters(self.offsets, quads + signs[:, 0] * right + signs[:, 1] * down)

    def outline(self, text: str) -> Polygon:
        """Return the polygon (P, 2) of the line, along the top sides of the quads and back along their bottom sides.

        It is clockwise from the top-left of the text and has P / 2 points along the top and as many along the bottom:
        four points for a straight line, more for a curved one, at boundaries of clusters, so that 4 <= P <= 4 K. It
        contains the quads, except for slivers in curved lines where quads overlap or are thinner than 0.02 of their
        height.

        Args:
            text: Text of the clusters; defines their visual order.

        Raises:
            ValueError: There are no clusters, or the text has another length.
        """
        return self.outlines(text, [(0, len(self))])[0]

    def outlines(self, text: str, parts: Sequence[tuple[int, int]]) -> list[Polygon]:
        """Return the polygons of parts of the line, such as its words; see `outline`.

        A part is the index of its first cluster and the index after its last one; the text is that of the whole line.

        Raises:
            ValueError: A part is empty, or the text has another length.
        """
        if len(text) != self.offsets[-1]:
            raise ValueError(f"clusters of {self.offsets[-1]} characters are not those of a text of {len(text)}")
        if any(start >= stop for start, stop in parts):
            raise ValueError("a line without clusters has no outline")
        if _is_vertical(self.quads):
            # Seen from its right side, a vertical line is horizontal: its top sides are the right sides.
            turned = np.roll(self.quads, -1, axis=1)
            return [np.roll(_outline(turned[start:stop]), 1, axis=0) for start, stop in parts]
        if text.isascii():
            return [_outline(self.quads[start:stop]) for start, stop in parts]
        of_characters = embedding_levels(text)
        of_clusters = [of_characters[start] for start in self.offsets[:-1]]
        return [_outline(self.quads[start:stop][visual_order(of_clusters[start:stop])]) for start, stop in parts]


_STEPS = 8  # along a side; even, to include the middle, where an arc is farthest from its chord
_FRACTIONS = np.arange(_STEPS)[:, None] / _STEPS
_NEXT, _PREVIOUS = [1, 2, 3, 0], [3, 0, 1, 2]


def _circumscribed(quads: Points, warp: Warp) -> Points:
    """Quads around quads (K, 4, 2) whose sides a warp may bend; every side is parallel to its chord.

    Between the sampled points, a curve exceeds the quad by about 1/64 of its own height; an arc does not.
    """
    # The first corner of every side, and points up to the next corner.
    points: Coordinates = (quads[:, :, None] + (quads[:, _NEXT] - quads)[:, :, None] * _FRACTIONS).reshape(-1, 2)
    for step in warp.maps:
        points = step.forward(points)
    # As complex numbers, the imaginary part of conj(a) b is the cross product of a and b.
    sides = np.ascontiguousarray(points, np.float64).view(np.complex128).reshape(-1, 4, _STEPS)
    corners = sides[:, :, 0]
    ahead = corners[:, _NEXT] - corners
    ahead /= np.maximum(np.abs(ahead), 1e-9)  # avoids division by 0
    behind = ahead[:, _PREVIOUS]
    inner = sides[:, :, 1:] - corners[:, :, None]
    outwards = np.maximum((ahead[:, :, None] * inner.conj()).imag.max(axis=2), 0)
    # A corner is the intersection of two sides: moving one side outwards moves the corner along the other.
    moves = outwards * behind - outwards[:, _PREVIOUS] * ahead
    moved = corners + moves / np.maximum((behind.conj() * ahead).imag, 1e-3)
    return np.asarray(moved.view(np.float64).reshape(-1, 4, 2), np.float32)


_GAP = 0.02  # of a cluster's height: closer clusters are adjacent
_TOLERANCE = 0.0005  # of a cluster's height, when an outline is simplified: 0.02 pixels at a height of 40


def _is_vertical(quads: Points) -> bool:
    """Whether clusters follow each other along their left sides rather than along their top sides."""
    steps = np.diff(quads.mean(axis=1), axis=0)
    right, down = _directions(quads)
    right, down = right[:-1] + right[1:], down[:-1] + down[1:]
    return bool((steps * down).sum() > np.abs((steps * right).sum(axis=1)).sum())


def _directions(quads: Points) -> tuple[Points, Points]:
    """Unit vectors (K, 2) to the right and downwards of each cluster."""
    right = quads[:, 1] - quads[:, 0] + quads[:, 2] - quads[:, 3]
    down = quads[:, 3] - quads[:, 0] + quads[:, 2] - quads[:, 1]
    return _unit(right), _unit(down)


def _unit(vectors: Points) -> Points:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


def _outline(quads: Points) -> Polygon:
    """The polygon around quads in order from left to right, which may overlap or have gaps.

    It consists of rungs, which are left or right sides of quads in their order along the line: a left side where a quad
    begins, and a right side where the covered part ends before the next quad begins.
    """
    left, right = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    along, down = _directions(quads)
    widths = ((right - left) * along).sum(axis=1)
    gaps = ((left[1:] - right[:-1]) * _unit(along[:-1] + along[1:])).sum(axis=1)
    starts = np.concatenate([[0.0], np.cumsum(widths[:-1] + gaps)])  # arc length along the line
    # The same threshold decides which clusters are adjacent and which quads meet a rung.
    height = float(((quads[:, 3] - quads[:, 0]) * down).sum(axis=1).mean())
    nearest = _GAP * height
    rungs = [(0, 0)]  # index of a quad, and 0 for its left side or 1 for its right side
    # Position of the last left side, end of the covered part, and the quad that ends there.
    started, end, last = 0.0, float(widths[0]), 0
    for k in range(1, len(quads)):
        start, stop = float(starts[k]), float(starts[k] + widths[k])
        if stop <= end:
            continue
        if start > end + nearest:
            rungs.append((last, 1))
        if start > started + nearest:
            rungs.append((k, 0))
            started = start
        end, last = stop, k
    numbers, sides = np.array([*rungs, (last, 1)]).T
    places = starts[numbers] + widths[numbers] * sides
    meeting = (starts - nearest <= places[:, None]) & (places[:, None] <= starts + widths + nearest)
    tops, bottoms = quads[numbers, sides], quads[numbers, 3 - sides]
    above = _extend(tops, tops - bottoms, quads[:, 0], quads[:, 1], meeting)
    below = _extend(bottoms, bottoms - tops, quads[:, 3], quads[:, 2], meeting)
    kept = _simplify(above, below, _TOLERANCE * abs(height))
    return np.concatenate([above[kept], below[kept][::-1]])


def _simplify(above: Points, below: Points, tolerance: float) -> list[int]:
    """Indices of the rungs that an outline needs: without the others, it moves by at most `tolerance` on either side.

    This is the algorithm of Douglas and Peucker for both ends of a rung at once.
    """
    both = np.stack([above, below], axis=1).astype(np.float64)
    indices = [0, len(both) - 1]
    spans = [(0, len(both) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        chord = both[last] - both[first]
        away = both[first + 1 : last] - both[first]
        across = np.abs(away[..., 0] * chord[:, 1] - away[..., 1] * chord[:, 0])
        distances = (across / np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)).max(axis=1)
        worst = int(distances.argmax())
        if distances[worst] > tolerance:
            middle = first + 1 + worst
            indices.append(middle)
            spans += [(first, middle), (middle, last)]
    return sorted(indices)


def _extend(ends: Points, directions: Points, starts: Points, stops: Points, meeting: NDArray[np.bool_]) -> Points:
    """Extend the ends (R, 2) of rungs along outward directions (R, 2) to the farthest edge that meets the rung.

    The edges run from `starts` to `stops` (K, 2); `meeting` (R, K) tells which ones meet which rung. Where curved
    clusters of different widths meet, the edge of the wider one lies farther out.
    """
    edges, directions = stops - starts, directions.astype(np.float64)
    away = starts - ends[:, None]
    across = directions[:, None, 0] * edges[:, 1] - directions[:, None, 1] * edges[:, 0]
    offsets = away[..., 0] * edges[:, 1] - away[..., 1] * edges[:, 0]
    fractions = np.divide(offsets, across, out=np.zeros_like(across), where=meeting & (across != 0))
    return np.asarray(ends + fractions.max(axis=1, keepdims=True).clip(0) * directions, np.float32)
