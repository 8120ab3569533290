"""Warps: coordinate changes that compose, move points exactly, and resample an image once."""

import math
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core.geometry import Box, Image, Points, Size

Coordinates: TypeAlias = NDArray[np.float64 | np.float32]
"""(N, 2) x then y, in pixels."""

Matrix: TypeAlias = NDArray[np.float64]
"""(3, 3) homography on column vectors (x, y, 1)."""

_AFFINE = 1e-12  # smaller projective terms have no visible effect
_CELL = 8  # pixels between the nodes at which a coordinate map is evaluated and interpolated
_MIN_CELL = 2  # pixels between nodes for tight curves
_MAX_INTERPOLATION_ERROR = 0.05  # pixels of the source


@runtime_checkable
class CoordinateMap(Protocol):
    """A smooth, invertible coordinate change; `backward` is the inverse of `forward`. Both map (N, 2) to (N, 2).

    `forward` gets float64 from `Warp.points`. `backward` gets float32, which is several times as fast and as exact as
    resampling needs.

    A map that is defined by a grid may have a method `sampling_grid(shape)`, which `Warp` uses to resample an image by
    this map alone: the source coordinates of the pixels of a target (width, height), (H, W, 2) float32, counted from
    pixel centres; or None if the target extends beyond the grid.
    """

    def forward(self, points: Coordinates) -> Coordinates:
        """Map source points to target points."""

    def backward(self, points: Coordinates) -> Coordinates:
        """Map target points to source points."""


class Homography(NamedTuple):
    """A projective map with a (3, 3) matrix."""

    matrix: Matrix

    def forward(self, points: Coordinates) -> Coordinates:
        """Map source points (N, 2) to target points."""
        return _project(self.matrix, points)

    def backward(self, points: Coordinates) -> Coordinates:
        """Map target points (N, 2) to source points."""
        return _project(np.asarray(cv2.invert(self.matrix)[1], np.float64), points)  # a quarter of `np.linalg.inv`


def _project(matrix: Matrix, points: Coordinates) -> Coordinates:
    """Project points (N, 2); computes in float64 and keeps their dtype."""
    if not len(points):
        return points
    return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0])


