"""Turns of whole lines: by quarters, and by any angle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from synthtext.core import InputError, Parameters, Size, Warp, WeightedSampler

TurnKind: TypeAlias = Literal["quarter", "half", "three_quarters", "any"]

_DEGREES: Mapping[str, float] = {"quarter": 90.0, "half": 180.0, "three_quarters": 270.0}


@dataclass(frozen=True)
class Turn:
    """Turns the image clockwise about its centre by a quarter, a half, three quarters, or any angle.

    A line that is turned by a quarter reads downwards, by three quarters upwards, and by a half it is upside down.

    Attributes:
        weights: weights of the turns.
    """

    weights: Mapping[TurnKind, float] = field(
        default_factory=lambda: {"quarter": 1.0, "half": 1.0, "three_quarters": 1.0, "any": 1.0}
    )

    def __post_init__(self) -> None:
        try:
            WeightedSampler(list(self.weights.values()))
        except ValueError:
            raise InputError(
                f"weights {dict(self.weights)} must be finite and not negative, and at least one above 0"
            ) from None

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the angle in degrees, 0 to 360."""
        kinds = sorted(self.weights)
        kind = kinds[WeightedSampler([self.weights[kind] for kind in kinds]).draw(rng)]
        return {"degrees": _DEGREES[kind] if kind in _DEGREES else float(360 * rng.random())}

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return the rotation."""
        return Warp.rotation(parameters["degrees"], (size.width / 2, size.height / 2))
