"""A coordinate map defined by the source positions of the nodes of a mesh."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError

Coordinates = NDArray[np.float64]

_TOLERANCE = 1e-4  # pixels at which the iteration stops
_MAX_ERROR = 0.1  # pixels: a larger error means that there is no inverse
_MIN_DETERMINANT = 1e-3  # avoids huge steps where a cell is nearly singular
_MAX_STEPS = 30  # of Newton's method; about five are enough for a mesh that does not fold


@dataclass(frozen=True, eq=False, slots=True)
class MeshMap:
    """Maps target points by bilinear interpolation between the nodes of a mesh; points beyond the mesh are translated.

    The mesh is the map, so an image that is resampled through it and points that are moved by it agree exactly. Node
    (row i, column j) lies in the target at ((j - 0.5) * cell, (i - 0.5) * cell), the centre of a cell as in
    `cv2.resize`, with one additional node on every side of the image.

    Attributes:
        nodes: (R, C, 2) float32, source x and y of each node in pixels; the mesh must not fold.
        cell: distance of the nodes in the target in whole pixels.
    """

    nodes: NDArray[np.float32]
    cell: int

    def sampling_grid(self, shape: tuple[int, int]) -> NDArray[np.float32] | None:
        """Where the pixels of a target (width, height) come from: (H, W, 2), counted from pixel centres."""
        width, height = shape
        rows, columns = self.nodes.shape[:2]
        cell = self.cell
        if width > (columns - 2) * cell or height > (rows - 2) * cell:
            return None
        dense = cv2.resize(self.nodes - np.float32(0.5), (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        return np.asarray(dense[cell : cell + height, cell : cell + width], np.float32)

    def backward(self, points: Coordinates) -> Coordinates:
        """Map target points (N, 2) to source points."""
        position = self._locate(points)
        top = position.corners[0] + (position.corners[1] - position.corners[0]) * position.x
        bottom = position.corners[2] + (position.corners[3] - position.corners[2]) * position.x
        return np.asarray(top + (bottom - top) * position.y + position.beyond, np.float64)

    def forward(self, points: Coordinates) -> Coordinates:
        """Map source points (N, 2) to target points by Newton's method, to 1e-4 pixels.

        Raises:
            InputError: the mesh folds there.
        """
        best = current = np.asarray(points, np.float64)
        full_step = np.zeros_like(best)
        best_error, damping = np.full(len(points), np.inf), np.ones((len(points), 1))
        for _ in range(_MAX_STEPS):
            step, error = self._newton(current, points)
            better = error < best_error
            # A step across the edge of a cell can overshoot: halve it and repeat from the best point.
            damping = np.where(better[:, None], 1.0, damping / 2)
            best, full_step = np.where(better[:, None], current, best), np.where(better[:, None], step, full_step)
            best_error = np.minimum(best_error, error)
            if not (best_error > _TOLERANCE).any():
                return best
            current = best + damping * full_step
        if best_error.max() > _MAX_ERROR:
            raise InputError("the mesh folds and has no inverse: reduce the strength of the effect")
        return best

    def _newton(self, at: Coordinates, target: Coordinates) -> tuple[Coordinates, NDArray[np.float64]]:
        """Return the Newton step (N, 2) of target points towards given sources, and the errors (N,).

        The step is exact for affine cells.
        """
        corners, x, y, beyond = self._locate(at)
        above, below, leftwards = corners[1] - corners[0], corners[3] - corners[2], corners[2] - corners[0]
        top, bottom = corners[0] + above * x, corners[2] + below * x
        error = target - (top + (bottom - top) * y + beyond)
        by_x = np.where(beyond[:, :1] != 0, [1.0, 0.0], (above + (below - above) * y) / self.cell)
        by_y = np.where(beyond[:, 1:] != 0, [0.0, 1.0], (leftwards + (below - above) * x) / self.cell)
        determinant = by_x[:, 0] * by_y[:, 1] - by_x[:, 1] * by_y[:, 0]
        determinant = np.where(np.abs(determinant) < _MIN_DETERMINANT, _MIN_DETERMINANT, determinant)
        dx = (error[:, 0] * by_y[:, 1] - error[:, 1] * by_y[:, 0]) / determinant
        dy = (by_x[:, 0] * error[:, 1] - by_x[:, 1] * error[:, 0]) / determinant
        return np.stack([dx, dy], axis=1), np.hypot(error[:, 0], error[:, 1])

    def _locate(self, points: Coordinates) -> "_MeshPosition":
        rows, columns = self.nodes.shape[:2]
        half = self.cell / 2
        inside = np.clip(points, -half, np.array([columns - 1.5, rows - 1.5]) * self.cell)
        position = inside / self.cell + 0.5
        cells = np.minimum(position.astype(np.int64), [columns - 2, rows - 2])
        fraction = position - cells
        first = cells[:, 1] * columns + cells[:, 0]
        corners = self.nodes.reshape(-1, 2)[first + np.array([[0], [1], [columns], [columns + 1]])]
        return _MeshPosition(corners.astype(np.float64), fraction[:, :1], fraction[:, 1:], points - inside)


class _MeshPosition(NamedTuple):
    """The positions of target points in a mesh.

    Attributes:
        corners: (4, N, 2) sources of the corners of their cells, row by row.
        x: (N, 1) horizontal position in the cell, 0 to 1.
        y: (N, 1) vertical position in the cell, 0 to 1.
        beyond: (N, 2) distance outside the mesh.
    """

    corners: Coordinates
    x: Coordinates
    y: Coordinates
    beyond: Coordinates
