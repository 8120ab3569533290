"""The change of coordinates that bends a straight line into a ring, or a part of one."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Box
from synthtext.core.warp import Coordinates

_AWAY = 1000.0  # ems: farther from the ink than any picture reaches
_INNER = 2.5  # line heights: the least radius of the inner side; there, letters keep 5/6 of their width


def bound_radius(ink: Box, wanted: float, least: float) -> float:
    """The radius of a ring's middle, in ems, that keeps letters from crowding at its inner side.

    Args:
        ink: the straight line's, in ems.
        wanted: radius in ems.
        least: radius in ems that it must have, besides an inner side of 2.5 line heights.
    """
    return max(wanted, least, (_INNER + 0.5) * ink.height)


@dataclass(frozen=True)
class Ring:
    """Bends a straight line around a circle.

    The middle of the ink stays where it is, upright; lengths along it stay what they are, and so does the ink's area.
    `backward` undoes `forward` around the ink. From two thirds of the way between the ink's ends and where they
    would meet, it sends points far away instead: there is the seam where angles start again, and pictures are
    interpolated across it.

    Attributes:
        ink: the straight line's, in ems.
        radius: of the circle through the middle of the ink, in ems; more than half of the ink's height.
        downwards: the line's ends point up, like a bowl's; else down, like a rainbow's.
    """

    ink: Box
    radius: float
    downwards: bool = False

    @property
    def centre(self) -> tuple[float, float]:
        """Of the circle, in ems."""
        return self._middle[0], self._middle[1] + self._sign * self.radius

    def forward(self, points: Coordinates) -> Coordinates:
        """Where points (N, 2) of the straight line go, in ems."""
        x, y = self._middle
        angle = (points[:, 0] - x) / self.radius
        radius = self.radius - self._sign * (points[:, 1] - y)
        return np.stack([x + radius * np.sin(angle), y + self._sign * (self.radius - radius * np.cos(angle))], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        """Where points (N, 2) of the bent line come from, in ems; far away if from the gap between its ends."""
        x, y = self._middle
        across = points[:, 0] - x
        towards = self.radius - self._sign * (points[:, 1] - y)
        along = self.radius * np.arctan2(across, towards)
        down = y + self._sign * (self.radius - np.hypot(across, towards))
        end = (self.ink.width / 2 + 2 * np.pi * self.radius) / 3  # as far from the ink as the far is wide
        # On the centre's side: between it and the far nothing is interpolated that crosses the ink.
        down[np.abs(along) > end] = y + self._sign * _AWAY
        return np.stack([x + along, down], axis=1)

    @property
    def _middle(self) -> tuple[float, float]:
        return (self.ink.left + self.ink.right) / 2, (self.ink.top + self.ink.bottom) / 2

    @property
    def _sign(self) -> float:
        return -1.0 if self.downwards else 1.0
