"""Baselines of lines: straight, wavy, and along arcs and circles."""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from synthtext.core import BoundedSettings, Box, Parameters, Range, Warp, bounded, lerp
from synthtext.core.warp import Coordinates

MIN_RADIUS = 4.0
"""Minimum radius of baselines by default, in ems.

The quad of a cluster has straight sides, which contain the curved glyph and little else: at most 0.5 px of background
at its edges for a glyph 0.6 ems wide and 1.4 px for one an em wide, at 40 px per em (the sagitta, width**2 / (8 *
radius)).
"""

_MAX_SLOPE = 0.4  # of a wave: 22 degrees, by which letters are sheared
_TINY = 1e-6  # ems: avoids division by 0 opposite of the middle of the ink
_FAR = 1000.0  # ems from the ink: outside of any image
_MIN_INNER_RADIUS = 2.5  # line heights; letters keep 5/6 of their width at the inner side
_GAP = 2.0  # ems between the end and the start of a circular text: shows where reading starts


class Baseline(Protocol):
    """The shape of a baseline. A custom one is a dataclass with these members, named by its dotted path in a recipe.

    The argument `ink` of the methods is the bounding box of the straight line's ink, in ems, y downwards from the
    baseline.

    Attributes:
        vertical: Whether characters are set from top to bottom.
    """

    vertical: ClassVar[bool]

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw parameters (JSON scalars)."""

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the warp from the straight line to the curved line, both in ems."""


@dataclass(frozen=True)
class Straight:
    """A straight horizontal baseline."""

    vertical: ClassVar[bool] = False

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw nothing."""
        return {}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the identity."""
        return Warp()


@dataclass(frozen=True)
class Vertical(Straight):
    """Upright characters from top to bottom, as on signs and in columns of Chinese or Japanese.

    The line is already shaped vertically.
    """

    vertical: ClassVar[bool] = True


