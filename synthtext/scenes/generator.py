"""The stages that take a scene from texts to a picture with labels."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

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
    Streams,
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
from synthtext.scenes.labels import RenderedItem, label_items
from synthtext.scenes.layouts import SceneLayout
from synthtext.scenes.text_layer import TextRenderer
from synthtext.scenes.typesetter import Typesetter


@dataclass(slots=True)
class SceneState:
    """One attempt at a scene: what is known so far. Every stage adds to it.

    Attributes:
        index: of the scene.
        streams: of its random numbers.
        block: its fonts and papers.
        size: of the picture.
        layout: how it is laid out.
        composition: its texts.
        view_warp: how the whole picture is seen: its geometric effects.
        moved: what these drew.
        paper: what is behind the texts.
        backdrop: its picture.
        placed: texts that have a place.
        image: (H, W, 3) RGB.
        drawn: texts that are in the picture.
        occlusion: (H, W) how far pixels are hidden, or None.
        coloured: effects on the pixels.
        instances: the labels.
    """

    index: int
    streams: Streams
    block: BlockResources
    size: Size = field(init=False)
    layout: WeightedComponent[SceneLayout] = field(init=False)
    composition: Composition = field(init=False)
    view_warp: Warp = field(init=False)
    moved: tuple[AppliedEffect, ...] = ()
    background_source: WeightedComponent[Background | BackgroundSource] = field(init=False)
    background: SceneBackground = field(init=False)
    placed: list[PlacedItem] = field(init=False)
    image: Image = field(init=False)
    rendered: list[RenderedItem] = field(init=False)
    occlusion: NDArray[np.uint8] | None = None
    coloured: tuple[AppliedEffect, ...] = ()
    instances: tuple[TextInstance, ...] = ()


class SceneStages:
    """The stages that make scenes of drafts.

    Attributes:
        steps: the stages by name, in order.

    Args:
        design: what scenes look like.
        cache: of faces and their glyphs.
    """

    def __init__(self, design: SceneDesign, cache: FaceCache) -> None:
        self._design = design
        self._writer = LineSampler(design, design.typesetting.layout())
        self._layer = TextRenderer(design.ink, cache)
        self._papers = WeightedSampler([entry.weight for entry in design.backgrounds])
        self._layouts = WeightedSampler([entry.weight for entry in design.layouts])
        self.steps: dict[str, Callable[[SceneState], None]] = {
            "compose": self._compose,
            "paint background": self._paint,
            "place texts": self._place,
            "apply view warp": self._see,
            "render texts": self._draw,
            "occlude": self._occlude,
            "pixel effects": self._affect,
            "label": self._label,
        }

    def run(self, draft: SceneState) -> None:
        """Take a draft through all stages.

        Raises:
            Rejection: nothing comes of it.
        """
        for step in self.steps.values():
            step(draft)

    def _compose(self, draft: SceneState) -> None:
        design, rng = self._design, draft.streams.content
        draft.size = design.output.draw(rng)
        draft.layout = design.layouts[self._layouts.draw(rng)]
        typesetter = Typesetter(rng, self._writer, draft.block.faces, design.font_options.size_range)
        draft.composition = draft.layout.component.compose(typesetter, draft.size)

    def _paint(self, draft: SceneState) -> None:
        rng = draft.streams.appearance
        number = self._papers.draw(rng)
        draft.background_source, paper = self._design.backgrounds[number], draft.block.backgrounds[number]
        if isinstance(paper, SceneBackgroundPool):
            draft.background = paper.paint_scene(rng, draft.size)
        else:
            draft.background = SceneBackground(paper.paint(rng, draft.size))
        self._design.clutter.draw_distractors(rng, draft.background.image)

    def _place(self, draft: SceneState) -> None:
        draft.placed = draft.layout.component.place(draft.streams.appearance, draft.composition, draft.background)
        if not draft.placed:
            raise Rejection("no place for any text")

    def _see(self, draft: SceneState) -> None:
        draft.view_warp, draft.moved = self._design.effects.draw_warp(draft.streams.appearance, draft.size)
        image = draft.background.image
        draft.image = (
            draft.view_warp.image(image, draft.size, border_mode=cv2.BORDER_REFLECT) if draft.view_warp.maps else image
        )

    def _draw(self, draft: SceneState) -> None:
        rng = draft.streams.appearance
        drawn = self._layer.render_all(rng, draft.image, draft.placed, draft.view_warp)
        draft.rendered = [RenderedItem(placed, draft.view_warp, lines) for placed, lines in drawn]
        if not draft.rendered:
            raise Rejection("no text is whole in the picture and can be read")

    def _occlude(self, draft: SceneState) -> None:
        lines = [line for item in draft.rendered for line in item.lines]
        draft.occlusion = self._design.clutter.occlude(draft.streams.appearance, draft.image, lines)

    def _affect(self, draft: SceneState) -> None:
        draft.image, draft.coloured = self._design.effects.apply_pixels(draft.streams.appearance, draft.image)

    def _label(self, draft: SceneState) -> None:
        luminance = np.asarray(cv2.cvtColor(draft.image, cv2.COLOR_RGB2GRAY), np.uint8)
        draft.instances = label_items(draft.rendered, luminance, draft.occlusion, self._design.legibility)

    def finish(self, draft: SceneState, prefix: str, rejected: tuple[str, ...]) -> Scene:
        """The scene of a draft that went through all stages.

        Args:
            draft: whole.
            prefix: of the scene's key.
            rejected: why earlier attempts were given up.
        """
        lines = [line for item in draft.rendered for line in item.lines]
        composed = sum(len(item.block.lines) for item in draft.composition.items)
        scripts = Counter(line.laid.line.bent.line.script for line in lines)
        drawn = {
            "layout": draft.layout.name,
            "background": draft.background_source.name,
            "jpeg_quality": self._design.output.draw_quality(draft.streams.appearance),
            "lines_not_rendered": composed - len(lines),
            "fonts": sorted({line.laid.line.face.file.name for line in lines}),
        }
        meta = Provenance(
            script=max(scripts, key=lambda script: (scripts[script], script)),
            contrast=round(min(line.contrast for line in lines), 2),
            effects=draft.moved + draft.coloured,
            parameters=drawn,
            rejected=rejected,
        )
        return Scene(f"{prefix}{draft.index:010d}", draft.image, draft.instances, meta)


MAX_SCENE_ATTEMPTS = 5
"""How often a scene is tried before its index stays a gap."""


class SceneGenerator:
    """Draws scenes.

    Attributes:
        design: what they look like.
        stages: what every one goes through.
        blocks: what samples share.

    Args:
        design: what they look like.
        seed: 0 to 2**32 - 1.
        prefix: of the scenes' keys.
        cache: of open fonts, to share with others; None: one of its own.

    Raises:
        InputError: no font can set one of the corpora.
    """

    def __init__(self, design: SceneDesign, seed: int, prefix: str = "", cache: FaceCache | None = None) -> None:
        self.design = design
        self._prefix = prefix
        self._source = StreamSource(seed)
        self.resources = BlockResourceCache(design, seed, cache)
        self.stages = SceneStages(design, self.resources.cache)

    def generate(self, index: int) -> Scene | SkippedSample:
        """Draw scene `index`, or say why each attempt was rejected."""
        streams, block = self._source.at(index), self.resources.at(index)
        reasons: list[str] = []
        for _ in range(MAX_SCENE_ATTEMPTS):
            draft = SceneState(index, streams, block)
            try:
                self.stages.run(draft)
            except Rejection as rejection:
                reasons.append(rejection.reason)
            else:
                return self.stages.finish(draft, self._prefix, tuple(reasons))
        return SkippedSample(index, tuple(reasons))

    def generate_many(self, indices: Sequence[int]) -> Iterator[Scene | SkippedSample]:
        """Draw scenes in this order, each as `draw` draws it."""
        return map(self.generate, indices)
