"""The grapheme clusters of one line, as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core.bidi import levels, visual_order
from synthtext.core.geometry import Points, Polygon
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
        """The same clusters after a change of coordinates."""
        return Clusters(self.offsets, warp.points(self.quads))

    def outline(self, text: str) -> Polygon:
        """The line's polygon, along the tops of the quads and back along their bottoms, straight or bent.

        It runs clockwise from the text's top-left, and has a corner where a cluster begins, and where one ends before
        the next one begins: (P, 2) with 4 <= P <= 4 K. It holds the quads, but for what a bent line's edge bulges
        beyond the chord of an overlap.

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
        of_characters = levels(text)
        of_clusters = [of_characters[start] for start in self.offsets[:-1]]
        return [_around(self.quads[start:stop][visual_order(of_clusters[start:stop])]) for start, stop in parts]


_GAP = 0.02  # of a cluster's height: letters that are closer stand side by side


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
    nearest = _GAP * ((quads[:, 3] - quads[:, 0]) * down).sum(axis=1)
    rungs = [(0, 0)]  # a quad, and 0 for its left side or 1 for its right one
    begun, end, last = (
        0.0,
        float(widths[0]),
        0,
    )  # the last left side; where what is covered ends, and which quad ends it
    for k in range(1, len(quads)):
        start, stop = float(starts[k]), float(starts[k] + widths[k])
        if stop <= end:
            continue
        if start > end + nearest[k]:
            rungs.append((last, 1))
        if start > begun + nearest[k]:
            rungs.append((k, 0))
            begun = start
        end, last = stop, k
    numbers, sides = np.array([*rungs, (last, 1)]).T
    return np.concatenate([quads[numbers, sides], quads[numbers, 3 - sides][::-1]])
