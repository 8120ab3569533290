"""Changes of coordinates that compose, move points exactly, and resample a picture once."""

from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core.geometry import Box, Image, Points, Size

Coordinates: TypeAlias = NDArray[np.float64]
"""(N, 2) x then y, in pixels."""

Matrix: TypeAlias = NDArray[np.float64]
"""(3, 3) homography on column vectors (x, y, 1)."""

_AFFINE = 1e-12  # smaller projective terms than this move no point of a picture of any size by a visible amount
_CELL = 8  # pixels: a coordinate map is evaluated on a grid and interpolated between
_FINEST = 2  # pixels: tight bends take finer grids down to this; what needs less is bent around a few pixels
_MAX_INTERPOLATION_ERROR = 0.05  # pixels of the source: the most that interpolation between the grid's nodes may lose


@runtime_checkable
class CoordinateMap(Protocol):
    """A smooth, invertible change of coordinates; `backward` undoes `forward`. Both take and give (N, 2).

    One that is given by a grid of its own may have a method `pull(shape)`, which gives what `Warp` needs to resample a
    picture by it alone: where the pixels of a target (width, height) come from, (H, W, 2) float32, counted from pixel
    centres; or None for a target that reaches beyond the grid.
    """

    def forward(self, points: Coordinates) -> Coordinates:
        """Where source points go."""
        ...

    def backward(self, points: Coordinates) -> Coordinates:
        """Where target points come from."""
        ...


class Homography(NamedTuple):
    """A projective map given by its (3, 3) matrix."""

    matrix: Matrix

    def forward(self, points: Coordinates) -> Coordinates:
        """Where source points (N, 2) go."""
        return _project(self.matrix, points)

    def backward(self, points: Coordinates) -> Coordinates:
        """Where target points (N, 2) come from."""
        return _project(np.asarray(np.linalg.inv(self.matrix), np.float64), points)


def _project(matrix: Matrix, points: Coordinates) -> Coordinates:
    if not (matrix[2, 0] or matrix[2, 1]):
        return np.asarray((points @ matrix[:2, :2].T + matrix[:2, 2]) / matrix[2, 2], np.float64)
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


