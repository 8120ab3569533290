"""The stages that turn the text of a line into an image."""

from collections.abc import Sequence

import cv2
import numpy as np

from synthtext.background import ParametricBackground
from synthtext.core import Clusters, DetailBudget, EffectTarget, Image, Provenance, Sample, WeightedSampler
from synthtext.core.errors import Rejection
from synthtext.fonts import FaceCache
from synthtext.ink import choose_colours, composite, measure_backgrounds
from synthtext.lines.design import LineDesign
from synthtext.lines.letters import LetterStages, ink_style_name
from synthtext.lines.sampler import LineSampler
from synthtext.lines.stage import Stage, batched, per_line, per_line_random
from synthtext.lines.state import LineState
from synthtext.occluders.occluder import Nothing, occlude

_CONTRAST_REDUCTIONS = (0.0, 0.3, 0.55, 0.75)  # of further backgrounds that are tried; each costs a tenth of a line


class LineStages:
    """The stages that turn states into samples.

    A stage processes all states before the next stage begins, and similar states one after the other: this keeps its
    code and data in the processor's caches, which saves a third of the time.

    Attributes:
        steps: The stages by name, in order.

    Args:
        design: Settings of the lines.
        cache: Open fonts.
        sampler: Sampler of texts and layouts to use; a new one if None.
    """

    def __init__(self, design: LineDesign, cache: FaceCache, sampler: LineSampler | None = None) -> None:
        self._design, self._cache = design, cache
        self._letters = LetterStages(design, cache, sampler or LineSampler(design, design.layout, design.glyph_layouts))
        self._occluders = WeightedSampler([entry.weight for entry in design.occluders])
        self._backgrounds = WeightedSampler([entry.weight for entry in design.backgrounds])
        self.steps: dict[str, Stage] = {
            **self._letters.steps,
            **per_line_random("choose background", self._choose_background),
            "paint background": per_line(self._paint_background, lambda state: state.background_index),
            "underlay": per_line(self._underlay, ink_style_name),
            "measure background": batched(self._measure_backgrounds),
            "choose colours": batched(self._choose_colours),
            "reduce background contrast": per_line(self._reduce_background_contrast),
            "composite": per_line(self._composite, ink_style_name),
            **(
                per_line_random("occlude", self._occlude)
                if any(e.component != Nothing() for e in design.occluders)
                else {}
            ),
            "pixel effects": batched(self._apply_pixel_effects),
        }

    def with_design(self, design: LineDesign) -> "LineStages":
        """Return stages for lines of the same texts with another appearance.

        The corpora, the charset and the lengths of the texts must be the same.
        """
        return LineStages(design, self._cache, self._letters.sampler.with_design(design, design.layout))

    def _choose_background(self, state: LineState, rng: np.random.Generator) -> None:
        state.background_index = self._backgrounds.draw(rng)

    def _paint_background(self, state: LineState) -> None:
        self._paint_with(state, state.streams.appearance("paint background"), 0.0)

    def _paint_with(self, state: LineState, rng: np.random.Generator, reduction: float) -> None:
        background = state.block.backgrounds[state.background_index]
        if isinstance(background, ParametricBackground):
            state.background_parameters = background.draw(rng)
            painted = background.render(state.placement.size, state.background_parameters)
        else:
            painted = background.paint(rng, state.placement.size)
        state.background, state.contrast_reduction = _reduce_contrast(painted, reduction), reduction

    def _underlay(self, state: LineState) -> None:
        ink_style, parameters, strokes = state.style
        image = ink_style.component.surface(state.background, parameters)
        if state.stroke_coverage is not None and strokes is not None and strokes.colour is not None:
            image = composite(image, state.stroke_coverage, strokes.colour)
        state.background = ink_style.component.underlay(image, state.coverage, state.placement.em, parameters)

    def _measure_backgrounds(self, states: Sequence[LineState]) -> None:
        backgrounds = measure_backgrounds([state.ink_mask for state in states], [state.background for state in states])
        for state, background in zip(states, backgrounds, strict=True):
            state.local_background = background

    def _choose_colours(self, states: Sequence[LineState]) -> None:
        self._choose_with(states, [state.streams.appearance("choose colours") for state in states])

    def _choose_with(self, states: Sequence[LineState], streams: Sequence[np.random.Generator]) -> None:
        ink = self._design.ink
        candidates = [
            state.style.ink_style.component.colours(state.style.parameters) or ink.candidates(rng, state.background)
            for state, rng in zip(states, streams, strict=True)
        ]
        floors = [
            state.contrast_loss.required_contrast(ink.contrast_floor / state.retained_contrast) for state in states
        ]
        inks = choose_colours(candidates, [state.local_background for state in states], floors)
        for state, colour in zip(states, inks, strict=True):
            state.ink = colour

    def _reduce_background_contrast(self, state: LineState) -> None:
        if state.ink is None:
            self._reduce_until_legible(state)

    def _reduce_until_legible(self, state: LineState) -> None:
        rng = state.streams.appearance("reduce background contrast")
        for reduction in _CONTRAST_REDUCTIONS:
            self._paint_with(state, rng, reduction)
            self._underlay(state)
            self._measure_backgrounds([state])
            self._choose_with([state], [rng])
            if state.ink is not None:
                return
        raise Rejection("contrast")

    def _composite(self, state: LineState) -> None:
        assert state.ink is not None
        component, parameters = state.style.ink_style.component, state.style.parameters
        state.image = component.fill(state.background, state.coverage, state.ink, state.placement.em, parameters)
        background = state.block.backgrounds[state.background_index]
        if isinstance(background, ParametricBackground):
            state.image = background.apply_overlay(state.image, state.background_parameters)

    def _occlude(self, state: LineState, rng: np.random.Generator) -> None:
        entry = self._design.occluders[self._occluders.draw(rng)]
        quads = state.placement.quads[state.layout.curved.line.visible]
        em = state.placement.em
        state.image, drawn = occlude(rng, entry.component, state.image, state.coverage, quads, em)
        state.occlusion = {"occluder": entry.name, "occlusion": drawn} if drawn else {}

    def _apply_pixel_effects(self, states: Sequence[LineState]) -> None:
        targets = []
        for state in states:
            budget = self._budget(state) if self._design.legibility.is_limited else None
            targets.append(EffectTarget(state.streams.appearance("pixel effects"), state.image, budget))
        self._design.effects.apply_pixels_to(targets)
        for state, target in zip(states, targets, strict=True):
            state.image, state.pixel_effects = target.image, tuple(target.applied)

    def _budget(self, state: LineState) -> DetailBudget:
        quads = state.placement.quads[state.layout.curved.line.visible]
        return self._design.legibility.budget(state.coverage, quads, state.remaining_contrast)

    def run(self, states: Sequence[LineState]) -> None:
        """Run all stages; every state is then complete or has a `failure`."""
        for stage in self.steps.values():
            states = [state for state in states if state.failure is None]
            if states:
                stage(states)

    def finish(self, state: LineState, prefix: str, rejected: tuple[str, ...]) -> Sample:
        """Create the sample of a state that passed all stages; `rejected` tells why earlier attempts failed."""
        layout, style, ink = state.layout, state.style, state.ink
        assert ink is not None
        line = layout.curved.line
        low, high = self._design.output.quality_range
        parameters = {
            "em_size": round(state.placement.em, 2),
            "ink": [round(channel) for channel in ink.colour],
            "ink_style": style.ink_style.name,
            **style.parameters,
            "background": self._design.backgrounds[state.background_index].name,
            **({"background_parameters": state.background_parameters} if state.background_parameters else {}),
            "contrast_reduction": state.contrast_reduction,
            "jpeg_quality": low + int(state.streams.appearance("JPEG quality").random() * (high - low + 1)),
            **state.occlusion,
            **layout.parameters,
        }
        meta = Provenance(
            font=state.spec.face.file.name,
            script=line.script,
            corpus=state.spec.text.corpus,
            contrast=round(state.remaining_contrast, 2),
            effects=state.geometric_effects + state.pixel_effects,
            parameters=parameters,
            rejected=rejected,
        )
        clusters = Clusters(line.clusters.offsets, state.placement.labels)
        return Sample(f"{prefix}{state.index:010d}", state.image, line.text, clusters, meta)


def _reduce_contrast(background: Image, reduction: float) -> Image:
    """Blend a background with its mean: 0 leaves it unchanged, 1 would make it uniform."""
    if not reduction:
        return background
    level = cv2.mean(background)[1]
    return np.asarray(cv2.convertScaleAbs(background, alpha=1 - reduction, beta=reduction * level), np.uint8)
