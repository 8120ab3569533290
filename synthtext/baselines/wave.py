"""Lines that go up and down."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtext.baselines.baseline import MIN_RADIUS
from synthtext.core import Box, Parameters, Range, Warp, check_range
from synthtext.core.warp import Coordinates

_STEEPEST = 0.4  # rise over run, 22 degrees: letters are sheared by it


@dataclass(frozen=True)
class SineMap:
    """Moves points up and down by a sine of where they are along the line.

    Attributes:
        amplitude: in ems.
        length: of a wave, in ems.
        phase: in radians, at x = 0.
    """

    amplitude: float
    length: float
    phase: float

    def forward(self, points: Coordinates) -> Coordinates:
        """Where points (N, 2) of the straight line go, in ems."""
        return np.stack([points[:, 0], points[:, 1] + self._shift(points)], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        """Where points (N, 2) of the bent line come from, in ems."""
        return np.stack([points[:, 0], points[:, 1] - self._shift(points)], axis=1)

    def _shift(self, points: Coordinates) -> Coordinates:
        return np.asarray(self.amplitude * np.sin(2 * np.pi * points[:, 0] / self.length + self.phase), np.float64)


@dataclass(frozen=True)
class Wave:
    """A line whose baseline is a sine; letters are moved and sheared, not turned.

    A short wave gets a smaller amplitude than was drawn, so that no letter rises or falls by more than 0.4 of its width
    and the baseline bends nowhere more tightly than a circle with a radius of 4 ems.

    Attributes:
        amplitude_range: in ems, 0 to 2.
        length_range: of a wave, in ems, 1 to 100.
    """

    vertical: ClassVar[bool] = False

    amplitude_range: Range = (0.05, 0.25)
    length_range: Range = (4, 12)

    def __post_init__(self) -> None:
        check_range("amplitude_range", self.amplitude_range, 0, 2, "ems")
        check_range("length_range", self.length_range, 1, 100, "ems")

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw amplitude (as bounded) and length in ems, and the phase in degrees."""
        amplitude, length = rng.uniform(*self.amplitude_range), rng.uniform(*self.length_range)
        number = 2 * np.pi / length  # the slope is at most amplitude * number, the curvature amplitude * number**2
        amplitude = min(amplitude, _STEEPEST / number, 1 / (MIN_RADIUS * number**2))
        return {"amplitude": float(amplitude), "length": float(length), "phase": float(rng.uniform(0, 360))}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Move everything up and down."""
        return Warp((SineMap(parameters["amplitude"], parameters["length"], float(np.deg2rad(parameters["phase"]))),))