class Warp(NamedTuple):
    """A chain of coordinate maps, applied first to last. The empty chain leaves everything where it is.

    Neighbouring homographies are merged into one matrix, so that a chain of plain warps costs one resampling and a
    chain with curved maps costs one as well.
    """

    maps: tuple[CoordinateMap, ...] = ()

    @classmethod
    def from_matrix(cls, matrix: Matrix) -> "Warp":
        """The warp of a (3, 3) homography."""
        return cls((Homography(np.asarray(matrix, np.float64)),))

    @classmethod
    def translation(cls, dx: float, dy: float) -> "Warp":
        """Shift by dx, dy pixels."""
        return cls.from_matrix(np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64))

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
        """Turn clockwise on the screen about `centre`."""
        x, y = centre
        cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        return cls.from_matrix(
            np.array([[cosine, -sine, x - cosine * x + sine * y], [sine, cosine, y - sine * x - cosine * y], [0, 0, 1]])
        )

    @classmethod
    def between_quads(cls, source: Points, target: Points) -> "Warp":
        """The homography that takes the four source corners (4, 2) to the four target corners (4, 2)."""
        matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
        return cls.from_matrix(np.asarray(matrix, np.float64))

    def then(self, after: "Warp") -> "Warp":
        """This warp followed by `after`."""
        if self.maps and after.maps:
            first, second = self.maps[-1], after.maps[0]
            if isinstance(first, Homography) and isinstance(second, Homography):
                merged = Homography(second.matrix @ first.matrix)
                return Warp((*self.maps[:-1], merged, *after.maps[1:]))
        return Warp(self.maps + after.maps)

    @property
    def matrix(self) -> Matrix | None:
        """The (3, 3) homography, or None when a curved map is in the chain."""
        if not self.maps:
            return np.eye(3)
        only = self.maps[0]
        return only.matrix if len(self.maps) == 1 and isinstance(only, Homography) else None

    def points(self, points: Points) -> Points:
        """Move points of any shape (..., 2); the shape is kept."""
        if not self.maps:
            return points
        flat = points.reshape(-1, 2).astype(np.float64)
        for step in self.maps:
            flat = step.forward(flat)
        return flat.reshape(points.shape).astype(np.float32)

    def bounds(self, box: Box) -> Box | None:
        """The upright box around where an upright rectangle goes; None when a curved map is in the chain.

        In plain numbers: a tenth of the time of four points in arrays.
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
        border_value: int = 0,
    ) -> Image:
        """Resample a picture once, by pulling every target pixel from its source.

        Args:
            image: (H, W) or (H, W, 3) uint8.
            size: of the result, whole pixels.
            interpolation: a flag of OpenCV.
            border_mode: what lies outside of the source, a flag of OpenCV.
            border_value: the grey value for a constant border.
        """
        shape = (int(size.width), int(size.height))
        matrix = self.matrix
        value = (border_value,) * 3
        if matrix is None:
            pull = self._pull_map(shape, image.shape)
            pulled = cv2.remap(image, pull, None, interpolation, borderMode=border_mode, borderValue=value)  # type: ignore[call-overload]
            return np.asarray(pulled, np.uint8)
        # OpenCV counts from pixel centres: shift by half a pixel on either side.
        centred = _HALF_BACK @ matrix @ _HALF_FORTH
        if abs(centred[2, 0]) + abs(centred[2, 1]) < _AFFINE:
            affine = centred[:2] / centred[2, 2]
            pulled = cv2.warpAffine(image, affine, shape, None, interpolation, border_mode, value)
        else:
            pulled = cv2.warpPerspective(image, centred, shape, None, interpolation, border_mode, value)
        return np.asarray(pulled, np.uint8)

    def _pull_map(self, shape: tuple[int, int], source: tuple[int, ...]) -> NDArray[np.float32]:
        """Where the pixels of a target (width, height) come from in a source (rows, columns, ...): (H, W, 2), x and y.

        Both count from pixel centres, as OpenCV does.
        """
        given = getattr(self.maps[0], "pull", None) if len(self.maps) == 1 else None
        if given is not None and (known := given(shape)) is not None:
            return np.asarray(known, np.float32)
        width, height = shape
        cell = _CELL
        grid = self._pull_grid(shape, cell)
        loss = _interpolation_error(grid, source)
        if loss > _MAX_INTERPOLATION_ERROR:
            cell = max(_FINEST, int(_CELL * np.sqrt(_MAX_INTERPOLATION_ERROR / loss)))
            grid = self._pull_grid(shape, cell)
        rows, columns = grid.shape[:2]
        # Enlarging by whole steps is the bilinear interpolation itself, several times as fast as a general remap of it.
        fine = cv2.resize(grid, (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        return np.asarray(fine[cell : cell + height, cell : cell + width], np.float32)

    def _pull_grid(self, shape: tuple[int, int], cell: int) -> NDArray[np.float32]:
        """Where the centres of cells come from, from one cell before the picture to one behind it: (rows, columns, 2).

        Centres, because `cv2.resize` takes a value to lie in the middle of the pixels it becomes.
        """
        width, height = shape
        columns, rows = -(-width // cell) + 2, -(-height // cell) + 2
        grid: Coordinates = np.empty((rows, columns, 2))
        grid[..., 0] = (np.arange(columns) - 0.5) * cell
        grid[..., 1] = (np.arange(rows)[:, None] - 0.5) * cell
        grid = grid.reshape(-1, 2)
        for step in reversed(self.maps):
            grid = step.backward(grid)
        return (grid - 0.5).astype(np.float32).reshape(rows, columns, 2)


def _interpolation_error(grid: NDArray[np.float32], source: tuple[int, ...]) -> float:
    """How many pixels bilinear interpolation between the nodes is off at most, where the source has pixels.

    Linear interpolation over h loses h**2 / 8 times the second derivative, which differences of nodes tell. Nodes that
    come from outside of the source do not count: a map may jump there.
    """
    x, y = np.ascontiguousarray(grid[..., 0]), np.ascontiguousarray(grid[..., 1])
    inner = (slice(1, -1), slice(1, -1))
    inside = (x[inner] > -1) & (x[inner] < source[1]) & (y[inner] > -1) & (y[inner] < source[0])
    bend = np.maximum(_bend(x), _bend(y))
    return float(bend.max(where=inside, initial=0.0)) / 8


def _bend(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Second differences, (H - 2, W - 2): the larger of those along an edge of a cell and that in its middle."""
    twice = 2 * values[1:-1, 1:-1]
    across = values[1:-1, :-2] + values[1:-1, 2:] - twice
    down = values[:-2, 1:-1] + values[2:, 1:-1] - twice
    return np.asarray(np.maximum(np.maximum(np.abs(across), np.abs(down)), np.abs(across + down)), np.float32)


_HALF_FORTH = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
_HALF_BACK = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