class Warp(NamedTuple):
    """A chain of coordinate maps, applied first to last. The empty chain is the identity.

    Adjacent homographies are merged into one matrix. A chain of any length resamples an image only once.
    """

    maps: tuple[CoordinateMap, ...] = ()

    @classmethod
    def from_matrix(cls, matrix: Matrix) -> "Warp":
        """Create a warp from a (3, 3) homography."""
        return cls((Homography(np.asarray(matrix, np.float64)),))

    @classmethod
    def translation(cls, dx: float, dy: float) -> "Warp":
        """Shift by dx, dy pixels."""
        return cls.scale_translate(1.0, dx, dy)

    @classmethod
    def scale_translate(cls, scale: float, dx: float, dy: float) -> "Warp":
        """Scale about the origin, then shift by dx, dy pixels."""
        return cls((Homography(np.array([[scale, 0.0, dx], [0.0, scale, dy], [0.0, 0.0, 1.0]])),))

    @classmethod
    def scaling(cls, sx: float, sy: float) -> "Warp":
        """Scale about the origin."""
        return cls.from_matrix(np.diag(np.array([sx, sy, 1.0])))

    @classmethod
    def rotation(cls, degrees: float, centre: tuple[float, float]) -> "Warp":
        """Rotate clockwise on the screen about `centre`."""
        x, y = centre
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        return cls.from_matrix(
            np.array([[cosine, -sine, x - cosine * x + sine * y], [sine, cosine, y - sine * x - cosine * y], [0, 0, 1]])
        )

    @classmethod
    def between_quads(cls, source: Points, target: Points) -> "Warp":
        """Create the homography from source corners (4, 2) to target corners (4, 2)."""
        matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
        return cls.from_matrix(np.asarray(matrix, np.float64))

    def then(self, after: "Warp") -> "Warp":
        """Compose with another warp that is applied after this one."""
        if not after.maps:
            return self
        if not self.maps:
            return after
        first, second = self.maps[-1], after.maps[0]
        if isinstance(first, Homography) and isinstance(second, Homography):
            merged = Homography(second.matrix.dot(first.matrix))  # half the time of @
            return Warp((*self.maps[:-1], merged, *after.maps[1:]))
        return Warp(self.maps + after.maps)

    @property
    def matrix(self) -> Matrix | None:
        """The (3, 3) homography, or None if the chain has a curved map."""
        if not self.maps:
            return np.eye(3)
        only = self.maps[0]
        return only.matrix if len(self.maps) == 1 and isinstance(only, Homography) else None

    def points(self, points: Points) -> Points:
        """Map points of any shape (..., 2)."""
        if not self.maps:
            return points
        matrix = self.matrix
        if matrix is not None:
            return np.asarray(_project(matrix, points.reshape(-1, 2)).reshape(points.shape), np.float32)
        flat: Coordinates = points.reshape(-1, 2).astype(np.float64)
        for step in self.maps:
            flat = step.forward(flat)
        return flat.reshape(points.shape).astype(np.float32)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Map one point, in a third of the time of `points`."""
        matrix = self.matrix
        if matrix is None:
            across, down = self.points(np.array((x, y), np.float32)).tolist()
            return across, down
        a, b, c, d, e, f, g, h, i = matrix.ravel().tolist()
        w = g * x + h * y + i
        return (a * x + b * y + c) / w, (d * x + e * y + f) / w

    def bounds(self, box: Box) -> Box | None:
        """Return the upright box around a warped box; None if the chain has a curved map.

        Computed with Python floats, which takes a tenth of the time of arrays with four points.
        """
        matrix = self.matrix
        if matrix is None:
            return None
        a, b, c, d, e, f, g, h, i = matrix.ravel().tolist()
        corners = [(x, y, g * x + h * y + i) for x in (box.left, box.right) for y in (box.top, box.bottom)]
        xs = [(a * x + b * y + c) / w for x, y, w in corners]
        ys = [(d * x + e * y + f) / w for x, y, w in corners]
        return Box(min(xs), min(ys), max(xs), max(ys))

    def image(
        self,
        image: Image,
        size: Size,
        *,
        interpolation: int = cv2.INTER_LINEAR,
        border_mode: int = cv2.BORDER_CONSTANT,
    ) -> Image:
        """Resample an image once by the inverse map.

        Args:
            image: (H, W) or (H, W, 3) uint8.
            size: Size of the result in whole pixels.
            interpolation: OpenCV flag.
            border_mode: OpenCV flag for pixels outside of the source, by default 0.
        """
        shape = (int(size.width), int(size.height))
        matrix = self.matrix
        if matrix is None:
            sampling_map = self._sampling_map(shape, image.shape)
            resampled = cv2.remap(image, sampling_map, None, interpolation, borderMode=border_mode)  # type: ignore[call-overload]
            return np.asarray(resampled, np.uint8)
        # OpenCV counts from pixel centres: shift by half a pixel before and after.
        centred = _HALF_BACK.dot(matrix).dot(_HALF_FORTH)
        if abs(centred[2, 0]) + abs(centred[2, 1]) < _AFFINE:
            affine = centred[:2] / centred[2, 2]
            resampled = cv2.warpAffine(image, affine, shape, None, interpolation, border_mode)
        else:
            resampled = cv2.warpPerspective(image, centred, shape, None, interpolation, border_mode)
        return np.asarray(resampled, np.uint8)

    def _sampling_map(self, shape: tuple[int, int], source: tuple[int, ...]) -> NDArray[np.float32]:
        """Source coordinates (H, W, 2) of the pixels of a target (width, height), for a source (rows, columns, ...).

        Both are counted from pixel centres, as in OpenCV.
        """
        sampling_grid = getattr(self.maps[0], "sampling_grid", None) if len(self.maps) == 1 else None
        if sampling_grid is not None and (known := sampling_grid(shape)) is not None:
            return np.asarray(known, np.float32)
        width, height = shape
        cell = _CELL
        grid = self._sampling_nodes(shape, cell)
        error = _interpolation_error(grid, source)
        if error > _MAX_INTERPOLATION_ERROR:
            cell = max(_MIN_CELL, int(_CELL * np.sqrt(_MAX_INTERPOLATION_ERROR / error)))
            grid = self._sampling_nodes(shape, cell)
        rows, columns = grid.shape[:2]
        # Resizing by an integer factor is bilinear interpolation, several times as fast as a general remap.
        fine = cv2.resize(grid, (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        return np.asarray(fine[cell : cell + height, cell : cell + width], np.float32)

    def _sampling_nodes(self, shape: tuple[int, int], cell: int) -> NDArray[np.float32]:
        """Source coordinates (rows, columns, 2) of the centres of cells, with one more cell on each side of the target.

        Centres, because `cv2.resize` assumes that a value lies in the middle of the pixels that it becomes.
        """
        width, height = shape
        columns, rows = -(-width // cell) + 2, -(-height // cell) + 2
        grid = np.empty((rows, columns, 2), np.float32)
        grid[..., 0] = np.arange(-0.5 * cell, (columns - 0.5) * cell, cell)
        grid[..., 1] = np.arange(-0.5 * cell, (rows - 0.5) * cell, cell)[:, None]
        nodes: Coordinates = grid.reshape(-1, 2)
        for step in reversed(self.maps):
            nodes = step.backward(nodes)
        return np.asarray(nodes - 0.5, np.float32).reshape(rows, columns, 2)


def _interpolation_error(grid: NDArray[np.float32], source: tuple[int, ...]) -> float:
    """Maximum error in pixels of bilinear interpolation between the nodes, inside the source.

    Linear interpolation over h has an error of h**2 / 8 times the second derivative, estimated by differences of nodes.
    Nodes that map outside of the source are ignored: a map may be discontinuous there.
    """
    inner = grid[1:-1, 1:-1]
    inside = ((inner > -1) & (inner < np.array(source[1::-1], np.float32))).all(axis=2)
    if not inside.any():
        return 0.0
    # Along an edge of a cell, and in its middle.
    twice = inner + inner
    across = grid[1:-1, :-2] + grid[1:-1, 2:] - twice
    down = grid[:-2, 1:-1] + grid[2:, 1:-1] - twice
    bend = np.maximum(np.maximum(np.abs(across), np.abs(down)), np.abs(across + down))
    return float(bend[inside].max()) / 8


_HALF_FORTH = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
_HALF_BACK = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
