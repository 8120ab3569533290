"""The grapheme clusters of one line, as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core.geometry import Points, Polygon
from synthtext.core.unicode import embedding_levels, visual_order
from synthtext.core.warp import Warp


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """K clusters of a line of text, in logical order.

    A cluster is what one or more glyphs draw together and what must never be torn apart: a letter with its accents, a
    ligature, a syllable.

    Attributes:
        offsets: (K + 1,) int32; cluster k is `text[offsets[k]:offsets[k + 1]]`. The last one is `len(text)`.
        quads: (K, 4, 2) float32, pixels, clockwise from each cluster's top-left; they hold all of its ink.
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
        """No clusters: what a real photograph has, whose characters nobody marked."""
        return cls(np.zeros(1, np.int32), np.zeros((0, 4, 2), np.float32))

    def texts(self, text: str) -> Iterator[str]:
        """The text of every cluster."""
        return (text[start:stop] for start, stop in zip(self.offsets[:-1], self.offsets[1:], strict=True))

    def warped(self, warp: Warp) -> "Clusters":
        """The same clusters after a change of coordinates, which does not mirror.

        Where sides become curves, the quads are as large as it takes to hold them, and no larger: every side touches
        its curve, in the direction of the chord.
        """
        moved = warp.points(self.quads) if warp.matrix is not None else _circumscribed(self.quads, warp)
        return Clusters(self.offsets, moved)

    def expanded(self, distance: float) -> "Clusters":
        """The same clusters with upright quads that reach this much farther to all sides."""
        outwards = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * np.float32(distance)
        return Clusters(self.offsets, self.quads + outwards)

    def outline(self, text: str) -> Polygon:
        """The line's polygon, along the tops of the quads and back along their bottoms, straight or bent.

        It runs clockwise from the text's top-left, P / 2 points along the tops and as many along the bottoms: four of a
        straight line, more where one bends, at places where a cluster begins or ends: (P, 2) with 4 <= P <= 4 K. It
        holds the quads, but for slivers in a bent line: of those that overlap, and of clusters thinner than 0.02 of
        their height.

        Args:
            text: whose clusters these are; from it follows in which order they stand.

        Raises:
            ValueError: there are no clusters, or the text is of another length.
        """
        return self.outlines(text, [(0, len(self))])[0]

    def outlines(self, text: str, parts: Sequence[tuple[int, int]]) -> list[Polygon]:
        """The polygons of parts of the line, such as its words, as `outline` gives that of the whole.

        Args:
            text: of the whole line, whose letters decide in which order those of a part stand.
            parts: first cluster and the one behind the last, of every part; none is empty.

        Raises:
            ValueError: a part is empty, or the text is of another length.
        """
        if len(text) != self.offsets[-1]:
            raise ValueError(f"clusters of {self.offsets[-1]} characters are not those of a text of {len(text)}")
        if any(start >= stop for start, stop in parts):
            raise ValueError("a line without clusters has no outline")
        if _run_downwards(self.quads):
            # From its right side a vertical line is a horizontal one: its tops are the right edges.
            turned = np.roll(self.quads, -1, axis=1)
            return [np.roll(_around(turned[start:stop]), 1, axis=0) for start, stop in parts]
        if text.isascii():
            return [_around(self.quads[start:stop]) for start, stop in parts]
        of_characters = embedding_levels(text)
        of_clusters = [of_characters[start] for start in self.offsets[:-1]]
        return [_around(self.quads[start:stop][visual_order(of_clusters[start:stop])]) for start, stop in parts]


_STEPS = 8  # along a side: an even number, so that the middle, where an arc is farthest from its chord, is among them
_INNER = np.arange(1, _STEPS)[:, None] / _STEPS
_NEXT, _PREVIOUS = [1, 2, 3, 0], [3, 0, 1, 2]


def _circumscribed(quads: Points, warp: Warp) -> Points:
    """Quads around what becomes of quads (K, 4, 2) whose sides a warp may bend; every side keeps its chord's direction.

    Between the points that are looked at, a curve goes beyond by 1/64 of its own height or so, an arc by nothing.
    """
    sides = np.empty((len(quads), 4, _STEPS, 2))  # of every side, its first corner and the points up to the next one
    sides[:, :, 0] = quads
    sides[:, :, 1:] = quads[:, :, None] + (quads[:, _NEXT] - quads)[:, :, None] * _INNER
    for step in warp.maps:
        sides = step.forward(sides.reshape(-1, 2)).reshape(sides.shape)
    corners = sides[:, :, 0]
    ahead = corners[:, _NEXT] - corners
    ahead /= np.maximum(np.hypot(ahead[..., 0], ahead[..., 1]), 1e-9)[..., None]  # no side: no direction, and no bulge
    behind = ahead[:, _PREVIOUS]
    inner = sides[:, :, 1:] - corners[:, :, None]
    outwards = (inner[..., 0] * ahead[..., None, 1] - inner[..., 1] * ahead[..., None, 0]).max(axis=2).clip(0)
    # A corner is where two sides meet: each that moves outwards takes it along the other.
    sine = behind[..., 0] * ahead[..., 1] - behind[..., 1] * ahead[..., 0]
    moves = outwards[..., None] * behind - outwards[:, _PREVIOUS][..., None] * ahead
    return np.asarray(corners + moves / np.maximum(sine, 1e-3)[..., None], np.float32)


