"""Chains of effects on scenes and lines: consecutive geometric effects are composed and resample the image once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np

from augment.framing import Flip, FrameTransform, LabelGeometry, Rescale, ResizePad, TextCrop, ViewTransform, Window
from augment.geometry import Affine
from augment.labels import VisibilityRule, move_instances, warp_image
from augment.polygons import Mask, VisibleRegion, warp_frame, warp_polygon
from synthtext.core import (
    AppliedEffect,
    Box,
    Clusters,
    GeometricEffect,
    InputError,
    Parameters,
    PixelEffect,
    Polygon,
    Range,
    Sample,
    Scene,
    Size,
    Warp,
    apply_pixel_effect,
    bounding_box,
    check_fraction,
    size_of,
)


@runtime_checkable
class SceneEffect(Protocol):
    """Changes an image and its labels in a way that no warp describes."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample parameters (JSON scalars) for an image of this size."""

    def apply_scene(self, scene: Scene, parameters: Parameters, rule: VisibilityRule) -> Scene:
        """Return the changed scene. The argument is not modified."""


AnyEffect: TypeAlias = GeometricEffect | ViewTransform | SceneEffect | PixelEffect


@dataclass(frozen=True)
class SceneStep:
    """An effect with its probability and the name under which it is recorded."""

    name: str
    effect: AnyEffect
    probability: float = 1.0

    def __post_init__(self) -> None:
        check_fraction(f"{self.name}: probability", self.probability)
        if not isinstance(self.effect, AnyEffect):
            raise InputError(
                f"{self.name}: {type(self.effect).__name__} is not an effect: define draw and one of warp, apply and "
                "apply_scene, or draw_framing with frame"
            )


class MaskedScene(NamedTuple):
    """A scene, whose `meta` records the applied effects, and the mask of the pixels that its image covers.

    The mask is (H, W) uint8, 1 where the image has content and 0 in padding and beside a rotated image.
    """

    scene: Scene
    valid_mask: Mask


class SceneChain:
    """Applies effects in order. Geometric effects are composed until an effect needs the pixels.

    Labels are clipped once for each composed warp: a text that a rotation moves out of the image and a translation
    moves back stays whole.

    Args:
        steps: effects of any kind, in order.
        rule: rule for clipped instances; None: `VisibilityRule()`.
    """

    def __init__(self, steps: Sequence[SceneStep] = (), rule: VisibilityRule | None = None) -> None:
        self.steps = tuple(steps)
        self.rule = rule or VisibilityRule()

    def __call__(self, rng: np.random.Generator, scene: Scene) -> MaskedScene:
        """Sample the parameters of the effects and apply them. The argument is not modified.

        Raises:
            InputError: a pixel effect did not keep the shape and dtype of the image.
        """
        state = _State(scene, self.rule)
        applied = [AppliedEffect(step.name, state.apply_step(step, rng)) for step in _sample_steps(self.steps, rng)]
        state.apply_pending_warp()
        meta = replace(scene.meta, effects=(*scene.meta.effects, *applied))
        return MaskedScene(replace(state.scene, meta=meta), state.valid_mask)


def _sample_steps(steps: Sequence[SceneStep], rng: np.random.Generator) -> Iterator[SceneStep]:
    """Iterate over the steps to apply; whether a step applies is sampled just before it."""
    return (step for step in steps if step.probability >= 1 or rng.random() < step.probability)


