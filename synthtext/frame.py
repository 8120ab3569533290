"""The finished picture: its size, and how a set line comes to lie in it."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from synthtext.core import InputError, Size, Warp, bounding_box
from synthtext.layout import SetLine
from synthtext.rejection import Rejection

_SMALLEST = 9.0  # an em of fewer pixels cannot be read by anybody
_EDGE = 1.5  # pixels: glyphs stand on whole pixels where they are drawn, and resampling spreads them by one
_LONGEST = 8192  # pixels: more than any reader of lines takes


@dataclass(frozen=True)
class Output:
    """What the finished pictures are like.

    Attributes:
        height: in pixels, or "free": as high as the line and its margins.
        width: in pixels, or "free".
        format: how shards hold them.
        quality_range: of JPEG, 1 to 100.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    height: int | Literal["free"] = 48
    width: int | Literal["free"] = "free"
    format: Literal["jpeg", "png"] = "jpeg"
    quality_range: tuple[int, int] = (85, 95)

    def __post_init__(self) -> None:
        for name, value in (("height", self.height), ("width", self.width)):
            if value != "free" and not 8 <= value <= _LONGEST:
                raise InputError(f"{name} {value} must be from 8 to {_LONGEST} pixels, or free")
        if not 1 <= self.quality_range[0] <= self.quality_range[1] <= 100:
            raise InputError(f"quality_range {list(self.quality_range)} must be from 1 to 100, in order")


class Margins(NamedTuple):
    """Paper around the ink, as shares of the ink's height."""

    left: float
    top: float
    right: float
    bottom: float


class Frame(NamedTuple):
    """Where a line lies in its picture.

    Attributes:
        size: of the picture, whole pixels.
        warp: from the line's ems to the picture's pixels.
        em: about how many pixels an em has in the picture.
    """

    size: Size
    warp: Warp
    em: float


def frame_line(
    line: SetLine, warp: Warp, em: float, margins: Margins, slack: tuple[float, float], reach: float, output: Output
) -> Frame:
    """Place a warped line in a picture; it is made smaller where it would not fit, never larger.

    Args:
        line: in ems.
        warp: geometric effects, from pixels at the drawn size, ink's top-left at (0, 0), to anywhere.
        em: drawn em size in pixels.
        margins: least paper on every side.
        slack: where the line lies in a picture that is larger than it needs: shares (x, y) from 0 to 1.
        reach: how far ink goes beyond the letters, in ems (an outline, a shadow).
        output: the size that is asked for.

    Raises:
        Rejection: the line had to be made illegibly small, or became too long.
    """
    natural = Warp.translation(-line.ink.left, -line.ink.top).then(Warp.scaling(em, em)).then(warp)
    box = bounding_box(natural.points(line.clusters.quads))
    ink = Size(box.width + 2 * reach * em, box.height + 2 * reach * em)
    width = ink.width + ink.height * (margins.left + margins.right)
    height = ink.height * (1 + margins.top + margins.bottom)
    asked = ((output.height, height), (output.width, width))
    scale = min((1.0, *((limit - 2 * _EDGE) / need for limit, need in asked if limit != "free")))
    if em * scale < _SMALLEST:
        raise Rejection("too small to read")
    size = Size(
        np.ceil(width * scale + 2 * _EDGE) if output.width == "free" else output.width,
        np.ceil(height * scale + 2 * _EDGE) if output.height == "free" else output.height,
    )
    if max(size) > _LONGEST:
        raise Rejection("too long")
    left = _EDGE + (margins.left * ink.height + reach * em) * scale
    top = _EDGE + (margins.top * ink.height + reach * em) * scale
    left += slack[0] * (size.width - width * scale - 2 * _EDGE)
    top += slack[1] * (size.height - height * scale - 2 * _EDGE)
    placed = natural.then(Warp.translation(-box.left, -box.top)).then(Warp.scaling(scale, scale))
    return Frame(size, placed.then(Warp.translation(left, top)), em * scale)
