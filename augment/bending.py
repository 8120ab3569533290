"""Warps that keep all of a picture in its frame."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Parameters, Range, Size, Warp, check_range
from synthtext.core.warp import Coordinates

_MOST = 256  # places along a side that are looked at


def fit_to_frame(warp: Warp, size: Size, step: float) -> Warp:
    """A warp, and then what brings all of a picture into its frame again, and fills it: nothing is cut off.

    Args:
        warp: that does not fold.
        size: of the picture, pixels.
        step: pixels along the sides in which the warp bends little.
    """
    parts = min(_MOST, max(1, math.ceil(max(size) / step)))
    shares = np.linspace(0, 1, parts + 1)
    corners = Box(0, 0, size.width, size.height).polygon().astype(np.float64)
    sides = corners[:, None] + (np.roll(corners, -1, axis=0) - corners)[:, None] * shares[:, None]
    seen = sides.reshape(-1, 2)
    for part in warp.maps:
        seen = part.forward(seen)
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    wide, high = size.width / (right - left), size.height / (bottom - top)
    return warp.then(Warp.from_matrix(np.array([[wide, 0, -left * wide], [0, high, -top * high], [0, 0, 1]])))


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
        waves = WaveMap(crests * heights[:, None], across, np.array(parameters["phases"]))
        return fit_to_frame(Warp((waves,)), size, float(lengths.min()) / 10)


@dataclass(frozen=True, eq=False, slots=True)
class WaveMap:
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


_PARTS = 12  # of the longer side, whose ends say how much room the curled one needs


@dataclass(frozen=True)
class Curl:
    """Bends the picture over a cylinder, as a page near its spine or its edge, seen a little from above or below.

    Towards that side things become narrower and, as the page is seen at a slant, lines bow. The result is fitted into
    the picture: nothing is cut off.

    Attributes:
        angle_range: degrees that the page has turned at its end, 0 to 65: there a letter is as narrow as the cosine.
        roll_range: share of the picture that is bent, 0.25 to 1.
        bow_range: how far a line shifts by the end, as a share of the shorter side or of the bent part, whichever is
            shorter, times the sine of the angle, 0 to 0.6; to either side.
        tilt_range: degrees of the cylinder's axis against the picture's sides, -15 to 15.
    """

    angle_range: Range = (20, 55)
    roll_range: Range = (0.4, 1.0)
    bow_range: Range = (0.0, 0.4)
    tilt_range: Range = (-8, 8)

    def __post_init__(self) -> None:
        check_range("angle_range", self.angle_range, 0, 65)
        check_range("roll_range", self.roll_range, 0.25, 1)
        check_range("bow_range", self.bow_range, 0, 0.6)
        check_range("tilt_range", self.tilt_range, -15, 15)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the angle, the bent share, the bow (below 0: the other way), and where it bends to, in degrees."""
        bow = rng.uniform(*self.bow_range) * (1 if rng.random() < 0.5 else -1)
        return {
            "angle": rng.uniform(*self.angle_range),
            "roll": rng.uniform(*self.roll_range),
            "bow": bow,
            "degrees": 90 * int(rng.integers(4)) + rng.uniform(*self.tilt_range),
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """The bent map; an angle of 0 moves nothing."""
        angle = math.radians(parameters["angle"])
        if angle < 1e-6:
            return Warp()
        turn = math.radians(parameters["degrees"])
        half = (size.width * abs(math.cos(turn)) + size.height * abs(math.sin(turn))) / 2
        centre = (size.width / 2, size.height / 2)
        length = 2 * half * parameters["roll"]
        rise = length / angle * (1 - math.cos(angle))
        lean = parameters["bow"] * math.sin(angle) * min(size.width, size.height, length) / rise
        roll = CylinderMap(centre[0] + half - length, length / angle, angle, lean)
        back = Warp.rotation(parameters["degrees"], centre)
        return fit_to_frame(
            Warp.rotation(-parameters["degrees"], centre).then(Warp((roll,))).then(back), size, max(size) / _PARTS
        )


@dataclass(frozen=True, slots=True)
class CylinderMap:
    """A plane that is flat up to `start` and goes up a cylinder to the right of it, then straight on.

    Each x goes to another, in order, and each column is shifted as a whole: the map cannot fold.

    Attributes:
        start: x where the bend begins, pixels.
        radius: of the cylinder, pixels.
        angle: radians that the plane has turned when it leaves the cylinder, less than a right angle.
        lean: pixels down for each pixel that a point has risen.
    """

    start: float
    radius: float
    angle: float
    lean: float

    def forward(self, points: Coordinates) -> Coordinates:
        """Where source points (N, 2) go."""
        along = points[:, 0] - self.start
        bent = np.clip(along / self.radius, 0, self.angle)
        beyond = np.maximum(along - self.radius * self.angle, 0)
        x = np.minimum(along, 0) + self.radius * np.sin(bent) + beyond * math.cos(self.angle)
        return np.stack([x + self.start, points[:, 1] + self._shift(bent, beyond)], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        """Where target points (N, 2) come from."""
        along = points[:, 0] - self.start
        top = math.sin(self.angle)
        bent = np.arcsin(np.clip(along / self.radius, 0, top))
        beyond = np.maximum(along - self.radius * top, 0) / math.cos(self.angle)
        x = np.minimum(along, 0) + self.radius * bent + beyond
        return np.stack([x + self.start, points[:, 1] - self._shift(bent, beyond)], axis=1)

    def _shift(self, bent: NDArray[np.float64], beyond: NDArray[np.float64]) -> NDArray[np.float64]:
        rise = self.radius * (1 - np.cos(bent)) + beyond * math.sin(self.angle)
        return np.asarray(self.lean * rise, np.float64)
