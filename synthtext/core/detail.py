"""Limits of pixel effects, such that the finest strokes and gaps of a text stay visible."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from synthtext.core.sample import Parameters


@dataclass
class DetailBudget:
    """What the pixel effects of an image may take away from its finest details; every effect spends a part.

    Attributes:
        width: Width of the finest strokes and gaps, pixels.
        blur_variance: Remaining variance of blur, pixels squared.
        noise_variance: Remaining variance of noise, grey levels squared.
    """

    width: float
    blur_variance: float
    noise_variance: float

    def spend_blur(self, deviation: float) -> float:
        """Spend the blur of an effect, and return the standard deviation in pixels that it may have."""
        allowed = min(deviation, math.sqrt(self.blur_variance))
        self.blur_variance = max(0.0, self.blur_variance - allowed**2)
        return allowed

    def spend_noise(self, deviation: float) -> float:
        """Spend the noise of an effect, and return the standard deviation in grey levels that it may have."""
        allowed = min(deviation, math.sqrt(self.noise_variance))
        self.noise_variance = max(0.0, self.noise_variance - allowed**2)
        return allowed


@runtime_checkable
class DetailLimited(Protocol):
    """A pixel effect that can be limited to what a text bears; other effects are never limited."""

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters | None:
        """Return weaker parameters that keep within the budget, and spend it; None leaves the effect out."""
        ...
