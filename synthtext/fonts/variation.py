"""Places on the axes of variable fonts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

STEPS = 8
"""Equal steps from an axis' minimum to its maximum: few distinct faces, so that their rasters are used again."""

_LEANING = frozenset({"ital", "slnt"})
# The optical size follows from the size of the text. The others are what weight and width are made of: drawn apart
# from each other they tear letters.
_KEPT = frozenset({"opsz", "XOPQ", "YOPQ", "XTRA", "YTLC", "YTUC", "YTAS", "YTDE", "YTFI"})


class Axis(NamedTuple):
    """An axis of a variable font, in the units of its design.

    Attributes:
        tag: such as "wght".
        minimum: the least value.
        default: where the font stands if nothing is asked.
        maximum: the largest value.
        hidden: the font asks not to show it to people.
    """

    tag: str
    minimum: float
    default: float
    maximum: float
    hidden: bool = False


Variations = tuple[tuple[str, float], ...]
"""Values by the tags of axes; an axis that is not named stays at its default."""


def draw_variations(axes: Sequence[Axis], rng: np.random.Generator) -> Variations:
    """Draw a value for each axis that is made to be varied: one of `STEPS` + 1, from the minimum to the maximum.

    Half of the fonts that could lean stand as they do by default. Optical size, hidden and parametric axes stay at
    their defaults. A font without axes takes nothing from `rng`.
    """
    drawn = []
    for axis in axes:
        if axis.hidden or axis.tag in _KEPT or axis.minimum >= axis.maximum:
            continue
        upright = axis.tag in _LEANING and rng.random() < 0.5
        value = axis.minimum + (axis.maximum - axis.minimum) * int(rng.integers(STEPS, endpoint=True)) / STEPS
        drawn.append((axis.tag, axis.default if upright else round(value, 3)))
    return tuple(drawn)
