"""Lines along a part of a circle."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtext.baselines.baseline import LEAST_RADIUS
from synthtext.baselines.ring import Ring, bound_radius
from synthtext.core import Box, Parameters, Range, Warp, check_number, check_range, check_share


@dataclass(frozen=True)
class Arc:
    """A line bent into an arc of a circle, upwards like a rainbow or downwards like a bowl.

    The radius is at least `least_radius` and leaves 2.5 line heights at the inner side, so that letters do not crowd; a
    short text spans a smaller angle than was drawn.

    Attributes:
        degrees_range: the angle that the line spans, 1 to 300.
        least_radius: of the middle of the line, in ems, 1 to 1000.
        downward_probability: of bending downwards.
    """

    vertical: ClassVar[bool] = False

    degrees_range: Range = (20, 120)
    least_radius: float = LEAST_RADIUS
    downward_probability: float = 0.4

    def __post_init__(self) -> None:
        check_range("degrees_range", self.degrees_range, 1, 300)
        check_number("least_radius", self.least_radius, 1, 1000, "ems")
        check_share("downward_probability", self.downward_probability)

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw the angle in degrees, made smaller where the radius would be too small, and whether it bends down."""
        wanted = ink.width / np.deg2rad(rng.uniform(*self.degrees_range))
        degrees = np.rad2deg(ink.width / bound_radius(ink, wanted, self.least_radius))
        return {"degrees": float(degrees), "downwards": bool(rng.random() < self.downward_probability)}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Bend the line; the middle of its ink stays where it is."""
        if parameters["degrees"] <= 0:  # no ink, no angle
            return Warp()
        return Warp((Ring(ink, float(ink.width / np.deg2rad(parameters["degrees"])), parameters["downwards"]),))
