"""A bent coordinate map given by where the nodes of a mesh come from."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError

Coordinates = NDArray[np.float64]

_NEAR = 1e-4  # pixels: the inverse is good enough
_STEPS = 30  # of Newton's method at most; a handful are enough for a mesh that does not fold


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """Target points come from where bilinear interpolation between the nodes says; beyond the mesh they go along.

    The map is the mesh, so that a picture that is resampled through it and points that are moved by it agree exactly.
    Node (row i, column j) stands in the target at ((j - 0.5) * cell, (i - 0.5) * cell): in the middle of a cell, as
    `cv2.resize` has it, with one node more on every side of the picture.

    Attributes:
        nodes: (R, C, 2) float32, source x and y of each node, pixels; a mesh that does not fold.
        cell: distance of the nodes in the target, whole pixels.
    """

    nodes: NDArray[np.float32]
    cell: int

    def pull(self, shape: tuple[int, int]) -> NDArray[np.float32] | None:
        """Where the pixels of a target (width, height) come from: (H, W, 2), counted from pixel centres."""
        width, height = shape
        rows, columns = self.nodes.shape[:2]
        cell = self.cell
        if width > (columns - 2) * cell or height > (rows - 2) * cell:
            return None
        fine = cv2.resize(self.nodes - np.float32(0.5), (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        return np.asarray(fine[cell : cell + height, cell : cell + width], np.float32)

    def backward(self, points: Coordinates) -> Coordinates:
        """Where target points (N, 2) come from."""
        inside, corners, x, y = self._cells(points)
        top = corners[0] + (corners[1] - corners[0]) * x
        bottom = corners[2] + (corners[3] - corners[2]) * x
        return np.asarray(top + (bottom - top) * y + (points - inside), np.float64)

    def forward(self, points: Coordinates) -> Coordinates:
        """Where source points (N, 2) go, to a ten-thousandth of a pixel: Newton's method on the mesh.

        Raises:
            InputError: the mesh folds there.
        """
        found = points.astype(np.float64)
        best = np.full(len(points), np.inf)
        step = np.ones((len(points), 1))
        kept = found
        for _ in range(_STEPS):
            missed = points - self.backward(found)
            error = np.hypot(missed[:, 0], missed[:, 1])
            better = error < best
            # Across the edge of a cell a step can lead too far: then half of it from where it began.
            step = np.where(better[:, None], 1.0, step / 2)
            kept = np.where(better[:, None], found, kept)
            best = np.minimum(best, error)
            if not (best > _NEAR).any():
                return kept
            found = kept + step * self._solve(kept, points - self.backward(kept))
        if best.max() > _NEAR * 1000:
            raise InputError("a mesh that folds has no inverse; bend it less")
        return kept

    def _solve(self, at: Coordinates, missed: Coordinates) -> Coordinates:
        """The step of the target that moves the source by `missed`, as far as the cell is straight."""
        inside, corners, x, y = self._cells(at)
        by_x = ((corners[1] - corners[0]) * (1 - y) + (corners[3] - corners[2]) * y) / self.cell
        by_y = ((corners[2] - corners[0]) * (1 - x) + (corners[3] - corners[1]) * x) / self.cell
        beyond = at != inside
        by_x = np.where(beyond[:, :1], [1.0, 0.0], by_x)
        by_y = np.where(beyond[:, 1:], [0.0, 1.0], by_y)
        area = by_x[:, 0] * by_y[:, 1] - by_x[:, 1] * by_y[:, 0]
        area = np.where(np.abs(area) < 1e-3, 1e-3, area)
        dx = (missed[:, 0] * by_y[:, 1] - missed[:, 1] * by_y[:, 0]) / area
        dy = (by_x[:, 0] * missed[:, 1] - by_x[:, 1] * missed[:, 0]) / area
        return np.stack([dx, dy], axis=1)

    def _cells(self, points: Coordinates) -> tuple[Coordinates, Coordinates, Coordinates, Coordinates]:
        """The nearest points of the mesh, the four corners of their cells (4, N, 2), and where they lie in them."""
        rows, columns = self.nodes.shape[:2]
        half = self.cell / 2
        inside = np.clip(points, -half, np.array([columns - 1.5, rows - 1.5]) * self.cell)
        place = inside / self.cell + 0.5
        cells = np.minimum(place.astype(np.int64), [columns - 2, rows - 2])
        share = place - cells
        column, row = cells.T
        corners = np.stack([self.nodes[row + i, column + j] for i in (0, 1) for j in (0, 1)]).astype(np.float64)
        return inside, corners, share[:, :1], share[:, 1:]