class _State:
    """A scene inside a chain, with the pending warp and the frame that the warp leads to."""

    def __init__(self, scene: Scene, rule: VisibilityRule) -> None:
        self.scene, self.rule = scene, rule
        self.size = size_of(scene.image)
        self.valid_mask = np.ones(scene.image.shape[:2], np.uint8)
        self.warp = Warp()
        self.windows: list[Polygon] = []  # frames that cut something off, in current coordinates
        self._is_covered = True  # `valid_mask` is 1 everywhere and need not be warped

    def apply_step(self, step: SceneStep, rng: np.random.Generator) -> Parameters:
        effect = step.effect
        if isinstance(effect, ViewTransform):
            parameters = effect.draw_framing(rng, self._label_geometry())
            self._reframe(effect.frame(self.size, parameters))
        elif isinstance(effect, GeometricEffect):
            parameters = effect.draw(rng, self.size)
            self._append_warp(effect.warp(self.size, parameters))
        else:
            self.apply_pending_warp()
            parameters = effect.draw(rng, self.size)
            if isinstance(effect, SceneEffect):
                self._replace_scene(effect.apply_scene(self.scene, parameters, self.rule))
            else:
                image = apply_pixel_effect(step.name, effect, self.scene.image, parameters)
                self.scene = replace(self.scene, image=image)
        return parameters

    def _append_warp(self, warp: Warp) -> None:
        self.warp = self.warp.then(warp)
        self.windows = [warp_frame(window, warp) for window in self.windows]

    def _reframe(self, frame: FrameTransform) -> None:
        """Change the frame. What it cuts off must stay cut off when a later frame is larger."""
        whole = VisibleRegion.from_windows(frame.size).box
        frame_box = bounding_box(frame.warp.points(Box(0, 0, *self.size).polygon()))
        self._append_warp(frame.warp)
        self.size = frame.size
        if min(frame_box.left, frame_box.top) < 0 or frame_box.right > whole.right or frame_box.bottom > whole.bottom:
            self.windows.append(whole.polygon())

    def apply_pending_warp(self) -> None:
        """Apply the composed warp to the image, the labels and the mask."""
        before = size_of(self.scene.image)
        if not self.warp.maps and self.size == before:
            return
        region = VisibleRegion.from_windows(self.size, self.windows)
        instances = move_instances(self.scene.instances, self.warp, before, region, self.rule)
        image = warp_image(self.scene.image, self.warp, self.size)
        if self.windows:
            image = region.fill_outside(image if image is not self.scene.image else image.copy())
        image_frame = warp_frame(Box(0, 0, *before).polygon(), self.warp)
        mask = VisibleRegion.from_windows(self.size, [*self.windows, image_frame]).mask(self.size)
        if not self._is_covered:
            mask &= self.warp.image(self.valid_mask, self.size, interpolation=cv2.INTER_NEAREST)
        self.scene = replace(self.scene, image=image, instances=instances)
        self.valid_mask, self.warp, self.windows, self._is_covered = mask, Warp(), [], False

    def _replace_scene(self, scene: Scene) -> None:
        """Replace the scene. After a change of size all pixels count as valid."""
        self.scene = scene
        if size_of(scene.image) != self.size:
            self.size = size_of(scene.image)
            self.valid_mask, self._is_covered = np.ones(scene.image.shape[:2], np.uint8), True

    def _label_geometry(self) -> LabelGeometry:
        instances = self.scene.instances
        polygons = tuple(warp_polygon(instance.polygon, self.warp) for instance in instances)
        return LabelGeometry(self.size, polygons, tuple(instance.ignore for instance in instances))


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
            supported = isinstance(step.effect, GeometricEffect | ViewTransform | PixelEffect)
            if not supported or isinstance(step.effect, Flip):
                raise InputError(f"{step.name}: {type(step.effect).__name__} applies to scenes only, not to lines")
        self.steps = tuple(steps)

    def __call__(self, rng: np.random.Generator, sample: Sample) -> Sample:
        """Sample the parameters of the effects and apply them. The argument is not modified.

        Raises:
            InputError: a pixel effect did not keep the shape and dtype of the image.
        """
        applied: list[AppliedEffect] = []
        warp, size = Warp(), size_of(sample.image)
        for step in _sample_steps(self.steps, rng):
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


def detector_augmentation(
    width: int = 960,
    height: int = 960,
    *,
    flip: float = 0.5,
    degrees_range: Range = (-10, 10),
    factor_range: Range = (0.5, 3.0),
    crop: TextCrop | Window | None = None,
    rule: VisibilityRule | None = None,
) -> SceneChain:
    """Create PaddleOCR's augmentation of detectors: flip, rotate, rescale, crop between texts, resize and pad.

    The order is that of the PP-OCRv2 configuration (section 5.1). All steps resample the image once; PaddleOCR's code
    resamples four times. Texts are clipped to their visible part. Padding and the corners beside a rotated image are 0
    in `MaskedScene.valid_mask`, which `models.db.targets.make_targets` takes.

    Args:
        width: width of the result in pixels.
        height: height of the result in pixels.
        flip: probability of mirroring.
        degrees_range: rotation in degrees, clockwise.
        factor_range: scale factor before the crop.
        crop: how to crop; None: `TextCrop()`, as in PaddleOCR.
        rule: rule for clipped texts; None: `VisibilityRule()`.
    """
    steps = [
        SceneStep("flip", Flip(), flip),
        SceneStep("affine", Affine(degrees_range)),
        SceneStep("rescale", Rescale(factor_range)),
        SceneStep("window" if isinstance(crop, Window) else "text_crop", crop or TextCrop()),
        SceneStep("resize_pad", ResizePad(width, height)),
    ]
    return SceneChain(steps, rule)
