"""The interface of baselines, and straight ones."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from synthtext.core import Box, Parameters, Warp

MIN_RADIUS = 4.0
"""Minimum radius of baselines by default, in ems.

The quad of a cluster has straight sides, which contain the curved glyph and little else: at most 0.5 px of background
at its edges for a glyph 0.6 ems wide and 1.4 px for one an em wide, at 40 px per em (the sagitta, width**2 / (8 *
radius)).
"""


class Baseline(Protocol):
    """The shape of a baseline. A custom one is a dataclass with these members, named by its dotted path in a recipe.

    Attributes:
        vertical: Whether characters are set from top to bottom.
    """

    vertical: ClassVar[bool]

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw parameters (JSON scalars).

        Args:
            rng: Source of all randomness.
            ink: Bounding box of the straight line's ink, in ems, y downwards from the baseline.
        """
        ...

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the warp from the straight line to the curved line, both in ems.

        Args:
            ink: As for `draw`.
            parameters: As drawn.
        """
        ...


@dataclass(frozen=True)
class Straight:
    """A straight horizontal baseline."""

    vertical: ClassVar[bool] = False

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw nothing."""
        return {}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the identity."""
        return Warp()


@dataclass(frozen=True)
class Vertical:
    """Upright characters from top to bottom, as on signs and in columns of Chinese or Japanese."""

    vertical: ClassVar[bool] = True

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw nothing."""
        return {}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Return the identity: the line is already shaped vertically."""
        return Warp()