@dataclass(frozen=True)
class SineMap:
    """Shifts points vertically by a sine of their horizontal position."""

    amplitude: float  # amplitude in ems
    length: float  # wavelength in ems
    phase: float  # phase in radians at x = 0

    def forward(self, points: Coordinates) -> Coordinates:
        """Map points (N, 2) of the straight line, in ems."""
        return np.stack([points[:, 0], points[:, 1] + self._shift(points)], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        """Map points (N, 2) of the curved line back, in ems."""
        return np.stack([points[:, 0], points[:, 1] - self._shift(points)], axis=1)

    def _shift(self, points: Coordinates) -> Coordinates:
        return np.asarray(self.amplitude * np.sin((2 * math.pi / self.length) * points[:, 0] + self.phase))


@dataclass(frozen=True)
class Wave(BoundedSettings):
    """A line along a sine; letters are shifted and sheared, not rotated.

    The amplitude is reduced for short wavelengths, so that the slope is at most 0.4 and the radius of curvature at
    least 4 ems.

    Attributes:
        amplitude_range: Amplitude in ems, 0 to 2.
        length_range: Wavelength in ems, 1 to 100.
    """

    vertical: ClassVar[bool] = False

    amplitude_range: Range = bounded((0.05, 0.25), 0, 2, "ems")
    length_range: Range = bounded((4, 12), 1, 100, "ems")

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the (bounded) amplitude and the wavelength in ems, and the phase in degrees."""
        amplitude, length = lerp(self.amplitude_range, rng.random()), lerp(self.length_range, rng.random())
        # The slope is at most amplitude * wavenumber, the curvature amplitude * wavenumber**2.
        wavenumber = 2 * np.pi / length
        amplitude = min(amplitude, _MAX_SLOPE / wavenumber, 1 / (MIN_RADIUS * wavenumber**2))
        return {"amplitude": float(amplitude), "length": float(length), "phase": float(360 * rng.random())}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the vertical shift."""
        return Warp((SineMap(parameters["amplitude"], parameters["length"], float(np.deg2rad(parameters["phase"]))),))


def _clamp_radius(ink: Box, radius: float, min_radius: float) -> float:
    """Enlarge the radius of a ring around a straight line such that letters do not crowd at its inner side (ems)."""
    return max(radius, min_radius, (_MIN_INNER_RADIUS + 0.5) * ink.height)


@dataclass(frozen=True)
class RingMap:
    """Bends a straight line around a circle.

    The middle of the ink keeps its position and stays upright; lengths along it and the area of the ink are preserved.
    `backward` is the inverse of `forward` around the ink. Points farther than two thirds of the way between the ends of
    the ink and the opposite point of the circle are sent far away: angles are discontinuous there, and images are
    interpolated across it.
    """

    ink: Box  # box of the straight line, in ems
    radius: float  # radius of the circle through the middle of the ink, in ems; more than half of the ink's height
    downwards: bool = False  # whether the ends of the line point up, like a bowl, instead of down, like a rainbow

    @property
    def centre(self) -> tuple[float, float]:
        """Centre of the circle, in ems."""
        return self._middle[0], self._middle[1] + self._sign * self.radius

    def forward(self, points: Coordinates) -> Coordinates:
        """Map points (N, 2) of the straight line, in ems."""
        x, y = self._middle
        angle = (points[:, 0] - x) / self.radius
        radius = self.radius - self._sign * (points[:, 1] - y)
        return np.stack([x + radius * np.sin(angle), y + self._sign * (self.radius - radius * np.cos(angle))], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        """Map points (N, 2) of the curved line back, in ems; points in the gap between its ends go far away."""
        x, y = self._middle
        across = points[:, 0] - x
        towards = self.radius - self._sign * (points[:, 1] - y)
        distance = np.sqrt(across * across + towards * towards)
        # The tangent of half the angle: takes a third of the time of `np.arctan2`, and is defined on all sides.
        along = (2 * self.radius) * np.arctan(across / np.maximum(distance + towards, _TINY))
        down = y + self._sign * (self.radius - distance)
        end = (self.ink.width / 2 + 2 * np.pi * self.radius) / 3  # splits the gap between the ends of the ink in thirds
        # On the centre's side, so that interpolation towards the far points does not cross the ink.
        down[np.abs(along) > end] = y + self._sign * _FAR
        return np.stack([x + along, down], axis=1)

    @property
    def _middle(self) -> tuple[float, float]:
        return (self.ink.left + self.ink.right) / 2, (self.ink.top + self.ink.bottom) / 2

    @property
    def _sign(self) -> float:
        return -1.0 if self.downwards else 1.0


@dataclass(frozen=True)
class Arc(BoundedSettings):
    """A line along an arc of a circle, upwards like a rainbow or downwards like a bowl.

    The radius is at least `min_radius` and at least 2.5 line heights at the inner side, so that letters do not crowd; a
    short text spans a smaller angle than drawn.

    Attributes:
        degrees_range: Angle that the line spans, 1 to 300.
        min_radius: Minimum radius of the middle of the line, in ems, 1 to 1000.
        downward_probability: Probability of bending downwards.
    """

    vertical: ClassVar[bool] = False

    degrees_range: Range = bounded((20, 120), 1, 300)
    min_radius: float = bounded(MIN_RADIUS, 1, 1000, "ems")
    downward_probability: float = bounded(0.4, 0, 1)

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the angle in degrees, reduced if the radius would be too small, and the direction."""
        radius = ink.width / np.deg2rad(lerp(self.degrees_range, rng.random()))
        degrees = np.rad2deg(ink.width / _clamp_radius(ink, radius, self.min_radius))
        return {"degrees": float(degrees), "downwards": bool(rng.random() < self.downward_probability)}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the warp along the arc; the middle of the ink keeps its position."""
        if parameters["degrees"] <= 0:  # no ink
            return Warp()
        return Warp((RingMap(ink, float(ink.width / np.deg2rad(parameters["degrees"])), parameters["downwards"]),))


@dataclass(frozen=True)
class Circle(BoundedSettings):
    """A line around a circle, as on stamps, seals, lids and coins.

    The radius is bounded as for `Arc`; a short text covers less of the circle than drawn. At least 2 ems remain free
    between the end and the start.

    Attributes:
        coverage_range: Fraction of the circle that the line covers, 0.1 to 0.95.
        start_range: Start of the line, in degrees clockwise from the top of the circle, -360 to 360.
        min_radius: Minimum radius of the middle of the line, in ems, 1 to 1000.
        inside_probability: Probability of letters whose tops point to the centre, read counterclockwise; otherwise
            their bottoms do, and they are read clockwise.
    """

    vertical: ClassVar[bool] = False

    coverage_range: Range = bounded((0.5, 0.92), 0.1, 0.95, "shares")
    start_range: Range = bounded((0, 360), -360, 360, "degrees")
    min_radius: float = bounded(MIN_RADIUS, 1, 1000, "ems")
    inside_probability: float = bounded(0.25, 0, 1)

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the covered fraction, reduced if the radius would be too small, the start and the side."""
        minimum = max(ink.width / lerp(self.coverage_range, rng.random()), ink.width + _GAP) / (2 * np.pi)
        radius = _clamp_radius(ink, float(minimum), self.min_radius)
        return {
            "coverage": float(ink.width / (2 * np.pi * radius)),
            "start": float(lerp(self.start_range, rng.random())),
            "inside": bool(rng.random() < self.inside_probability),
        }

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the warp around a circle whose centre is one radius from the middle of the ink."""
        if parameters["coverage"] <= 0:  # no ink
            return Warp()
        half = 180 * parameters["coverage"]
        ring = RingMap(ink, float(ink.width / (2 * np.pi * parameters["coverage"])), parameters["inside"])
        begins = 180 + half if parameters["inside"] else -half  # before the rotation, clockwise from the top
        return Warp((ring,)).then(Warp.rotation(parameters["start"] - begins, ring.centre))
