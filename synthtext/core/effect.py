"""Effects: they draw parameters, apply them deterministically, and report how labels move.

Effects are defined in `augment`; generators and training loops receive them as values. A custom effect is a dataclass
in any importable module, named by its dotted path in a recipe:

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

from synthtext.core.detail import DetailBudget, DetailLimited
from synthtext.core.errors import InputError
from synthtext.core.geometry import Image, Size, size_of
from synthtext.core.sample import AppliedEffect, Parameters
from synthtext.core.warp import Warp


@runtime_checkable
class PixelEffect(Protocol):
    """Changes colours and moves nothing."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw parameters (JSON scalars) for an image of this size."""

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the changed image, (H, W, 3) uint8 RGB of the same size; the argument is not modified."""


@runtime_checkable
class GeometricEffect(Protocol):
    """Moves points by a `Warp`, which the caller composes with others and applies once."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw parameters (JSON scalars) for an image of this size."""

    def warp(self, size: Size, parameters: Parameters) -> Warp:
        """Return how points of an image of this size move."""


Effect: TypeAlias = PixelEffect | GeometricEffect


@dataclass(frozen=True)
class EffectStep:
    """An effect with its probability and the name under which it is recorded."""

    name: str
    effect: Effect
    probability: float = 1.0


class EffectChain:
    """A sequence of effects: first all geometric effects, composed to one warp, then all pixel effects."""

    def __init__(self, steps: Sequence[EffectStep] = ()) -> None:
        self.steps = tuple(steps)
        self._geometric = [(s, s.effect) for s in self.steps if isinstance(s.effect, GeometricEffect)]
        self._pixel = [(s, s.effect) for s in self.steps if isinstance(s.effect, PixelEffect)]

    def draw_warp(self, rng: np.random.Generator, size: Size) -> tuple[Warp, tuple[AppliedEffect, ...]]:
        """Draw the geometric effects for an image of this size; return the composed warp and the drawn effects."""
        warp, applied = Warp(), []
        for step, effect in self._geometric:
            if rng.random() < step.probability:
                parameters = effect.draw(rng, size)
                warp = warp.then(effect.warp(size, parameters))
                applied.append(AppliedEffect(step.name, parameters))
        return warp, tuple(applied)

    def apply_pixels(
        self, rng: np.random.Generator, image: Image, budget: DetailBudget | None = None
    ) -> tuple[Image, tuple[AppliedEffect, ...]]:
        """Draw the pixel effects and apply them to an image (H, W, 3); return it and the drawn effects.

        A budget limits the effects, which spend it in order.

        Raises:
            InputError: An effect did not keep the shape and dtype of the image.
        """
        applied = []
        size = size_of(image)
        for step, effect in self._pixel:
            if rng.random() < step.probability:
                parameters = effect.draw(rng, size)
                if budget is not None and isinstance(effect, DetailLimited):
                    limited = effect.limit(parameters, budget)
                    if limited is None:
                        continue
                    parameters = limited
                image = apply_pixel_effect(step.name, effect, image, parameters)
                applied.append(AppliedEffect(step.name, parameters))
        return image, tuple(applied)


def apply_pixel_effect(name: str, effect: PixelEffect, image: Image, parameters: Parameters) -> Image:
    """Apply a pixel effect and check its result; `name` is used in messages.

    Raises:
        InputError: The effect did not keep the shape and dtype of the image.
    """
    changed = effect.apply(image, parameters)
    if changed.shape != image.shape or changed.dtype != image.dtype:
        raise InputError(
            f"effect {name} returned {changed.dtype} {changed.shape} for {image.dtype} {image.shape}: a pixel effect "
            "must keep shape and dtype"
        )
    return changed
