"""Smooth random displacement."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from augment.mesh import Mesh
from synthtext.core import Parameters, Range, Size, Warp, check_range

_CELLS = 6  # of the mesh between two places that are moved, and across the picture, at least
_BEND = 0.45  # of a cell: by how much moves of neighbouring nodes may differ. From a half on, a cell could fold


@dataclass(frozen=True)
class Elastic:
    """Moves the places of a coarse grid at random and everything between them smoothly: paper that is wavy or creased.

    Moves are measured by how much they differ between neighbouring nodes of the mesh, at most 0.45 of their distance.
    Lengths change by no more than that, and with E for the derivatives of the moves the area of what becomes a pixel,
    (1 + E_xx)(1 + E_yy) - E_xy E_yx, is at least 1 - 2 * 0.45: nothing folds.

    Attributes:
        strength_range: share of the strongest bend, 0 to 1.
        spacing_range: of the grid, as a share of the picture's shorter side, 0.4 to 4.
    """

    strength_range: Range = (0.2, 0.7)
    spacing_range: Range = (0.5, 1.2)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 1)
        check_range("spacing_range", self.spacing_range, 0.4, 4)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the strength, the spacing in pixels, and a seed for the moves."""
        return {
            "strength": rng.uniform(*self.strength_range),
            "spacing": rng.uniform(*self.spacing_range) * min(size),
            "seed": int(rng.integers(2**32)),
        }

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """The bent map."""
        spacing = parameters["spacing"]
        cell = max(2, round(min(spacing, *size) / _CELLS))
        columns, rows = math.ceil(size.width / cell) + 2, math.ceil(size.height / cell) + 2
        wide, high = max(3, round(size.width / spacing) + 1), max(3, round(size.height / spacing) + 1)
        moves = np.random.default_rng(parameters["seed"]).uniform(-1, 1, (high, wide, 2)).astype(np.float32)
        # What is at the edge slides along it: next to nothing leaves the picture.
        moves[[0, -1], :, 1] = 0
        moves[:, [0, -1], 0] = 0
        fine = cv2.resize(moves, (columns, rows), interpolation=cv2.INTER_CUBIC)
        steepest = max(float(np.abs(np.diff(fine, axis=axis)).max()) for axis in (0, 1))
        nodes = fine * np.float32(parameters["strength"] * _BEND * cell / max(steepest, 1e-6))
        nodes[..., 0] += (np.arange(columns, dtype=np.float32) - np.float32(0.5)) * cell
        nodes[..., 1] += (np.arange(rows, dtype=np.float32)[:, None] - np.float32(0.5)) * cell
        return Warp((Mesh(nodes, cell),))
