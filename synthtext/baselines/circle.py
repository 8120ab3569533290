"""Lines around a circle."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtext.baselines.baseline import LEAST_RADIUS
from synthtext.baselines.ring import Ring, bound_radius
from synthtext.core import Box, Parameters, Range, Warp, check_number, check_range, check_share

_GAP = 2.0  # ems between the end and the beginning: it shows where reading starts, and is where the ring is closed


@dataclass(frozen=True)
class Circle:
    """A line that runs around a circle, as on stamps, seals, lids and coins.

    The radius has the bound that an `Arc` has; a short text covers less of the circle than was drawn. At least 2 ems
    stay free between the end and the beginning.

    Attributes:
        coverage_range: share of the circle that the line takes, 0.1 to 0.95.
        start_range: where it begins, in degrees clockwise from the top of the circle, -360 to 360.
        least_radius: of the middle of the line, in ems, 1 to 1000.
        inside_probability: of letters whose heads point to the centre, which read counterclockwise; else their feet do,
            and they read clockwise.
    """

    vertical: ClassVar[bool] = False

    coverage_range: Range = (0.5, 0.92)
    start_range: Range = (0, 360)
    least_radius: float = LEAST_RADIUS
    inside_probability: float = 0.25

    def __post_init__(self) -> None:
        check_range("coverage_range", self.coverage_range, 0.1, 0.95, "shares")
        check_range("start_range", self.start_range, -360, 360, "degrees")
        check_number("least_radius", self.least_radius, 1, 1000, "ems")
        check_share("inside_probability", self.inside_probability)

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the share that is covered, made smaller where the radius would be too small, the start and the side."""
        wanted = max(ink.width / rng.uniform(*self.coverage_range), ink.width + _GAP) / (2 * np.pi)
        radius = bound_radius(ink, float(wanted), self.least_radius)
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
        ring = Ring(ink, float(ink.width / (2 * np.pi * parameters["coverage"])), parameters["inside"])
        begins = 180 + half if parameters["inside"] else -half  # before it is turned, clockwise from the top
        return Warp((ring,)).then(Warp.rotation(parameters["start"] - begins, ring.centre))
