"""Text image augmentation: the frame of a line is pulled at a few points, and the line bends with it.

Luo et al. 2020, "Learn to augment", sections 3.1 and 3.2; PP-OCRv2, RecAug: tia_distort, tia_stretch, tia_perspective.
Pairs of control points cut the line into segments; moving least squares (Schaefer et al. 2006, section 2.2: similarity)
take the moves of those to everything in between. Differences from the released code:

- The points stand evenly in the result and are moved in the source: the weights then depend on the numbers of cells and
  segments alone and are kept, and the map from the result to the source, which resampling needs, comes for nothing.
- Moves across the line, and of its ends along it, lead outwards in the source, so that next to no text is cut;
  released ones lead both ways.
- Moves are bounded by the thickness of a line, so that it cannot fold.
- Weights are softened around the points, so that letters there bend rather than kink.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from augment.mesh import MeshMap
from synthtext.core import Parameters, Range, Size, Warp, check_range

_CELLS = 6  # across a line
_SOFT = 1.5  # cells: within it of a control point the weights stop rising


@dataclass(frozen=True)
class Distort:
    """Moves each point of the upper and the lower edge on its own: letters lean, grow and shrink along the line.

    Attributes:
        segments_range: of the line, 1 to 12; released: 3 to 6.
        strength_range: how far points move, as a share of the thickness or of a segment, whichever is smaller; 0 to
            0.3.
    """

    segments_range: tuple[int, int] = (3, 6)
    strength_range: Range = (0.05, 0.25)

    def __post_init__(self) -> None:
        check_range("segments_range", self.segments_range, 1, 12, "two whole numbers")
        check_range("strength_range", self.strength_range, 0, 0.3)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the number of segments, the strength, and the moves: x and y of each point, upper edge first."""
        segments = int(rng.integers(*self.segments_range, endpoint=True))
        moves = rng.random((2, segments + 1, 2))
        moves[:, 1:-1, 0] = 2 * moves[:, 1:-1, 0] - 1
        moves[:, 0, 0] *= -1
        moves[0, :, 1] *= -1
        return _drawn(segments, rng.uniform(*self.strength_range), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """The bent map."""
        return _bent(size, parameters, min(_thickness(size), _length(size) / parameters["segments"]))


@dataclass(frozen=True)
class Stretch:
    """Moves cuts across the line along it: letters become wider and narrower.

    Attributes:
        segments_range: of the line, 1 to 12; released: 3 to 6. One segment has no cut to move.
        strength_range: how far cuts move, as a share of a segment, 0 to 0.4 (released: up to 0.4).
    """

    segments_range: tuple[int, int] = (3, 6)
    strength_range: Range = (0.1, 0.4)

    def __post_init__(self) -> None:
        check_range("segments_range", self.segments_range, 1, 12, "two whole numbers")
        check_range("strength_range", self.strength_range, 0, 0.4)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the number of segments, the strength, and the moves: x and y of each point, upper edge first."""
        segments = int(rng.integers(*self.segments_range, endpoint=True))
        moves = np.zeros((2, segments + 1, 2))
        moves[:, 1:-1, 0] = rng.uniform(-1, 1, segments - 1)
        return _drawn(segments, rng.uniform(*self.strength_range), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """The bent map."""
        return _bent(size, parameters, _length(size) / parameters["segments"])


@dataclass(frozen=True)
class TiaPerspective:
    """Moves the four corners of the line across it: one end becomes smaller than the other.

    Attributes:
        strength_range: how far corners move, as a share of the thickness, 0 to 0.5 (released: up to 0.5).
    """

    strength_range: Range = (0.05, 0.4)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 0.5)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the strength, and the moves: x and y of each corner, upper edge first."""
        moves = np.zeros((2, 2, 2))
        moves[..., 1] = rng.random((2, 2))
        moves[0, :, 1] *= -1
        return _drawn(1, rng.uniform(*self.strength_range), moves)

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """The bent map."""
        return _bent(size, parameters, _thickness(size))


def _drawn(segments: int, strength: float, moves: NDArray[np.float64]) -> Parameters:
    """Parameters from moves (2, segments + 1, 2): upper and lower edge; along the line and downwards across it."""
    return {"segments": segments, "strength": strength, "moves": moves.ravel().round(4).tolist()}


def _length(size: Size) -> float:
    return max(size)


def _thickness(size: Size) -> float:
    return min(size)


def _bent(size: Size, parameters: Parameters, unit: float) -> Warp:
    """The map that takes moved points of the source, at `strength * unit` pixels times their moves, to even ones.

    A line that runs downwards is bent as one that runs to the right, with x and y exchanged.
    """
    segments, strength = parameters["segments"], parameters["strength"]
    cell = max(2, round(_thickness(size) / _CELLS))
    columns, rows = math.ceil(_length(size) / cell), math.ceil(_thickness(size) / cell)
    moves = np.array(parameters["moves"]).view(np.complex128)
    pull = (_even_points(segments, columns, rows) + moves * (strength * unit / cell)) * cell
    nodes = (_weights(segments, columns, rows) @ pull).astype(np.complex64).view(np.float32)
    nodes = nodes.reshape(rows + 2, columns + 2, 2)
    if size.height > size.width:
        nodes = np.ascontiguousarray(nodes.transpose(1, 0, 2)[..., ::-1])
    return Warp((MeshMap(nodes, cell),))


@lru_cache(maxsize=1024)
def _even_points(segments: int, columns: int, rows: int) -> NDArray[np.complex128]:
    """Control points (2 * (segments + 1),) of a frame of so many cells, x + iy in cells, upper edge first."""
    along = np.linspace(0, columns, segments + 1)
    return np.concatenate([along, along + 1j * rows])


@lru_cache(maxsize=256)
def _weights(segments: int, columns: int, rows: int) -> NDArray[np.complex128]:
    """How the nodes of a mesh depend on the control points: (nodes, points).

    Moving least squares for similarities (Schaefer et al., equation 5), which in complex numbers are multiplications:
    with weights w_i, means p* and q* and b_i = p_i - p*, v goes to
    q* + (v - p*) * sum w_i q_i conj(b_i) / sum w_i |b_i|^2, which is linear in the q_i.
    """
    points = _even_points(segments, columns, rows)
    x, y = np.arange(columns + 2) - 0.5, np.arange(rows + 2) - 0.5
    nodes = (x + 1j * y[:, None]).reshape(-1, 1)
    weights = 1 / (np.abs(nodes - points) ** 2 + _SOFT**2)
    weights /= weights.sum(axis=1, keepdims=True)
    mean = weights @ points[:, None]
    apart = points - mean
    spread = (weights * np.abs(apart) ** 2).sum(axis=1, keepdims=True)
    return np.asarray(weights * (1 + np.conj(apart) * (nodes - mean) / spread), np.complex128)
