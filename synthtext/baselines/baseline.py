"""The way a line of text runs."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from synthtext.core import Box, Parameters, Warp

MIN_RADIUS = 4.0
"""Ems. No baseline bends more tightly unless it is told to: a letter's quad, whose sides are straight, holds the bent
letter and little else; beyond its edges, at most 0.5 px of paper for a letter 0.6 ems wide and 1.4 px for one a whole
em wide, at 40 px to the em (the chord's sagitta, width**2 / (8 * radius))."""


class Baseline(Protocol):
    """A way to run. A new one is a dataclass with these members, named by its dotted path in a recipe.

    Attributes:
        vertical: the line is set downwards, one character below the other.
    """

    vertical: ClassVar[bool]

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Draw parameters (JSON scalars).

        Args:
            rng: where all chance comes from.
            ink: around the straight line's ink, in ems, y downwards from the baseline.
        """
        ...

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """From the straight line's ems to the bent line's ems.

        Args:
            ink: as for `draw`.
            parameters: as drawn.
        """
        ...


@dataclass(frozen=True)
class Straight:
    """From left to right (or right to left) along a straight baseline."""

    vertical: ClassVar[bool] = False

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Nothing is drawn."""
        return {}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Everything stays where it is."""
        return Warp()


@dataclass(frozen=True)
class Vertical:
    """Downwards, upright characters one below the other, as on signs and in columns of Chinese or Japanese."""

    vertical: ClassVar[bool] = True

    def draw(self, rng: np.random.Generator, ink: Box) -> Parameters:
        """Nothing is drawn."""
        return {}

    def warp(self, ink: Box, parameters: Parameters) -> Warp:
        """Everything stays where it is: it was set downwards."""
        return Warp()
