"""Wavy baselines."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtext.baselines.baseline import MIN_RADIUS
from synthtext.core import BoundedSettings, Box, Parameters, Range, Warp, bounded
from synthtext.core.warp import Coordinates

_MAX_SLOPE = 0.4  # 22 degrees, by which letters are sheared


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
        return np.asarray(self.amplitude * np.sin(2 * np.pi * points[:, 0] / self.length + self.phase), np.float64)


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
        amplitude, length = rng.uniform(*self.amplitude_range), rng.uniform(*self.length_range)
        wavenumber = (
            2 * np.pi / length
        )  # the slope is at most amplitude * wavenumber, the curvature amplitude * wavenumber**2
        amplitude = min(amplitude, _MAX_SLOPE / wavenumber, 1 / (MIN_RADIUS * wavenumber**2))
        return {"amplitude": float(amplitude), "length": float(length), "phase": float(rng.uniform(0, 360))}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the vertical shift."""
        return Warp((SineMap(parameters["amplitude"], parameters["length"], float(np.deg2rad(parameters["phase"]))),))
