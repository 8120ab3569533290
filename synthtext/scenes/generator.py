"""Generator of scenes: sample i is a pure function of the design, the seed and i."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background import Background, BackgroundSource
from synthtext.core import (
    AppliedEffect,
    Image,
    Provenance,
    Scene,
    Size,
    SkippedSample,
    StageStreams,
    StreamSource,
    TextInstance,
    Warp,
    WeightedComponent,
    WeightedSampler,
)
from synthtext.core.errors import Rejection
from synthtext.design import BlockResourceCache, BlockResources
from synthtext.fonts import FaceCache
from synthtext.lines.sampler import LineSampler
from synthtext.scenes.backgrounds import SceneBackground, SceneBackgroundPool
from synthtext.scenes.composition import Composition, PlacedItem
from synthtext.scenes.design import SceneDesign
from synthtext.scenes.labels import label_items
from synthtext.scenes.layouts import SceneLayout
from synthtext.scenes.text_layer import RenderedItem, TextRenderer
from synthtext.scenes.typesetter import Typesetter


@dataclass(slots=True)
class SceneState:
    """One attempt at a scene; every stage sets some of the attributes.

    Attributes:
        view_warp: Warp of the whole image by the geometric effects.
        placed: Texts with their positions.
        image: (H, W, 3) uint8 RGB.
        rendered: Texts that are in the image.
        occlusion: (H, W) uint8, opacity of occluding objects; None if there are none.
        instances: Labels.
    """

    index: int
    streams: StageStreams
    block: BlockResources
    size: Size = field(init=False)
    layout: WeightedComponent[SceneLayout] = field(init=False)
    composition: Composition = field(init=False)
    view_warp: Warp = field(init=False)
    geometric_effects: tuple[AppliedEffect, ...] = ()
    background_source: WeightedComponent[Background | BackgroundSource] = field(init=False)
    background: SceneBackground = field(init=False)
    placed: list[PlacedItem] = field(init=False)
    image: Image = field(init=False)
    rendered: list[RenderedItem] = field(init=False)
    occlusion: NDArray[np.uint8] | None = None
    pixel_effects: tuple[AppliedEffect, ...] = ()
    instances: tuple[TextInstance, ...] = ()


def _random(
    name: str, step: Callable[[SceneState, np.random.Generator], None]
) -> dict[str, Callable[[SceneState], None]]:
    """Create a stage with the random stream of its name."""
    return {name: lambda state: step(state, state.streams.appearance(name))}


class SceneStages:
    """The stages that turn a state into a scene.

    Attributes:
        steps: The stages by name, in order; one raises `Rejection` if the attempt failed.

    Args:
        design: Settings of the scenes.
        cache: Open fonts.
        sampler: Sampler of texts to use; a new one if None.
    """

    def __init__(self, design: SceneDesign, cache: FaceCache, sampler: LineSampler | None = None) -> None:
        self._design, self._cache = design, cache
        self._sampler = sampler or LineSampler(design, design.typesetting.layout())
        self._renderer = TextRenderer(design.ink, cache)
        self._backgrounds = WeightedSampler([entry.weight for entry in design.backgrounds])
        self._layouts = WeightedSampler([entry.weight for entry in design.layouts])
        self.steps: dict[str, Callable[[SceneState], None]] = {
            "compose": self._compose,
            **_random("paint background", self._paint_background),
            **_random("place texts", self._place_texts),
            **_random("apply view warp", self._apply_view_warp),
            **_random("render texts", self._render),
            **_random("occlude", self._occlude),
            **_random("pixel effects", self._apply_pixel_effects),
            "label": self._label,
        }

    def with_design(self, design: SceneDesign) -> "SceneStages":
        """Return stages for scenes of the same texts with other settings.

        The corpora, the charset and the lengths of the texts must be the same, and backgrounds and layouts have the
        same names in the same order.
        """
        return SceneStages(design, self._cache, self._sampler.with_design(design, design.typesetting.layout()))

    def _compose(self, state: SceneState) -> None:
        design, rng = self._design, state.streams.content
        state.size = design.output.draw(rng)
        state.layout = design.layouts[self._layouts.draw(rng)]
        typesetter = Typesetter(rng, self._sampler, state.block.faces, design.font_options.size_range)
        state.composition = state.layout.component.compose(typesetter, state.size)

    def _paint_background(self, state: SceneState, rng: np.random.Generator) -> None:
        index = self._backgrounds.draw(rng)
        state.background_source, background = self._design.backgrounds[index], state.block.backgrounds[index]
        if isinstance(background, SceneBackgroundPool):
            state.background = background.paint_scene(rng, state.size)
        else:
            state.background = SceneBackground(background.paint(rng, state.size))
        self._design.clutter.draw_distractors(rng, state.background.image)

    def _place_texts(self, state: SceneState, rng: np.random.Generator) -> None:
        state.placed = state.layout.component.place(rng, state.composition, state.background)
        if not state.placed:
            raise Rejection("no free area for any text")

    def _apply_view_warp(self, state: SceneState, rng: np.random.Generator) -> None:
        state.view_warp, state.geometric_effects = self._design.effects.draw_warp(rng, state.size)
        state.image = state.background.image
        if state.view_warp.maps:
            state.image = state.view_warp.image(state.image, state.size, border_mode=cv2.BORDER_REFLECT)

    def _render(self, state: SceneState, rng: np.random.Generator) -> None:
        state.rendered = self._renderer.render(rng, state.image, state.placed, state.view_warp)
        if not state.rendered:
            raise Rejection("no text is complete and legible")

    def _occlude(self, state: SceneState, rng: np.random.Generator) -> None:
        lines = [line for item in state.rendered for line in item.lines]
        state.occlusion = self._design.clutter.occlude(rng, state.image, lines)

    def _apply_pixel_effects(self, state: SceneState, rng: np.random.Generator) -> None:
        state.image, state.pixel_effects = self._design.effects.apply_pixels(rng, state.image)

    def _label(self, state: SceneState) -> None:
        luminance = np.asarray(cv2.cvtColor(state.image, cv2.COLOR_RGB2GRAY), np.uint8)
        state.instances = label_items(state.rendered, luminance, state.occlusion, self._design.legibility)

    def finish(self, state: SceneState, prefix: str, rejected: tuple[str, ...]) -> Scene:
        """Create the scene of a state that passed all stages; `rejected` is why earlier attempts were rejected."""
        rng, lines = state.streams.appearance("JPEG quality"), [line for item in state.rendered for line in item.lines]
        composed = sum(len(item.block.lines) for item in state.composition.items)
        scripts = Counter(line.positioned.line.curved.line.script for line in lines)
        parameters = {
            "layout": state.layout.name,
            "background": state.background_source.name,
            "jpeg_quality": int(rng.integers(*self._design.output.quality_range, endpoint=True)),
            "lines_not_rendered": composed - len(lines),
            "fonts": sorted({line.positioned.line.face.file.name for line in lines}),
        }
        meta = Provenance(
            script=max(scripts, key=lambda script: (scripts[script], script)),
            contrast=round(min(line.contrast for line in lines), 2),
            effects=state.geometric_effects + state.pixel_effects,
            parameters=parameters,
            rejected=rejected,
        )
        return Scene(f"{prefix}{state.index:010d}", state.image, state.instances, meta)


MAX_SCENE_ATTEMPTS = 5
"""Number of attempts after which a scene is skipped."""


class SceneGenerator:
    """Generates images with many texts.

    Attributes:
        stages: Stages that every scene passes through.
        resources: Fonts and backgrounds of the blocks.

    Args:
        design: Settings of the scenes.
        seed: 0 to 2**32 - 1.
        prefix: Prefix of the scenes' keys.
        cache: Cache of open fonts to share with other generators; a new one if None.

    Raises:
        InputError: No font covers the texts of one of the corpora.
    """

    def __init__(self, design: SceneDesign, seed: int, prefix: str = "", cache: FaceCache | None = None) -> None:
        self.design = design
        self._prefix = prefix
        self._source = StreamSource(seed)
        self.resources = BlockResourceCache(design, seed, cache)
        self.stages = SceneStages(design, self.resources.cache)

    def generate(self, index: int) -> Scene | SkippedSample:
        """Generate scene `index`, or return why each attempt was rejected."""
        return self._generate(index, self.stages, self.resources.at(index))

    def generate_with(self, index: int, design: SceneDesign) -> Scene | SkippedSample:
        """Generate scene `index` with another design of the same texts and fonts, see `SceneStages.with_design`."""
        block = self.resources.at(index)
        painted = [
            shared if isinstance(entry.component, BackgroundSource) else entry.component
            for entry, shared in zip(design.backgrounds, block.backgrounds, strict=True)
        ]
        return self._generate(index, self.stages.with_design(design), block._replace(backgrounds=painted))

    def _generate(self, index: int, stages: SceneStages, block: BlockResources) -> Scene | SkippedSample:
        streams = self._source.start(index)
        reasons: list[str] = []
        for attempt in range(MAX_SCENE_ATTEMPTS):
            state = SceneState(index, replace(streams, attempt=attempt), block)
            try:
                for step in stages.steps.values():
                    step(state)
            except Rejection as rejection:
                reasons.append(rejection.reason)
            else:
                return stages.finish(state, self._prefix, tuple(reasons))
        return SkippedSample(index, tuple(reasons))

    def generate_many(self, indices: Sequence[int]) -> Iterator[Scene | SkippedSample]:
        """Generate scenes in this order."""
        return map(self.generate, indices)
