"""A bent coordinate map given by where the nodes of a mesh come from."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError

Coordinates = NDArray[np.float64]

_NEAR = 1e-4  # pixels: the inverse is good enough
_FOLDED = 0.1  # pixels: no inverse has been found
_THIN = 1e-3  # of a cell's area: what is taken for less would throw a step far away
_STEPS = 30  # of Newton's method at most; a handful are enough for a mesh that does not fold


@dataclass(frozen=True, eq=False, slots=True)
class MeshMap:
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

    def sampling_grid(self, shape: tuple[int, int]) -> NDArray[np.float32] | None:
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
        place = self._place(points)
        top = place.corners[0] + (place.corners[1] - place.corners[0]) * place.x
        bottom = place.corners[2] + (place.corners[3] - place.corners[2]) * place.x
        return np.asarray(top + (bottom - top) * place.y + place.beyond, np.float64)

    def forward(self, points: Coordinates) -> Coordinates:
        """Where source points (N, 2) go, to a ten-thousandth of a pixel: Newton's method on the mesh.

        Raises:
            InputError: the mesh folds there.
        """
        kept = found = np.asarray(points, np.float64)
        full = np.zeros_like(kept)
        best, part = np.full(len(points), np.inf), np.ones((len(points), 1))
        for _ in range(_STEPS):
            step, error = self._newton(found, points)
            better = error < best
            # Across the edge of a cell a step can lead too far: then half of it from where it began.
            part = np.where(better[:, None], 1.0, part / 2)
            kept, full = np.where(better[:, None], found, kept), np.where(better[:, None], step, full)
            best = np.minimum(best, error)
            if not (best > _NEAR).any():
                return kept
            found = kept + part * full
        if best.max() > _FOLDED:
            raise InputError("a mesh that folds has no inverse; bend it less")
        return kept

    def _newton(self, at: Coordinates, wanted: Coordinates) -> tuple[Coordinates, NDArray[np.float64]]:
        """The step (N, 2) of target points that brings their sources where they are wanted, and how far off they are.

        It is exact as far as a cell is straight.
        """
        corners, x, y, beyond = self._place(at)
        above, below, leftwards = corners[1] - corners[0], corners[3] - corners[2], corners[2] - corners[0]
        top, bottom = corners[0] + above * x, corners[2] + below * x
        missed = wanted - (top + (bottom - top) * y + beyond)
        by_x = np.where(beyond[:, :1] != 0, [1.0, 0.0], (above + (below - above) * y) / self.cell)
        by_y = np.where(beyond[:, 1:] != 0, [0.0, 1.0], (leftwards + (below - above) * x) / self.cell)
        area = by_x[:, 0] * by_y[:, 1] - by_x[:, 1] * by_y[:, 0]
        area = np.where(np.abs(area) < _THIN, _THIN, area)
        dx = (missed[:, 0] * by_y[:, 1] - missed[:, 1] * by_y[:, 0]) / area
        dy = (by_x[:, 0] * missed[:, 1] - by_x[:, 1] * missed[:, 0]) / area
        return np.stack([dx, dy], axis=1), np.hypot(missed[:, 0], missed[:, 1])

    def _place(self, points: Coordinates) -> "_Place":
        rows, columns = self.nodes.shape[:2]
        half = self.cell / 2
        inside = np.clip(points, -half, np.array([columns - 1.5, rows - 1.5]) * self.cell)
        place = inside / self.cell + 0.5
        cells = np.minimum(place.astype(np.int64), [columns - 2, rows - 2])
        share = place - cells
        first = cells[:, 1] * columns + cells[:, 0]
        corners = self.nodes.reshape(-1, 2)[first + np.array([[0], [1], [columns], [columns + 1]])]
        return _Place(corners.astype(np.float64), share[:, :1], share[:, 1:], points - inside)


class _Place(NamedTuple):
    """Where target points are in a mesh.

    Attributes:
        corners: (4, N, 2) sources of the corners of their cells, row by row.
        x: (N, 1) how far to the right they lie in their cells, 0 to 1.
        y: (N, 1) how far down.
        beyond: (N, 2) how far outside of the mesh they are.
    """

    corners: Coordinates
    x: Coordinates
    y: Coordinates
    beyond: Coordinates
