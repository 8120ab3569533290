"""Effects on whole scenes, in order: neighbours that move things become one resampling."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np

from augment.framing import FrameTransform, LabelGeometry, ViewTransform
from augment.labels import VisibilityRule, move_instances, size_of, warp_image
from augment.polygons import warp_frame, warp_polygon
from augment.region import Mask, VisibleRegion
from synthtext.core import (
    AppliedEffect,
    Box,
    GeometricEffect,
    Image,
    InputError,
    Parameters,
    PixelEffect,
    Polygon,
    Scene,
    Size,
    Warp,
    bounding_box,
    check_fraction,
)


@runtime_checkable
class SceneEffect(Protocol):
    """Changes a picture and its labels in a way that is no warp."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw parameters (JSON scalars) for a picture of this size."""
        ...

    def apply_scene(self, scene: Scene, parameters: Parameters, rule: VisibilityRule) -> Scene:
        """The changed scene. The argument is left as it is."""
        ...


AnyEffect: TypeAlias = GeometricEffect | ViewTransform | SceneEffect | PixelEffect


@dataclass(frozen=True)
class SceneStep:
    """An effect that happens with a probability, under the name that is recorded."""

    name: str
    effect: AnyEffect
    probability: float = 1.0

    def __post_init__(self) -> None:
        check_fraction(f"{self.name}: probability", self.probability)
        if not isinstance(self.effect, GeometricEffect | ViewTransform | SceneEffect | PixelEffect):
            raise InputError(
                f"{self.name}: {type(self.effect).__name__} is no effect; it needs draw with warp, apply or "
                "apply_scene, or draw_view with frame"
            )


class MaskedScene(NamedTuple):
    """A scene, and where its picture shows something.

    Attributes:
        scene: its effects are recorded in `meta`.
        valid_mask: (H, W) uint8, 1 where a picture was and 0 where it was filled up: beside a turned one, and padding.
    """

    scene: Scene
    valid_mask: Mask


class SceneChain:
    """Effects in their order. Those that move things are composed until one comes that needs the pixels.

    Labels are cut once, by what is seen at the end of such a run: a text that a rotation takes out of the picture and a
    shift takes in again is whole.

    Args:
        steps: of all kinds, in order.
        rule: what becomes of instances that are cut; None: the default one.
    """

    def __init__(self, steps: Sequence[SceneStep] = (), rule: VisibilityRule | None = None) -> None:
        self.steps = tuple(steps)
        self.rule = rule or VisibilityRule()

    def __call__(self, rng: np.random.Generator, scene: Scene) -> MaskedScene:
        """Draw what happens to a scene, and do it. The argument is left as it is.

        Raises:
            InputError: an effect on pixels did not keep the size and type of the picture.
        """
        state = _State(scene, self.rule)
        for step in self.steps:
            if step.probability < 1 and rng.random() >= step.probability:
                continue
            state.applied.append(AppliedEffect(step.name, state.do(step, rng)))
        state.apply_pending_warp()
        meta = replace(scene.meta, effects=scene.meta.effects + tuple(state.applied))
        return MaskedScene(replace(state.scene, meta=meta), state.valid)


class _State:
    """A scene on its way through a chain: the warp that is still to be applied to it, and the frame it leads to."""

    def __init__(self, scene: Scene, rule: VisibilityRule) -> None:
        self.scene, self.rule = scene, rule
        self.applied: list[AppliedEffect] = []
        self.size = size_of(scene.image)
        self.valid = np.ones(scene.image.shape[:2], np.uint8)
        self.warp = Warp()
        self.windows: list[Polygon] = []  # frames of views that cut something off, moved along
        self._covered = True  # `valid` is 1 all over, and need not be warped

    def do(self, step: SceneStep, rng: np.random.Generator) -> Parameters:
        effect = step.effect
        if isinstance(effect, ViewTransform):
            parameters = effect.draw_framing(rng, self._labels())
            frame = effect.frame(self.size, parameters)
            self._reframe(frame)
        elif isinstance(effect, GeometricEffect):
            parameters = effect.draw(rng, self.size)
            self._move(effect.warp(self.size, parameters))
        else:
            self.apply_pending_warp()
            parameters = effect.draw(rng, self.size)
            if isinstance(effect, SceneEffect):
                self._replace(effect.apply_scene(self.scene, parameters, self.rule))
            else:
                self.scene = replace(
                    self.scene, image=apply_pixel_effect(step.name, effect, self.scene.image, parameters)
                )
        return parameters

    def _move(self, warp: Warp) -> None:
        self.warp = self.warp.then(warp)
        self.windows = [warp_frame(window, warp) for window in self.windows]

    def _reframe(self, frame: FrameTransform) -> None:
        """Take another frame. What it cuts off must not come back where a later one is larger."""
        whole = VisibleRegion.from_windows(frame.size).box
        old = bounding_box(frame.warp.points(Box(0, 0, *self.size).polygon()))
        self._move(frame.warp)
        self.size = frame.size
        if min(old.left, old.top) < 0 or old.right > whole.right or old.bottom > whole.bottom:
            self.windows.append(whole.polygon())

    def apply_pending_warp(self) -> None:
        """Apply the warp that has gathered."""
        before = size_of(self.scene.image)
        if not self.warp.maps and self.size == before:
            return
        region = VisibleRegion.from_windows(self.size, self.windows)
        instances = move_instances(self.scene.instances, self.warp, before, region, self.rule)
        image = warp_image(self.scene.image, self.warp, self.size)
        if self.windows:
            image = region.fill_outside(image if image is not self.scene.image else image.copy())
        covered = warp_frame(Box(0, 0, *before).polygon(), self.warp)
        shown = VisibleRegion.from_windows(self.size, [*self.windows, covered]).mask(self.size)
        if not self._covered:
            shown &= self.warp.image(self.valid, self.size, interpolation=cv2.INTER_NEAREST)
        self.scene = replace(self.scene, image=image, instances=instances)
        self.valid, self.warp, self.windows, self._covered = shown, Warp(), [], False

    def _replace(self, scene: Scene) -> None:
        """Take a scene that was changed as a whole; where it was filled up nobody knows."""
        self.scene = scene
        if size_of(scene.image) != self.size:
            self.size = size_of(scene.image)
            self.valid, self._covered = np.ones(scene.image.shape[:2], np.uint8), True

    def _labels(self) -> LabelGeometry:
        instances = self.scene.instances
        polygons = tuple(warp_polygon(instance.polygon, self.warp) for instance in instances)
        return LabelGeometry(self.size, polygons, tuple(instance.ignore for instance in instances))


def apply_pixel_effect(name: str, effect: PixelEffect, image: Image, parameters: Parameters) -> Image:
    """A picture after an effect on its pixels; `name` is for messages.

    Raises:
        InputError: the effect did not keep the size and type of the picture.
    """
    changed = effect.apply(image, parameters)
    if changed.shape != image.shape or changed.dtype != image.dtype:
        raise InputError(
            f"effect {name} made {changed.dtype} {changed.shape} of {image.dtype} {image.shape}: an effect on pixels "
            "must keep size and type"
        )
    return changed
