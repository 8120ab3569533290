"""The traces of files."""

from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Parameters, Size, check_range

_BLOCK = 8  # pixels that are compressed together


@dataclass(frozen=True)
class Jpeg:
    """The traces of JPEG compression, once or several times, as in pictures that were cut and saved again.

    Each time but the first, the blocks of 8 pixels stand elsewhere: the edge goes on to the left and above, and is cut
    off again.

    Attributes:
        quality_range: 1 to 100, drawn for each time.
        passes_range: how many times, 1 to 4. Each costs as much as the first.
    """

    quality_range: tuple[int, int] = (20, 80)
    passes_range: tuple[int, int] = (1, 2)

    def __post_init__(self) -> None:
        check_range("quality_range", self.quality_range, 1, 100)
        check_range("passes_range", self.passes_range, 1, 4, "two whole numbers")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the qualities, and for each time how far the blocks stand to the left and above, in pixels."""
        passes = int(rng.integers(*self.passes_range, endpoint=True))
        qualities = rng.integers(*self.quality_range, size=passes, endpoint=True).tolist()
        shifts = rng.integers(_BLOCK, size=(passes, 2)).tolist() if passes > 1 else [[0, 0]]
        return {"qualities": qualities, "shifts": [[0, 0], *shifts[1:]]}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture, compressed and read again."""
        bgr = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
        for quality, (left, top) in zip(parameters["qualities"], parameters["shifts"], strict=True):
            bgr = _compressed(bgr, quality, left, top)
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _compressed(bgr: Image, quality: int, left: int, top: int) -> Image:
    shifted = cv2.copyMakeBorder(bgr, top, 0, left, 0, cv2.BORDER_REPLICATE) if left or top else bgr
    _, data = cv2.imencode(".jpg", shifted, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[top:, left:]
