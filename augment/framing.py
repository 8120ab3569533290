"""Views: changes of the frame of a scene, which may look at the labels and give the picture another size."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from synthtext.core import InputError, Parameters, Polygon, Range, Size, Warp, check_range


class LabelGeometry(NamedTuple):
    """Where the texts of a picture are.

    Attributes:
        size: of the picture, pixels.
        polygons: (P, 2) each; parts of them may lie outside of the picture.
        ignore: which of them do not count.
    """

    size: Size
    polygons: tuple[Polygon, ...] = ()
    ignore: tuple[bool, ...] = ()


class FrameTransform(NamedTuple):
    """What is looked at: how points move, and the size of the result in whole pixels."""

    warp: Warp
    size: Size


@runtime_checkable
class ViewTransform(Protocol):
    """Looks at a scene in another way: mirrored, cut, in another size."""

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Draw parameters (JSON scalars) for a picture with these labels."""
        ...

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """How a picture of this size is looked at."""
        ...


@dataclass(frozen=True)
class Flip:
    """Mirrors left and right (PP-OCRv2, released configuration: Fliplr).

    Mirrored texts are no texts to read: this is for detectors alone. Their points run clockwise again, from what is
    their top-left as it is seen; the text stays as it was, the clusters go.
    """

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """There is nothing to draw."""
        return {}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """The mirrored picture."""
        return FrameTransform(Warp.from_matrix(np.array([[-1, 0, size.width], [0, 1, 0], [0, 0, 1]])), size)


@dataclass(frozen=True)
class Rescale:
    """Makes the picture larger or smaller, its aspect kept (PP-OCRv2, released configuration: Resize 0.5 to 3).

    Attributes:
        factor_range: 0.05 to 20; drawn uniformly, as released.
    """

    factor_range: Range = (0.5, 3.0)

    def __post_init__(self) -> None:
        check_range("factor_range", self.factor_range, 0.05, 20)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Draw the factor."""
        return {"factor": rng.uniform(*self.factor_range)}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """The picture in its new size, at least one pixel."""
        width = max(1, round(size.width * parameters["factor"]))
        height = max(1, round(size.height * parameters["factor"]))
        return FrameTransform(Warp.scaling(width / size.width, height / size.height), Size(width, height))


@dataclass(frozen=True)
class ResizePad:
    """Fits the picture into a fixed size, its aspect kept; what is left over at the right and below is padding.

    Attributes:
        width: of the result, pixels, 1 to 8192.
        height: of the result, pixels, 1 to 8192.
    """

    width: int = 960
    height: int = 960

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            raise InputError(f"width {self.width} and height {self.height} must be from 1 to 8192 pixels")

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """There is nothing to draw."""
        return {}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """The picture at the top-left of the result."""
        scale = min(self.width / size.width, self.height / size.height)
        return FrameTransform(Warp.scaling(scale, scale), Size(self.width, self.height))
