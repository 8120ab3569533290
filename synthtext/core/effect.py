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
from dataclasses import dataclass, field
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
        target = WarpTarget(rng, size)
        self.draw_warps([target])
        return target.warp, tuple(target.applied)

    def draw_warps(self, targets: Sequence["WarpTarget"]) -> None:
        """Draw the geometric effects for each of several images, in place; an image does not depend on the others."""
        coins = [target.rng.random(len(self._geometric)).tolist() for target in targets]
        for number, (step, effect) in enumerate(self._geometric):
            for target, drawn in zip(targets, coins, strict=True):
                if drawn[number] < step.probability:
                    parameters = effect.draw(target.rng, target.size)
                    target.warp = target.warp.then(effect.warp(target.size, parameters))
                    target.applied.append(AppliedEffect(step.name, parameters))

    def apply_pixels(
        self, rng: np.random.Generator, image: Image, budget: DetailBudget | None = None
    ) -> tuple[Image, tuple[AppliedEffect, ...]]:
        """Draw the pixel effects and apply them to an image (H, W, 3); return it and the drawn effects.

        A budget limits the effects, which spend it in order.

        Raises:
            InputError: An effect did not keep the shape and dtype of the image.
        """
        target = EffectTarget(rng, image, budget)
        self.apply_pixels_to([target])
        return target.image, tuple(target.applied)

    def apply_pixels_to(self, targets: Sequence["EffectTarget"]) -> None:
        """Draw the pixel effects for each of several images and apply them, in place.

        Every effect is applied to all images before the next one: this keeps its code in the processor's caches, which
        saves a third of the time. An image does not depend on the others.

        Raises:
            InputError: An effect did not keep the shape and dtype of an image.
        """
        coins = [target.rng.random(len(self._pixel)).tolist() for target in targets]
        for number, (step, effect) in enumerate(self._pixel):
            for target, drawn in zip(targets, coins, strict=True):
                if drawn[number] < step.probability:
                    target.apply(step.name, effect)


@dataclass(slots=True)
class WarpTarget:
    """An image for which geometric effects are drawn.

    Attributes:
        rng: Random stream of the image.
        size: Size of the image in pixels.
        warp: The effects that were drawn so far, composed.
        applied: These effects.
    """

    rng: np.random.Generator
    size: Size
    warp: Warp = field(default_factory=Warp)
    applied: list[AppliedEffect] = field(default_factory=list)


@dataclass(slots=True)
class EffectTarget:
    """An image to which pixel effects are applied.

    Attributes:
        rng: Random stream of the image.
        image: (H, W, 3) uint8 RGB.
        budget: Limits the effects, which spend it in order; None: no limit.
        applied: The effects that were applied so far.
    """

    rng: np.random.Generator
    image: Image
    budget: DetailBudget | None = None
    applied: list[AppliedEffect] = field(default_factory=list)

    def apply(self, name: str, effect: PixelEffect) -> None:
        """Draw the parameters of an effect and apply it, unless the budget leaves it out."""
        parameters = effect.draw(self.rng, size_of(self.image))
        if self.budget is not None and isinstance(effect, DetailLimited):
            limited = effect.limit(parameters, self.budget)
            if limited is None:
                return
            parameters = limited
        self.image = apply_pixel_effect(name, effect, self.image, parameters)
        self.applied.append(AppliedEffect(name, parameters))


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
