"""What an effect is: it draws its parameters, applies them without further chance, and says how labels move.

Effects live in `augment`; generators and training loops are handed them as values. A new one is a dataclass of a few
lines (any importable module, named by its dotted path in a recipe):

    @dataclass(frozen=True)
    class Fade:
        strength_range: tuple[float, float] = (0.2, 0.6)

        def draw(self, rng, size):
            return {"strength": rng.uniform(*self.strength_range)}

        def apply(self, image, parameters):
            white = np.full_like(image, 255)
            return cv2.addWeighted(image, 1 - parameters["strength"], white, parameters["strength"], 0)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from synthtext.core.errors import InputError
from synthtext.core.geometry import Image, Size
from synthtext.core.sample import AppliedEffect, Parameters
from synthtext.core.warp import Warp


@runtime_checkable
class PixelEffect(Protocol):
    """Changes colours, leaves everything where it is."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw parameters (JSON scalars) for a picture of this size."""
        ...

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The changed picture, (H, W, 3) uint8 RGB of the same size. The argument is left as it is."""
        ...


@runtime_checkable
class GeometricEffect(Protocol):
    """Moves things: gives a `Warp`, which whoever calls composes with others and applies once."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw parameters (JSON scalars) for a picture of this size."""
        ...

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """How points of a picture of this size move."""
        ...


Effect: TypeAlias = PixelEffect | GeometricEffect


@dataclass(frozen=True)
class EffectStep:
    """An effect that happens with a probability, under the name that is recorded."""

    name: str
    effect: Effect
    probability: float = 1.0


class EffectChain:
    """Effects in the order in which they happen: all that move things first, as one warp, then all that colour."""

    def __init__(self, steps: Sequence[EffectStep] = ()) -> None:
        self.steps = tuple(steps)
        self._geometric = [(s, s.effect) for s in self.steps if isinstance(s.effect, GeometricEffect)]
        self._pixel = [(s, s.effect) for s in self.steps if isinstance(s.effect, PixelEffect)]

    def draw_warp(self, rng: np.random.Generator, size: Size) -> tuple[Warp, tuple[AppliedEffect, ...]]:
        """Draw the geometric effects for a picture of this size and compose their warps.

        Returns:
            The composed warp, and what was drawn.
        """
        warp, applied = Warp(), []
        for step, effect in self._geometric:
            if rng.random() < step.probability:
                parameters = effect.draw(rng, size)
                warp = warp.then(effect.warp(size, parameters))
                applied.append(AppliedEffect(step.name, parameters))
        return warp, tuple(applied)

    def apply_pixels(self, rng: np.random.Generator, image: Image) -> tuple[Image, tuple[AppliedEffect, ...]]:
        """Draw the pixel effects and apply them to a picture (H, W, 3).

        Returns:
            The changed picture, and what was drawn.

        Raises:
            InputError: an effect did not keep the size and type of the picture; its labels would be wrong.
        """
        applied = []
        size = Size(image.shape[1], image.shape[0])
        for step, effect in self._pixel:
            if rng.random() < step.probability:
                parameters = effect.draw(rng, size)
                changed = effect.apply(image, parameters)
                if changed.shape != image.shape or changed.dtype != image.dtype:
                    raise InputError(
                        f"effect {step.name} made {changed.dtype} {changed.shape} of {image.dtype} {image.shape}: an "
                        "effect on pixels must keep size and type"
                    )
                image = changed
                applied.append(AppliedEffect(step.name, parameters))
        return image, tuple(applied)
