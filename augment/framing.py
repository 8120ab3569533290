"""View transforms: changes of the frame of an image, which may depend on its labels."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from synthtext.core import BoundedSettings, InputError, Parameters, Polygon, Range, Size, Warp, bounded


class LabelGeometry(NamedTuple):
    """The geometry of the texts of an image.

    Attributes:
        size: size of the image in pixels.
        polygons: (P, 2) each; parts of them may lie outside the image.
        ignore: whether each text is ignored.
    """

    size: Size
    polygons: tuple[Polygon, ...] = ()
    ignore: tuple[bool, ...] = ()


class FrameTransform(NamedTuple):
    """How points move, and the size of the result in whole pixels."""

    warp: Warp
    size: Size


@runtime_checkable
class ViewTransform(Protocol):
    """Changes the frame of a scene by mirroring, cropping or resizing."""

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample parameters (JSON scalars) for an image with these labels."""
        ...

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the warp and the new size for an image of this size."""
        ...


@dataclass(frozen=True)
class Flip:
    """Mirrors the image horizontally (PP-OCRv2 configuration: Fliplr).

    Mirrored text cannot be read, so this is for detectors only. Polygons are reordered to run clockwise from the
    top-left of the mirrored text. The text is kept, the clusters are removed.
    """

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Return no parameters."""
        return {}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the mirrored frame."""
        return FrameTransform(Warp.from_matrix(np.array([[-1, 0, size.width], [0, 1, 0], [0, 0, 1]])), size)


@dataclass(frozen=True)
class Rescale(BoundedSettings):
    """Scales the image and keeps its aspect ratio (PP-OCRv2 configuration: Resize 0.5 to 3).

    Attributes:
        factor_range: scale factor, 0.05 to 20; sampled uniformly, as in PaddleOCR.
    """

    factor_range: Range = bounded((0.5, 3.0), 0.05, 20)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample the factor."""
        return {"factor": rng.uniform(*self.factor_range)}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the scaled frame, at least one pixel on each side."""
        width = max(1, round(size.width * parameters["factor"]))
        height = max(1, round(size.height * parameters["factor"]))
        return FrameTransform(Warp.scaling(width / size.width, height / size.height), Size(width, height))


@dataclass(frozen=True)
class ResizePad:
    """Fits the image into a fixed size, keeps its aspect ratio and pads at the right and at the bottom.

    Attributes:
        width: width of the result in pixels, 1 to 8192.
        height: height of the result in pixels, 1 to 8192.
    """

    width: int = 960
    height: int = 960

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            raise InputError(f"width {self.width} and height {self.height} must be from 1 to 8192 pixels")

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Return no parameters."""
        return {}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame with the image at its top-left."""
        scale = min(self.width / size.width, self.height / size.height)
        return FrameTransform(Warp.scaling(scale, scale), Size(self.width, self.height))
