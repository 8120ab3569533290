"""Smooth random displacement."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.fitting import fitted
from synthtext.core import Parameters, Range, Size, Warp, check_range
from synthtext.core.warp import Coordinates

_WAVES = 4  # that are laid over each other
_SLOPE = 1.0  # of all waves together, at the greatest strength


@dataclass(frozen=True)
class Elastic:
    """Lays waves of random directions over the picture, which move things along their crests: paper that is not flat.

    As a wave moves nothing across its crests, it is undone by the opposite one. So nothing folds however waves add up,
    areas stay as they are, and points move exactly. The result is fitted into the picture: nothing is cut off.

    Attributes:
        strength_range: share of the strongest bend, 0 to 1. There a straight line may lean by 45 degrees where the
            crests of all waves meet.
        wave_range: lengths of the waves, as shares of the picture's shorter side, 0.5 to 6.
    """

    strength_range: Range = (0.25, 0.8)
    wave_range: Range = (0.8, 2.5)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 1)
        check_range("wave_range", self.wave_range, 0.5, 6)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the strength, and the directions in degrees, lengths in pixels and phases of the waves."""
        # Directions are spread evenly, that no two waves do the same.
        first = rng.uniform(0, 180)
        degrees = first + (np.arange(_WAVES) + rng.uniform(-0.3, 0.3, _WAVES)) * (180 / _WAVES)
        return {
            "strength": rng.uniform(*self.strength_range),
            "degrees": degrees.round(2).tolist(),
            "lengths": (rng.uniform(*self.wave_range, _WAVES) * min(size)).tolist(),
            "phases": rng.uniform(0, 2 * math.pi, _WAVES).round(4).tolist(),
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """The bent map; a strength of 0 moves nothing."""
        if not parameters["strength"]:
            return Warp()
        angles, lengths = np.deg2rad(parameters["degrees"]), np.array(parameters["lengths"])
        crests = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        across = np.stack([-np.sin(angles), np.cos(angles)], axis=1) * (2 * math.pi / lengths)[:, None]
        heights = parameters["strength"] * _SLOPE / _WAVES * lengths / (2 * math.pi)
        waves = Waves(crests * heights[:, None], across, np.array(parameters["phases"]))
        return fitted(Warp((waves,)), size, float(lengths.min()) / 10)


@dataclass(frozen=True, eq=False, slots=True)
class Waves:
    """Shears one after the other, each by a sine: points move by `moves` times the sine of `across` times themselves.

    Attributes:
        moves: (N, 2) pixels, along the crests.
        across: (N, 2) radians a pixel, at right angles to the moves.
        phases: (N,) radians.
    """

    moves: Coordinates
    across: Coordinates
    phases: NDArray[np.float64]

    def forward(self, points: Coordinates) -> Coordinates:
        """Where source points (N, 2) go."""
        for move, across, phase in zip(self.moves, self.across, self.phases, strict=True):
            points = points + np.sin(points @ across + phase)[:, None] * move
        return points

    def backward(self, points: Coordinates) -> Coordinates:
        """Where target points (N, 2) come from."""
        for move, across, phase in zip(self.moves[::-1], self.across[::-1], self.phases[::-1], strict=True):
            points = points - np.sin(points @ across + phase)[:, None] * move
        return points
