"""Text image augmentation (TIA): moves control points on the frame of a line and bends the line with them.

Luo et al. 2020, "Learn to augment", sections 3.1 and 3.2; PP-OCRv2, RecAug: tia_distort, tia_stretch, tia_perspective.
Pairs of control points divide the line into segments; moving least squares (Schaefer et al. 2006, section 2.2:
similarity) interpolate their shifts. Differences from PaddleOCR's code:

- Control points are evenly spaced in the result and moved in the source. The weights then depend on the numbers of
  cells and segments only and are cached, and the map from the result to the source, which resampling needs, is obtained
  directly.
- Shifts across the line, and those of its ends along it, point outwards in the source, so almost no text is cut off; in
  PaddleOCR's code they point both ways.
- Shifts are bounded by the thickness of the line, so the line cannot fold.
- Weights are bounded near the control points, so letters bend smoothly there.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, InputError, Parameters, Range, Size, Warp, bounded, lerp
from synthtext.core.warp import Coordinates

_TOLERANCE = 1e-4  # pixels at which the iteration stops
_MAX_ERROR = 0.1  # pixels: a larger error means that there is no inverse
_MIN_DETERMINANT = 1e-3  # avoids huge steps where a cell is nearly singular
_MAX_STEPS = 30  # of Newton's method; about five are enough for a mesh that does not fold
_MESH_CELLS = 6  # cells across a line
_WEIGHT_RADIUS = 1.5  # cells: closer to a control point its weight is bounded


@dataclass(frozen=True, eq=False, slots=True)
class MeshMap:
    """Maps target points by bilinear interpolation between the nodes of a mesh; points beyond the mesh are translated.

    The mesh is the map, so an image that is resampled through it and points that are moved by it agree exactly. Node
    (row i, column j) lies in the target at ((j - 0.5) * cell, (i - 0.5) * cell), the centre of a cell as in
    `cv2.resize`, with one additional node on every side of the image.
    """

    nodes: NDArray[np.float32]  # (R, C, 2) float32, source x and y of each node in pixels; the mesh must not fold
    cell: int  # distance of the nodes in the target in whole pixels

    def sampling_grid(self, shape: tuple[int, int]) -> NDArray[np.float32] | None:
        """Return the source of every pixel of a target (width, height): (H, W, 2), counted from pixel centres.

        Returns:
            None if the target is larger than the mesh.
        """
        width, height = shape
        rows, columns = self.nodes.shape[:2]
        cell = self.cell
        if width > (columns - 2) * cell or height > (rows - 2) * cell:
            return None
        dense = cv2.resize(self.nodes - np.float32(0.5), (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        return np.asarray(dense[cell : cell + height, cell : cell + width], np.float32)

    def backward(self, points: Coordinates) -> Coordinates:
        """Map target points (N, 2) to source points."""
        corners, x, y, beyond = self._locate(points)
        top, bottom = corners[0] + (corners[1] - corners[0]) * x, corners[2] + (corners[3] - corners[2]) * x
        return np.asarray(top + (bottom - top) * y + beyond, np.float64)

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

    def _locate(self, points: Coordinates) -> tuple[Coordinates, Coordinates, Coordinates, Coordinates]:
        """Return the positions of target points in the mesh.

        They are the sources (4, N, 2) of the corners of their cells, row by row, the positions x and y (N, 1) in the
        cell, 0 to 1, and the distances (N, 2) outside the mesh.
        """
        rows, columns = self.nodes.shape[:2]
        half = self.cell / 2
        inside = np.clip(points, -half, np.array([columns - 1.5, rows - 1.5]) * self.cell)
        position = inside / self.cell + 0.5
        cells = np.minimum(position.astype(np.int64), [columns - 2, rows - 2])
        fraction = position - cells
        first = cells[:, 1] * columns + cells[:, 0]
        corners = self.nodes.reshape(-1, 2)[first + np.array([[0], [1], [columns], [columns + 1]])]
        return corners.astype(np.float64), fraction[:, :1], fraction[:, 1:], points - inside


@dataclass(frozen=True)
class Distort(BoundedSettings):
    """Moves each point of the upper and lower edge independently: letters lean, grow and shrink along the line.

    Attributes:
        segments_range: number of segments, 1 to 12; PaddleOCR: 3 to 6.
        strength_range: maximum shift of a point as a fraction of the thickness or of a segment, whichever is smaller, 0
            to 0.3.
    """

    segments_range: tuple[int, int] = bounded((3, 6), 1, 12, "two whole numbers")
    strength_range: Range = bounded((0.05, 0.25), 0, 0.3)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the number of segments, the strength, and x and y of the shift of each point, upper edge first."""
        segments = int(rng.integers(*self.segments_range, endpoint=True))
        moves = rng.random((2, segments + 1, 2))
        moves[:, 1:-1, 0] = 2 * moves[:, 1:-1, 0] - 1
        moves[:, 0, 0] *= -1
        moves[0, :, 1] *= -1
        return _tia_parameters(segments, lerp(self.strength_range, rng.random()), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp."""
        return _tia_warp(size, parameters, min(*size, max(size) / parameters["segments"]))


@dataclass(frozen=True)
class Stretch(BoundedSettings):
    """Moves cuts across the line along it: letters become wider and narrower.

    Attributes:
        segments_range: number of segments, 1 to 12; PaddleOCR: 3 to 6. With one segment there is no cut to move.
        strength_range: maximum shift of a cut as a fraction of a segment, 0 to 0.4 (PaddleOCR: up to 0.4).
    """

    segments_range: tuple[int, int] = bounded((3, 6), 1, 12, "two whole numbers")
    strength_range: Range = bounded((0.1, 0.4), 0, 0.4)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the number of segments, the strength, and x and y of the shift of each point, upper edge first."""
        segments = int(rng.integers(*self.segments_range, endpoint=True))
        moves = np.zeros((2, segments + 1, 2))
        moves[:, 1:-1, 0] = rng.uniform(-1, 1, segments - 1)
        return _tia_parameters(segments, lerp(self.strength_range, rng.random()), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp."""
        return _tia_warp(size, parameters, max(size) / parameters["segments"])


@dataclass(frozen=True)
class TiaPerspective(BoundedSettings):
    """Moves the four corners of the line across it: one end becomes smaller than the other.

    Attributes:
        strength_range: maximum shift of a corner as a fraction of the thickness, 0 to 0.5 (PaddleOCR: up to 0.5).
    """

    strength_range: Range = bounded((0.05, 0.4), 0, 0.5)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the strength, and x and y of the shift of each corner, upper edge first."""
        moves = np.zeros((2, 2, 2))
        moves[..., 1] = rng.random((2, 2))
        moves[0, :, 1] *= -1
        return _tia_parameters(1, lerp(self.strength_range, rng.random()), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp."""
        return _tia_warp(size, parameters, min(size))


def _tia_parameters(segments: int, strength: float, moves: NDArray[np.float64]) -> Parameters:
    """Build parameters from shifts (2, segments + 1, 2): upper and lower edge; along and across the line."""
    return {"segments": segments, "strength": strength, "moves": moves.ravel().round(4).tolist()}


def _tia_warp(size: Size, parameters: Parameters, unit: float) -> Warp:
    """Return the warp from source points, shifted by `strength * unit` times their moves, to evenly spaced ones.

    A vertical line is treated as a horizontal one with x and y exchanged.
    """
    segments, strength = parameters["segments"], parameters["strength"]
    cell = max(2, round(min(size) / _MESH_CELLS))
    columns, rows = math.ceil(max(size) / cell), math.ceil(min(size) / cell)
    moves = np.array(parameters["moves"]).view(np.complex128)
    sources = (_control_points(segments, columns, rows) + moves * (strength * unit / cell)) * cell
    nodes = (_weights(segments, columns, rows) @ sources).astype(np.complex64).view(np.float32)
    nodes = nodes.reshape(rows + 2, columns + 2, 2)
    if size.height > size.width:
        nodes = np.ascontiguousarray(nodes.transpose(1, 0, 2)[..., ::-1])
    return Warp((MeshMap(nodes, cell),))


@lru_cache(maxsize=1024)
def _control_points(segments: int, columns: int, rows: int) -> NDArray[np.complex128]:
    """Return the control points (2 * (segments + 1),) of a frame of cells as x + iy in cells, upper edge first."""
    along = np.linspace(0, columns, segments + 1)
    return np.concatenate([along, along + 1j * rows])


@lru_cache(maxsize=256)
def _weights(segments: int, columns: int, rows: int) -> NDArray[np.complex128]:
    """Return the linear dependence of the mesh nodes on the control points: (nodes, points).

    Moving least squares for similarities (Schaefer et al., equation 5) are multiplications of complex numbers: with
    weights w_i, means p* and q* and b_i = p_i - p*, v maps to q* + (v - p*) * sum w_i q_i conj(b_i) / sum w_i |b_i|^2,
    which is linear in the q_i.
    """
    points = _control_points(segments, columns, rows)
    x, y = np.arange(columns + 2) - 0.5, np.arange(rows + 2) - 0.5
    nodes = (x + 1j * y[:, None]).reshape(-1, 1)
    weights = 1 / (np.abs(nodes - points) ** 2 + _WEIGHT_RADIUS**2)
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ points[:, None]
    offsets = points - mean
    spread = (weights * np.abs(offsets) ** 2).sum(axis=1, keepdims=True)
    return np.asarray(weights * (1 + np.conj(offsets) * (nodes - mean) / spread), np.complex128)
