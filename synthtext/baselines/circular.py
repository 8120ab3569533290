"""The change of coordinates that bends a straight line into a ring, or a part of one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtext.baselines.baseline import MIN_RADIUS
from synthtext.core import Box, Parameters, Range, Warp, check_fraction, check_number, check_range
from synthtext.core.warp import Coordinates

_AWAY = 1000.0  # ems: farther from the ink than any picture reaches
_INNER = 2.5  # line heights: the least radius of the inner side; there, letters keep 5/6 of their width


def clamp_radius(ink: Box, wanted: float, least: float) -> float:
    """The radius of a ring's middle, in ems, that keeps letters from crowding at its inner side.

    Args:
        ink: the straight line's, in ems.
        wanted: radius in ems.
        least: radius in ems that it must have, besides an inner side of 2.5 line heights.
    """
    return max(wanted, least, (_INNER + 0.5) * ink.height)


@dataclass(frozen=True)
class RingMap:
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


@dataclass(frozen=True)
class Arc:
    """A line bent into an arc of a circle, upwards like a rainbow or downwards like a bowl.

    The radius is at least `min_radius` and leaves 2.5 line heights at the inner side, so that letters do not crowd; a
    short text spans a smaller angle than was drawn.

    Attributes:
        degrees_range: the angle that the line spans, 1 to 300.
        min_radius: of the middle of the line, in ems, 1 to 1000.
        downward_probability: of bending downwards.
    """

    vertical: ClassVar[bool] = False

    degrees_range: Range = (20, 120)
    min_radius: float = MIN_RADIUS
    downward_probability: float = 0.4

    def __post_init__(self) -> None:
        check_range("degrees_range", self.degrees_range, 1, 300)
        check_number("min_radius", self.min_radius, 1, 1000, "ems")
        check_fraction("downward_probability", self.downward_probability)

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the angle in degrees, made smaller where the radius would be too small, and whether it bends down."""
        wanted = ink.width / np.deg2rad(rng.uniform(*self.degrees_range))
        degrees = np.rad2deg(ink.width / clamp_radius(ink, wanted, self.min_radius))
        return {"degrees": float(degrees), "downwards": bool(rng.random() < self.downward_probability)}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Bend the line; the middle of its ink stays where it is."""
        if parameters["degrees"] <= 0:  # no ink, no angle
            return Warp()
        return Warp((RingMap(ink, float(ink.width / np.deg2rad(parameters["degrees"])), parameters["downwards"]),))


_GAP = 2.0  # ems between the end and the beginning: it shows where reading starts, and is where the ring is closed


@dataclass(frozen=True)
class Circle:
    """A line that runs around a circle, as on stamps, seals, lids and coins.

    The radius has the bound that an `Arc` has; a short text covers less of the circle than was drawn. At least 2 ems
    stay free between the end and the beginning.

    Attributes:
        coverage_range: share of the circle that the line takes, 0.1 to 0.95.
        start_range: where it begins, in degrees clockwise from the top of the circle, -360 to 360.
        min_radius: of the middle of the line, in ems, 1 to 1000.
        inside_probability: of letters whose heads point to the centre, which read counterclockwise; else their feet do,
            and they read clockwise.
    """

    vertical: ClassVar[bool] = False

    coverage_range: Range = (0.5, 0.92)
    start_range: Range = (0, 360)
    min_radius: float = MIN_RADIUS
    inside_probability: float = 0.25

    def __post_init__(self) -> None:
        check_range("coverage_range", self.coverage_range, 0.1, 0.95, "shares")
        check_range("start_range", self.start_range, -360, 360, "degrees")
        check_number("min_radius", self.min_radius, 1, 1000, "ems")
        check_fraction("inside_probability", self.inside_probability)

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the share that is covered, made smaller where the radius would be too small, the start and the side."""
        wanted = max(ink.width / rng.uniform(*self.coverage_range), ink.width + _GAP) / (2 * np.pi)
        radius = clamp_radius(ink, float(wanted), self.min_radius)
        return {
            "coverage": float(ink.width / (2 * np.pi * radius)),
            "start": float(rng.uniform(*self.start_range)),
            "inside": bool(rng.random() < self.inside_probability),
        }

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Bend the line and turn it to where it starts, around a centre one radius from the ink's middle."""
        if parameters["coverage"] <= 0:  # no ink, no circle
            return Warp()
        half = 180 * parameters["coverage"]
        ring = RingMap(ink, float(ink.width / (2 * np.pi * parameters["coverage"])), parameters["inside"])
        begins = 180 + half if parameters["inside"] else -half  # before it is turned, clockwise from the top
        return Warp((ring,)).then(Warp.rotation(parameters["start"] - begins, ring.centre))
