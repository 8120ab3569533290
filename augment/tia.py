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

import numpy as np
from numpy.typing import NDArray

from augment.mesh import MeshMap
from synthtext.core import Parameters, Range, Size, Warp, check_range

_MESH_CELLS = 6  # cells across a line
_WEIGHT_RADIUS = 1.5  # cells: closer to a control point its weight is bounded


@dataclass(frozen=True)
class Distort:
    """Moves each point of the upper and lower edge independently: letters lean, grow and shrink along the line.

    Attributes:
        segments_range: number of segments, 1 to 12; PaddleOCR: 3 to 6.
        strength_range: maximum shift of a point as a fraction of the thickness or of a segment, whichever is smaller, 0
            to 0.3.
    """

    segments_range: tuple[int, int] = (3, 6)
    strength_range: Range = (0.05, 0.25)

    def __post_init__(self) -> None:
        check_range("segments_range", self.segments_range, 1, 12, "two whole numbers")
        check_range("strength_range", self.strength_range, 0, 0.3)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the number of segments, the strength, and x and y of the shift of each point, upper edge first."""
        segments = int(rng.integers(*self.segments_range, endpoint=True))
        moves = rng.random((2, segments + 1, 2))
        moves[:, 1:-1, 0] = 2 * moves[:, 1:-1, 0] - 1
        moves[:, 0, 0] *= -1
        moves[0, :, 1] *= -1
        return _tia_parameters(segments, rng.uniform(*self.strength_range), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp."""
        return _tia_warp(size, parameters, min(*size, max(size) / parameters["segments"]))


@dataclass(frozen=True)
class Stretch:
    """Moves cuts across the line along it: letters become wider and narrower.

    Attributes:
        segments_range: number of segments, 1 to 12; PaddleOCR: 3 to 6. With one segment there is no cut to move.
        strength_range: maximum shift of a cut as a fraction of a segment, 0 to 0.4 (PaddleOCR: up to 0.4).
    """

    segments_range: tuple[int, int] = (3, 6)
    strength_range: Range = (0.1, 0.4)

    def __post_init__(self) -> None:
        check_range("segments_range", self.segments_range, 1, 12, "two whole numbers")
        check_range("strength_range", self.strength_range, 0, 0.4)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the number of segments, the strength, and x and y of the shift of each point, upper edge first."""
        segments = int(rng.integers(*self.segments_range, endpoint=True))
        moves = np.zeros((2, segments + 1, 2))
        moves[:, 1:-1, 0] = rng.uniform(-1, 1, segments - 1)
        return _tia_parameters(segments, rng.uniform(*self.strength_range), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the warp."""
        return _tia_warp(size, parameters, max(size) / parameters["segments"])


@dataclass(frozen=True)
class TiaPerspective:
    """Moves the four corners of the line across it: one end becomes smaller than the other.

    Attributes:
        strength_range: maximum shift of a corner as a fraction of the thickness, 0 to 0.5 (PaddleOCR: up to 0.5).
    """

    strength_range: Range = (0.05, 0.4)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 0.5)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the strength, and x and y of the shift of each corner, upper edge first."""
        moves = np.zeros((2, 2, 2))
        moves[..., 1] = rng.random((2, 2))
        moves[0, :, 1] *= -1
        return _tia_parameters(1, rng.uniform(*self.strength_range), moves)

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