_GAP = 0.02  # of a cluster's height: letters that are closer stand side by side
_EVEN = 0.0005  # of a cluster's height: what an outline's edge may give way, a fiftieth of a pixel at 40 pixels


def _run_downwards(quads: Points) -> bool:
    """Whether clusters follow each other along their own left edges rather than along their tops."""
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


def _around(quads: Points) -> Polygon:
    """The polygon around quads that stand from left to right, however they overlap or stand apart.

    It is made of rungs, left or right sides of quads in the order in which they come along the line: a left side where
    a quad begins, and a right one where what is covered ends before the next quad begins.
    """
    left, right = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    along, down = _directions(quads)
    widths = ((right - left) * along).sum(axis=1)
    gaps = ((left[1:] - right[:-1]) * _unit(along[:-1] + along[1:])).sum(axis=1)
    starts = np.concatenate([[0.0], np.cumsum(widths[:-1] + gaps)])  # along the line, also where it bends
    # One measure for all: where a letter counts as beside another, it has to count as meeting it below, too.
    height = float(((quads[:, 3] - quads[:, 0]) * down).sum(axis=1).mean())
    nearest = _GAP * height
    rungs = [(0, 0)]  # a quad, and 0 for its left side or 1 for its right one
    # The last left side; where what is covered ends, and which quad ends it.
    begun, end, last = 0.0, float(widths[0]), 0
    for k in range(1, len(quads)):
        start, stop = float(starts[k]), float(starts[k] + widths[k])
        if stop <= end:
            continue
        if start > end + nearest:
            rungs.append((last, 1))
        if start > begun + nearest:
            rungs.append((k, 0))
            begun = start
        end, last = stop, k
    numbers, sides = np.array([*rungs, (last, 1)]).T
    places = starts[numbers] + widths[numbers] * sides
    meeting = (starts - nearest <= places[:, None]) & (places[:, None] <= starts + widths + nearest)
    tops, bottoms = quads[numbers, sides], quads[numbers, 3 - sides]
    above = _beyond(tops, tops - bottoms, quads[:, 0], quads[:, 1], meeting)
    below = _beyond(bottoms, bottoms - tops, quads[:, 3], quads[:, 2], meeting)
    kept = _bends(above, below, _EVEN * abs(height))
    return np.concatenate([above[kept], below[kept][::-1]])


def _bends(above: Points, below: Points, near: float) -> list[int]:
    """Which of R rungs an outline needs: without the others no point of it moves farther than `near`, on either side.

    Douglas and Peucker's choice, of both ends of a rung at once.
    """
    both = np.stack([above, below], axis=1).astype(np.float64)
    kept = [0, len(both) - 1]
    spans = [(0, len(both) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        chord = both[last] - both[first]
        away = both[first + 1 : last] - both[first]
        across = np.abs(away[..., 0] * chord[:, 1] - away[..., 1] * chord[:, 0])
        off = (across / np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)).max(axis=1)
        worst = int(off.argmax())
        if off[worst] > near:
            middle = first + 1 + worst
            kept.append(middle)
            spans += [(first, middle), (middle, last)]
    return sorted(kept)


def _beyond(ends: Points, ways: Points, starts: Points, stops: Points, meeting: NDArray[np.bool_]) -> Points:
    """The ends (R, 2) of rungs, moved on along their ways (R, 2) to the farthest edge, if any lies beyond.

    Where bent letters of different widths meet, the wider one's edge lies farther out.

    Args:
        ends: of R rungs.
        ways: outwards.
        starts: (K, 2) of edges of K quads.
        stops: (K, 2) of the same edges.
        meeting: (R, K) which edges count.
    """
    edges, ways = stops - starts, ways.astype(np.float64)
    away = starts - ends[:, None]
    across = ways[:, None, 0] * edges[:, 1] - ways[:, None, 1] * edges[:, 0]
    sought = away[..., 0] * edges[:, 1] - away[..., 1] * edges[:, 0]
    shares = np.divide(sought, across, out=np.zeros_like(across), where=meeting & (across != 0))
    return np.asarray(ends + shares.max(axis=1, keepdims=True).clip(0) * ways, np.float32)
