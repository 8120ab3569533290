"""Colours that are made of others."""

import numpy as np

from synthtext.ink.contrast import Colour, InkColour, luminance


def of_luminance(tint: Colour, level: float) -> Colour:
    """A colour made darker or lighter until it has a luminance of 0 to 255, towards black or white.

    Args:
        tint: RGB, 0 to 255.
        level: of the result.
    """
    given = luminance(tint)
    if given >= level:
        scale = level / max(given, 1e-6)
        return tint[0] * scale, tint[1] * scale, tint[2] * scale
    share = (level - given) / (255 - given)
    return tuple(part + (255 - part) * share for part in tint)  # type: ignore[return-value]


def around(ink: InkColour, tint: Colour, distance: float) -> tuple[Colour, Colour]:
    """Two colours to both sides of an ink: one that is farther from the ground, and one that is nearer.

    Any mixture of the two loses at most half of the distance of the ink's contrast.

    Args:
        ink: in the middle; the farther one has its hue.
        tint: RGB, 0 to 255: the hue of the nearer one.
        distance: of their luminances, in steps of 255; less where the farther one would be beyond black or white.
    """
    level, half = luminance(ink.colour), (-distance if ink.darker else distance) / 2
    far = of_luminance(ink.colour, min(255.0, max(0.0, level + half)))
    return far, of_luminance(tint, min(255.0, max(0.0, level - half)))


def draw_colour(rng: np.random.Generator) -> list[int]:
    """Any colour, as JSON."""
    return [int(part) for part in rng.integers(0, 256, 3)]
