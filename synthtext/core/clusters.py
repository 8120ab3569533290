"""The grapheme clusters of one line, as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    def outline(self) -> Polygon:
        """The line's polygon (2K + 2, 2): along the tops of the quads, and back along their bottoms.

        Raises:
            ValueError: there are no clusters.
        """
        if not len(self):
            raise ValueError("a line without clusters has no outline")
        along = (self.quads[:, 1] - self.quads[:, 0]).sum(axis=0)  # the direction of reading, however it is turned
        ordered = self.quads[np.argsort(self.quads.mean(axis=1) @ along, kind="stable")]
        top = np.concatenate([ordered[:, 0], ordered[-1:, 1]])
        bottom = np.concatenate([ordered[:1, 3], ordered[:, 2]])
        return np.concatenate([top, bottom[::-1]])
