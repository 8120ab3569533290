"""Affine and projective effects."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import BoundedSettings, Box, Parameters, Range, Size, Warp, bounded


@dataclass(frozen=True)
class Rotation(BoundedSettings):
    """Rotates the image about its centre.

    Attributes:
        degrees_range: angle in degrees, clockwise.
    """

    degrees_range: Range = bounded((-5, 5), -180, 180)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angle in degrees."""
        return {"degrees": rng.uniform(*self.degrees_range)}

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
        return {"strength": rng.uniform(*self.strength_range), "corners": rng.uniform(-1, 1, 8).round(4).tolist()}

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the homography that moves the corners."""
        corners = Box(0, 0, size.width, size.height).polygon()
        moves = np.array(parameters["corners"], np.float32).reshape(4, 2)
        return Warp.between_quads(corners, corners + moves * np.float32(parameters["strength"] * min(size)))


@dataclass(frozen=True)
class Skew(BoundedSettings):
    """Slants the image, as a photograph taken from the side.

    Attributes:
        degrees_range: angle of vertical lines against the vertical in degrees; positive values lean to the right.
    """

    degrees_range: Range = bounded((-15, 15), -60, 60)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angle in degrees."""
        return {"degrees": rng.uniform(*self.degrees_range)}

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the shear."""
        slope = -np.tan(np.deg2rad(parameters["degrees"]))
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
            "dx": rng.uniform(*self.shift_range) * size.width,
            "dy": rng.uniform(*self.shift_range) * size.height,
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the affine map: shear, then scale, rotation and shift."""
        x, y = size.width / 2, size.height / 2
        slope = -np.tan(np.deg2rad(parameters["shear"]))
        scale = parameters["scale"]
        return (
            Warp.translation(-x, -y)
            .then(Warp.from_matrix(np.array([[scale, scale * slope, 0], [0, scale, 0], [0, 0, 1]])))
            .then(Warp.rotation(parameters["degrees"], (0, 0)))
            .then(Warp.translation(x + parameters["dx"], y + parameters["dy"]))
        )
