"""Effects on whole lines that are drawn already, in order: what training does to each line it reads."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from augment.chain import SceneStep, apply_pixel_effect
from augment.framing import Flip, LabelGeometry, ViewTransform
from augment.labels import size_of, warp_image
from synthtext.core import AppliedEffect, Clusters, GeometricEffect, InputError, PixelEffect, Sample, Size, Warp


class LineChain:
    """Effects in their order; neighbours that move things are one resampling. Clusters follow.

    What the picture does not cover continues its edge, as paper does.

    Args:
        steps: geometric effects, views (not `Flip`: mirrored text cannot be read) and effects on pixels.

    Raises:
        InputError: a step that is none of these.
    """

    def __init__(self, steps: Sequence[SceneStep] = ()) -> None:
        for step in steps:
            if isinstance(step.effect, Flip) or not isinstance(
                step.effect, GeometricEffect | ViewTransform | PixelEffect
            ):
                raise InputError(f"{step.name}: {type(step.effect).__name__} is for scenes; lines cannot take it")
        self.steps = tuple(steps)

    def __call__(self, rng: np.random.Generator, sample: Sample) -> Sample:
        """Draw what happens to a line, and do it. The argument is left as it is.

        Raises:
            InputError: an effect on pixels did not keep the size and type of the picture.
        """
        applied: list[AppliedEffect] = []
        warp, size = Warp(), size_of(sample.image)
        for step in self.steps:
            if step.probability < 1 and rng.random() >= step.probability:
                continue
            effect = step.effect
            if isinstance(effect, ViewTransform):
                parameters = effect.draw_framing(rng, _labels(sample.clusters, warp, size))
                frame = effect.frame(size, parameters)
                warp, size = warp.then(frame.warp), frame.size
            elif isinstance(effect, GeometricEffect):
                parameters = effect.draw(rng, size)
                warp = warp.then(effect.warp(size, parameters))
            elif isinstance(effect, PixelEffect):
                sample, warp = _moved(sample, warp, size), Warp()
                parameters = effect.draw(rng, size)
                sample = replace(sample, image=apply_pixel_effect(step.name, effect, sample.image, parameters))
            applied.append(AppliedEffect(step.name, parameters))
        sample = _moved(sample, warp, size)
        return replace(sample, meta=replace(sample.meta, effects=sample.meta.effects + tuple(applied)))


def _labels(clusters: Clusters, warp: Warp, size: Size) -> LabelGeometry:
    quads = tuple(warp.points(clusters.quads))
    return LabelGeometry(size, quads, (False,) * len(quads))


def _moved(sample: Sample, warp: Warp, size: Size) -> Sample:
    """The line in a picture of another size; quads are cut to it."""
    if not warp.maps and size == size_of(sample.image):
        return sample
    image = warp_image(sample.image, warp, size, cv2.BORDER_REPLICATE)
    quads = warp.points(sample.clusters.quads).clip(0, np.array(size, np.float32))
    return replace(sample, image=image, clusters=Clusters(sample.clusters.offsets, quads.astype(np.float32)))
