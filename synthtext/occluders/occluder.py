"""The interface of objects that hide parts of a line, and how they are drawn in front of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, Image, Parameters, Points, Size, bounding_boxes, check_number, size_of
from synthtext.core.compositing import composite

_DRAWS = 6  # objects that are tried for a line


@dataclass(frozen=True)
class Occluder(BoundedSettings):
    """Base class of objects in front of a line. A custom one is a frozen dataclass that overrides `draw` and `mask`.

    Attributes:
        max_hidden: Largest fraction of the ink of a cluster that may be hidden, 0 to 1. An object that hides more is
            drawn again at another place, and left out after a few attempts.
    """

    max_hidden: float = 0.35

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("max_hidden", self.max_hidden, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw parameters for an image of this size; `colour` (RGB, 0 to 255) is that of the object."""
        raise NotImplementedError

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the opacity (H, W) uint8 of the object.

        Args:
            size: Of the image, in whole pixels.
            em: Font size in pixels.
            parameters: As drawn.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Nothing(Occluder):
    """No object."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw nothing."""
        return {}

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return an empty mask."""
        return np.zeros((int(size.height), int(size.width)), np.uint8)


def occlude(
    rng: np.random.Generator, occluder: Occluder, image: Image, coverage: Image, quads: Points, em: float
) -> tuple[Image, Parameters]:
    """Draw an object in front of a line.

    Args:
        rng: Draws the parameters of the object, again if it hides too much or nothing; after six attempts, nothing is
            drawn.
        occluder: The object.
        image: (H, W, 3) uint8 RGB; it is not modified.
        coverage: (H, W) uint8 of the ink.
        quads: (K, 4, 2) of the clusters with ink, pixels.
        em: Font size in pixels.

    Returns:
        The image, and the drawn parameters with the largest fraction of a cluster's ink that is `hidden`; no parameters
        without an object.
    """
    size = size_of(image)
    for _ in range(_DRAWS):
        parameters = occluder.draw(rng, size)
        if not parameters:
            break
        mask = occluder.mask(size, em, parameters)
        hidden = float(hidden_shares(coverage, mask, quads).max())
        if 0 < hidden <= occluder.max_hidden:
            return composite(image, mask, parameters["colour"]), {**parameters, "hidden": round(hidden, 3)}
    return image, {}


def hidden_shares(coverage: Image, mask: Image, quads: Points) -> NDArray[np.float64]:
    """Return the fraction (K,) of the ink in the box of every quad that a mask hides.

    Args:
        coverage: (H, W) uint8 of the ink.
        mask: (H, W) uint8 opacity of the object.
        quads: (K, 4, 2) of the clusters with ink, pixels.
    """
    hidden = cv2.multiply(coverage, mask, scale=1 / 255)
    sums = np.asarray(cv2.integral(cv2.merge((coverage, hidden))), np.float64)
    limits = np.array(coverage.shape[1::-1] * 2)
    boxes = bounding_boxes(quads) + np.array([0, 0, 1, 1], np.float32)
    left, top, right, bottom = np.clip(boxes, 0, limits).astype(int).T
    total = sums[bottom, right] + sums[top, left] - sums[top, right] - sums[bottom, left]
    return np.asarray(total[:, 1] / np.maximum(total[:, 0], 1))
