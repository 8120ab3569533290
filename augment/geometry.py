"""Geometric effects: affine and projective ones, and ones that bend an image and keep all of it in its frame."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, Box, Parameters, Range, Size, Warp, bounded, lerp
from synthtext.core.warp import Coordinates


@dataclass(frozen=True)
class Rotation(BoundedSettings):
    """Rotates the image about its centre.

    Attributes:
        degrees_range: angle in degrees, clockwise.
    """

    degrees_range: Range = bounded((-5, 5), -180, 180)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angle in degrees."""
        return {"degrees": lerp(self.degrees_range, rng.random())}

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the rotation."""
        return Warp.rotation(parameters["degrees"], (size.width / 2, size.height / 2))


@dataclass(frozen=True)
class Perspective(BoundedSettings):
    """Moves each corner of the image independently.

    Attributes:
        strength_range: maximum shift of a corner as a fraction of the shorter side, 0 to 0.25. Beyond 0.25 a square
            could fold.
    """

    strength_range: Range = bounded((0.0, 0.2), 0, 0.25)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the strength and the direction of each corner (8 numbers from -1 to 1)."""
        return {"strength": lerp(self.strength_range, rng.random()), "corners": rng.uniform(-1, 1, 8).round(4).tolist()}

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the homography that moves the corners."""
        width, height = size
        corners = (0.0, 0.0, width, 0.0, width, height, 0.0, height)
        reach = parameters["strength"] * min(size)
        moved = [corner + move * reach for corner, move in zip(corners, parameters["corners"], strict=True)]
        source, target = np.array((corners, moved), np.float32).reshape(2, 4, 2)
        return Warp.between_quads(source, target)


@dataclass(frozen=True)
class Skew(BoundedSettings):
    """Slants the image, as a photograph taken from the side.

    Attributes:
        degrees_range: angle of vertical lines against the vertical in degrees; positive values lean to the right.
    """

    degrees_range: Range = bounded((-15, 15), -60, 60)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angle in degrees."""
        return {"degrees": lerp(self.degrees_range, rng.random())}

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the shear."""
        slope = -math.tan(math.radians(parameters["degrees"]))
        return Warp.from_matrix(np.array([[1, slope, 0], [0, 1, 0], [0, 0, 1]]))


@dataclass(frozen=True)
class Affine(BoundedSettings):
    """Rotates, scales, shears and shifts the image about its centre (PP-OCRv2 configuration: up to 10 degrees).

    Attributes:
        degrees_range: angle in degrees, clockwise, -180 to 180.
        scale_range: scale factor, 0.05 to 20.
        shear_range: angle of vertical lines against the vertical in degrees, -60 to 60; positive values lean to the
            right.
        shift_range: shift as a fraction of the width and the height, sampled for each axis, -1 to 1.
    """

    degrees_range: Range = bounded((-10, 10), -180, 180)
    scale_range: Range = bounded((1, 1), 0.05, 20)
    shear_range: Range = bounded((0, 0), -60, 60)
    shift_range: Range = bounded((0, 0), -1, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angles in degrees, the scale and the shift in pixels."""
        return {
            **self.uniform(rng, "degrees", "scale", "shear"),
            "dx": lerp(self.shift_range, rng.random()) * size.width,
            "dy": lerp(self.shift_range, rng.random()) * size.height,
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the affine map: shear, then scale, rotation and shift."""
        x, y = size.width / 2, size.height / 2
        slope = -math.tan(math.radians(parameters["shear"]))
        scale = parameters["scale"]
        return (
            Warp.translation(-x, -y)
            .then(Warp.from_matrix(np.array([[scale, scale * slope, 0], [0, scale, 0], [0, 0, 1]])))
            .then(Warp.rotation(parameters["degrees"], (0, 0)))
            .then(Warp.translation(x + parameters["dx"], y + parameters["dy"]))
        )


_MAX_SEGMENTS = 256  # segments of a side whose ends are warped
_WAVE_COUNT = 4
_MAX_SLOPE = 1.0  # sum of the slopes of all waves at strength 1
_SEGMENTS = 12  # segments of the longer side that are warped to measure a curled image


def fit_to_frame(warp: Warp, size: Size, step: float) -> Warp:
    """Append to a warp, which must not fold, the scaling and translation that fit the warped image into its frame.

    The image then fills the frame and no part of it is cut off. Over a length of `step` pixels along the sides the warp
    must be nearly straight.
    """
    segments = min(_MAX_SEGMENTS, max(1, math.ceil(max(size) / step)))
    fractions = np.arange(segments + 1, dtype=np.float32) / np.float32(segments)
    corners = Box(0, 0, size.width, size.height).polygon()
    sides = corners[:, None] + (np.roll(corners, -1, axis=0) - corners)[:, None] * fractions[:, None]
    points: Coordinates = sides.reshape(-1, 2)  # float32 is exact enough for a scale
    for part in warp.maps:
        points = part.forward(points)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    x_scale, y_scale = size.width / (right - left), size.height / (bottom - top)
    return warp.then(
        Warp.from_matrix(np.array([[x_scale, 0, -left * x_scale], [0, y_scale, -top * y_scale], [0, 0, 1]]))
    )


@dataclass(frozen=True)
class Elastic(BoundedSettings):
    """Bends the image with several waves of random directions, as paper that is not flat.

    Each wave shifts points along its crests, so the opposite wave undoes it: the warp cannot fold, it preserves areas
    and it moves points exactly. The result is fitted into the frame, so nothing is cut off.

    Attributes:
        strength_range: strength from 0 to 1. At strength 1 a straight line leans by up to 45 degrees where the crests
            of all waves meet.
        wave_range: wavelengths as fractions of the shorter side, 0.5 to 6.
    """

    strength_range: Range = bounded((0.25, 0.8), 0, 1)
    wave_range: Range = bounded((0.8, 2.5), 0.5, 6)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the strength and, for each wave, direction in degrees, wavelength in pixels and phase in radians."""
        # Evenly spread directions keep the waves different from each other.
        first = 180 * rng.random()
        degrees = first + (np.arange(_WAVE_COUNT) + rng.uniform(-0.3, 0.3, _WAVE_COUNT)) * (180 / _WAVE_COUNT)
        return {
            "strength": lerp(self.strength_range, rng.random()),
            "degrees": degrees.round(2).tolist(),
            "lengths": (rng.uniform(*self.wave_range, _WAVE_COUNT) * min(size)).tolist(),
            "phases": rng.uniform(0, 2 * math.pi, _WAVE_COUNT).round(4).tolist(),
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp; it is the identity at strength 0."""
        if not parameters["strength"]:
            return Warp()
        angles, lengths = np.deg2rad(parameters["degrees"]), np.array(parameters["lengths"])
        crests = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        across = np.stack([-np.sin(angles), np.cos(angles)], axis=1) * (2 * math.pi / lengths)[:, None]
        heights = parameters["strength"] * _MAX_SLOPE / _WAVE_COUNT * lengths / (2 * math.pi)
        waves = WaveMap(crests * heights[:, None], across, np.array(parameters["phases"]))
        return fit_to_frame(Warp((waves,)), size, float(lengths.min()) / 10)


@dataclass(frozen=True, eq=False, slots=True)
class WaveMap:
    """A sequence of shears: each adds `moves` times the sine of the product of `across` and the point."""

    moves: Coordinates  # (N, 2) pixels, along the crests
    across: Coordinates  # (N, 2) radians per pixel, perpendicular to the moves
    phases: NDArray[np.float64]  # (N,) radians

    def forward(self, points: Coordinates) -> Coordinates:
        """Map source points (N, 2) to target points."""
        shears = (part.astype(points.dtype) for part in (self.moves, self.across, self.phases))
        for move, across, phase in zip(*shears, strict=True):
            points = points + np.sin(points @ across + phase)[:, None] * move
        return points

    def backward(self, points: Coordinates) -> Coordinates:
        """Map target points (N, 2) to source points."""
        shears = (part[::-1].astype(points.dtype) for part in (self.moves, self.across, self.phases))
        for move, across, phase in zip(*shears, strict=True):
            points = points - np.sin(points @ across + phase)[:, None] * move
        return points


@dataclass(frozen=True)
class Curl(BoundedSettings):
    """Bends part of the image around a cylinder, as a page near its spine or edge, seen slightly from above or below.

    Towards the bent side the image becomes narrower and lines bow. The result is fitted into the frame, so nothing is
    cut off.

    Attributes:
        angle_range: angle in degrees by which the end of the page is turned, 0 to 65. Widths there shrink by its
            cosine.
        roll_range: bent fraction of the image, 0.25 to 1.
        bow_range: shift of a line at its end, 0 to 0.6, as a fraction of the shorter side or of the bent part,
            whichever is shorter, times the sine of the angle. Its direction is random.
        tilt_range: angle in degrees between the axis of the cylinder and the sides of the image, -15 to 15.
    """

    angle_range: Range = bounded((20, 55), 0, 65)
    roll_range: Range = bounded((0.4, 1.0), 0.25, 1)
    bow_range: Range = bounded((0.0, 0.4), 0, 0.6)
    tilt_range: Range = bounded((-8, 8), -15, 15)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angle, the bent fraction, the signed bow and the direction of the bend in degrees."""
        bow = lerp(self.bow_range, rng.random()) * (1 if rng.random() < 0.5 else -1)  # below 0: lines bow upwards
        return {
            **self.uniform(rng, "angle", "roll"),
            "bow": bow,
            "degrees": 90 * int(rng.integers(4)) + lerp(self.tilt_range, rng.random()),
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp; it is the identity at angle 0."""
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
            Warp.rotation(-parameters["degrees"], centre).then(Warp((roll,))).then(back), size, max(size) / _SEGMENTS
        )


@dataclass(frozen=True, slots=True)
class CylinderMap:
    """Maps a plane that is flat up to `start`, follows a cylinder to the right of it and then continues straight.

    The map is monotonic in x and shifts each column as a whole, so it cannot fold.
    """

    start: float  # x at which the bend begins, in pixels
    radius: float  # radius of the cylinder in pixels
    angle: float  # angle in radians at which the plane leaves the cylinder, below a right angle
    lean: float  # pixels by which a point is shifted down per pixel of its rise

    def forward(self, points: Coordinates) -> Coordinates:
        """Map source points (N, 2) to target points."""
        along = points[:, 0] - self.start
        bent = np.clip(along / self.radius, 0, self.angle)
        beyond = np.maximum(along - self.radius * self.angle, 0)
        x = np.minimum(along, 0) + self.radius * np.sin(bent) + beyond * math.cos(self.angle)
        return np.stack([x + self.start, points[:, 1] + self._shift(bent, beyond)], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        """Map target points (N, 2) to source points."""
        along = points[:, 0] - self.start
        top = math.sin(self.angle)
        bent = np.arcsin(np.clip(along / self.radius, 0, top))
        beyond = np.maximum(along - self.radius * top, 0) / math.cos(self.angle)
        x = np.minimum(along, 0) + self.radius * bent + beyond
        return np.stack([x + self.start, points[:, 1] - self._shift(bent, beyond)], axis=1)

    def _shift(self, bent: NDArray[np.float64], beyond: NDArray[np.float64]) -> NDArray[np.float64]:
        rise = self.radius * (1 - np.cos(bent)) + beyond * math.sin(self.angle)
        return np.asarray(self.lean * rise, np.float64)
