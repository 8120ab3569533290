"""The chain of effects on rendered lines, which training applies to every line that it reads."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from augment.chain import SceneStep, apply_pixel_effect
from augment.framing import Flip, LabelGeometry, ViewTransform
from augment.labels import size_of, warp_image
from synthtext.core import AppliedEffect, Clusters, GeometricEffect, InputError, PixelEffect, Sample, Size, Warp


class LineChain:
    """Applies effects in order. Consecutive geometric effects resample the image once, and the clusters follow.

    Pixels outside the image repeat its border, which continues the background.

    Args:
        steps: geometric effects, view transforms (except `Flip`, since mirrored text cannot be read) and pixel effects.

    Raises:
        InputError: a step is of another kind.
    """

    def __init__(self, steps: Sequence[SceneStep] = ()) -> None:
        for step in steps:
            if isinstance(step.effect, Flip) or not isinstance(
                step.effect, GeometricEffect | ViewTransform | PixelEffect
            ):
                raise InputError(f"{step.name}: {type(step.effect).__name__} applies to scenes only, not to lines")
        self.steps = tuple(steps)

    def __call__(self, rng: np.random.Generator, sample: Sample) -> Sample:
        """Sample the parameters of the effects and apply them. The argument is not modified.

        Raises:
            InputError: a pixel effect did not keep the shape and dtype of the image.
        """
        applied: list[AppliedEffect] = []
        warp, size = Warp(), size_of(sample.image)
        for step in self.steps:
            if step.probability < 1 and rng.random() >= step.probability:
                continue
            effect = step.effect
            if isinstance(effect, ViewTransform):
                parameters = effect.draw_framing(rng, _label_geometry(sample.clusters, warp, size))
                frame = effect.frame(size, parameters)
                warp, size = warp.then(frame.warp), frame.size
            elif isinstance(effect, GeometricEffect):
                parameters = effect.draw(rng, size)
                warp = warp.then(effect.warp(size, parameters))
            elif isinstance(effect, PixelEffect):
                sample, warp = _warp_sample(sample, warp, size), Warp()
                parameters = effect.draw(rng, size)
                sample = replace(sample, image=apply_pixel_effect(step.name, effect, sample.image, parameters))
            applied.append(AppliedEffect(step.name, parameters))
        sample = _warp_sample(sample, warp, size)
        return replace(sample, meta=replace(sample.meta, effects=sample.meta.effects + tuple(applied)))


def _label_geometry(clusters: Clusters, warp: Warp, size: Size) -> LabelGeometry:
    quads = tuple(warp.points(clusters.quads))
    return LabelGeometry(size, quads, (False,) * len(quads))


def _warp_sample(sample: Sample, warp: Warp, size: Size) -> Sample:
    """Warp a line into an image of another size; quads are clipped to it."""
    if not warp.maps and size == size_of(sample.image):
        return sample
    image = warp_image(sample.image, warp, size, cv2.BORDER_REPLICATE)
    quads = warp.points(sample.clusters.quads).clip(0, np.array(size, np.float32))
    return replace(sample, image=image, clusters=Clusters(sample.clusters.offsets, quads.astype(np.float32)))
