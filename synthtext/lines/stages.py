"""The stages that turn the text of a line into an image."""

from collections.abc import Sequence

import cv2
import numpy as np

from synthtext.background import ParametricBackground
from synthtext.core import Clusters, Image, Provenance, Sample, Size, Warp, WeightedSampler, bounding_box
from synthtext.core.compositing import cut_clearance, with_opacity
from synthtext.core.errors import Rejection
from synthtext.fonts import FaceCache
from synthtext.ink import DecorationMargins, choose_colours, composite, compute_ink_masks, measure_backgrounds
from synthtext.lines.design import LineDesign
from synthtext.lines.placement import CurvedLine, place_line
from synthtext.lines.sampler import LineSampler
from synthtext.lines.stage import Stage, batched, per_line, per_line_random
from synthtext.lines.state import LineState, LineStyle
from synthtext.occluders.occluder import Nothing, occlude
from synthtext.typesetting.canvas import LineRaster, Strokes, rasterize_strokes
from synthtext.typesetting.shaping import ShapedLine

_CONTRAST_REDUCTIONS = (0.0, 0.3, 0.55, 0.75)  # of further backgrounds that are tried; each costs a tenth of a line
_BACKGROUND_RADIUS = 0.06  # ems around the ink whose luminance its contrast is measured against
_MAX_DECORATION = 0.4  # ems by which decoration may enlarge a side of the image; more would make letters small


class LineStages:
    """The stages that turn states into samples.

    A stage processes all states before the next stage begins: this keeps its code and data in the processor's caches,
    which saves a third of the time.

    Attributes:
        steps: The stages by name, in order.

    Args:
        design: Settings of the lines.
        cache: Open fonts.
        sampler: Sampler of texts and layouts to use; a new one if None.
    """

    def __init__(self, design: LineDesign, cache: FaceCache, sampler: LineSampler | None = None) -> None:
        self._design, self._cache = design, cache
        self._sampler = sampler or LineSampler(design, design.layout, design.glyph_layouts)
        self._occluders = WeightedSampler([entry.weight for entry in design.occluders])
        self._backgrounds = WeightedSampler([entry.weight for entry in design.backgrounds])
        self.steps: dict[str, Stage] = {
            "sample text": per_line(self._sample),
            "shape": per_line(self._shape),
            **per_line_random("place", self._place),
            "rasterize": per_line(self._rasterize),
            "warp": per_line(self._warp),
            "compute ink masks": batched(self._compute_ink_masks),
            "add neighbours": per_line(self._add_neighbour),
            "draw strokes": per_line(self._draw_strokes),
            **per_line_random("paint background", self._paint_background),
            "measure background": batched(self._measure_backgrounds),
            "choose colours": batched(self._choose_colours),
            **per_line_random("reduce background contrast", self._reduce_background_contrast),
            "composite": per_line(self._composite),
            **(
                per_line_random("occlude", self._occlude)
                if any(e.component != Nothing() for e in design.occluders)
                else {}
            ),
            **per_line_random("pixel effects", self._apply_pixel_effects),
        }

    def with_design(self, design: LineDesign) -> "LineStages":
        """Return stages for lines of the same texts with another appearance.

        The corpora, the charset and the lengths of the texts must be the same.
        """
        return LineStages(design, self._cache, self._sampler.with_design(design, design.layout))

    def _sample(self, state: LineState) -> None:
        state.spec = self._sampler.sample(state.streams.content, state.block.faces, state.required)

    def _shape(self, state: LineState) -> None:
        state.layout = self._sampler.layout(state.streams, state.spec)

    def _place(self, state: LineState, rng: np.random.Generator) -> None:
        spec, curved = state.spec, state.layout.curved
        ink_style = self._design.ink.draw_style(rng, curved.line)
        parameters = ink_style.component.draw(rng)
        state.layout = state.layout.drawn_by(ink_style.component, parameters)
        curved = state.layout.curved
        strokes = ink_style.component.strokes(curved.line, parameters)
        natural = Size(curved.box.width * spec.em, curved.box.height * spec.em)
        warp, effects = self._design.effects.draw_warp(rng, natural)
        outset = ink_style.component.outset(parameters)
        warp = curved.natural_warp(spec.em).then(warp)
        padding = _decoration_padding(ink_style.component.padding(parameters), curved, strokes, warp, spec.em)
        output = self._design.output
        placement = place_line(curved, warp, spec.em, spec.margins, spec.alignment, outset, output, padding)
        state.style = LineStyle(ink_style, parameters, strokes, effects, placement)

    def _rasterize(self, state: LineState) -> None:
        state.raster = self._rasterized(state, state.layout.curved.line)

    def _rasterized(self, state: LineState, line: ShapedLine) -> LineRaster:
        component, parameters = state.style.ink_style.component, state.style.style_parameters
        return component.rasterize(line, state.spec.face, self._cache, state.style.placement.em, parameters)

    def _warp(self, state: LineState) -> None:
        placement = state.style.placement
        state.coverage = self._styled_coverage(state, state.raster.warped(placement.warp, placement.size))

    def _styled_coverage(self, state: LineState, coverage: Image) -> Image:
        style = state.style
        return style.ink_style.component.style_coverage(coverage, style.placement.em, style.style_parameters)

    def _compute_ink_masks(self, states: Sequence[LineState]) -> None:
        quads = [state.style.placement.quads[state.layout.curved.line.visible] for state in states]
        radii = [max(1, round(state.style.placement.em * _BACKGROUND_RADIUS)) for state in states]
        masks = compute_ink_masks([state.coverage for state in states], quads, radii)
        for state, mask in zip(states, masks, strict=True):
            if mask is None:
                state.failure = Rejection("blank glyph")
            else:
                state.ink_mask = mask

    def _add_neighbour(self, state: LineState) -> None:
        neighbour, placement = state.layout.neighbour, state.style.placement
        if neighbour is not None:
            other = self._rasterized(state, neighbour.line)
            shown = self._styled_coverage(state, other.warped(neighbour.offset.then(placement.warp), placement.size))
            state.coverage = np.asarray(cv2.max(state.coverage, shown), np.uint8)

    def _draw_strokes(self, state: LineState) -> None:
        strokes, placement = state.style.strokes, state.style.placement
        if strokes is None:
            return
        coverage = rasterize_strokes(strokes, placement.em).warped(placement.warp, placement.size)
        if strokes.clearance:
            coverage = cut_clearance(coverage, state.coverage, strokes.clearance * placement.em)
        if strokes.colour is None:
            state.coverage = np.asarray(cv2.max(state.coverage, coverage), np.uint8)
        else:
            state.stroke_coverage = with_opacity(coverage, strokes.opacity)

    def _paint_background(self, state: LineState, rng: np.random.Generator) -> None:
        state.background_index = self._backgrounds.draw(rng)
        self._paint_with(state, rng, 0.0)

    def _paint_with(self, state: LineState, rng: np.random.Generator, reduction: float) -> None:
        ink_style, parameters, strokes, _, placement = state.style
        background = state.block.backgrounds[state.background_index]
        if isinstance(background, ParametricBackground):
            state.background_parameters = background.draw(rng)
            painted = background.render(placement.size, state.background_parameters)
        else:
            painted = background.paint(rng, placement.size)
        image = ink_style.component.surface(_reduce_contrast(painted, reduction), parameters)
        if state.stroke_coverage is not None and strokes is not None and strokes.colour is not None:
            image = composite(image, state.stroke_coverage, strokes.colour)
        state.background = ink_style.component.underlay(image, state.coverage, placement.em, parameters)
        state.contrast_reduction = reduction

    def _measure_backgrounds(self, states: Sequence[LineState]) -> None:
        backgrounds = measure_backgrounds([state.ink_mask for state in states], [state.background for state in states])
        for state, background in zip(states, backgrounds, strict=True):
            state.local_background = background

    def _choose_colours(self, states: Sequence[LineState]) -> None:
        self._choose_with(states, [state.streams.appearance("choose colours") for state in states])

    def _choose_with(self, states: Sequence[LineState], streams: Sequence[np.random.Generator]) -> None:
        ink = self._design.ink
        candidates = [
            state.style.ink_style.component.colours(state.style.style_parameters)
            or ink.candidates(rng, state.background)
            for state, rng in zip(states, streams, strict=True)
        ]
        floors = [
            state.contrast_loss.required_contrast(ink.contrast_floor / state.retained_contrast) for state in states
        ]
        inks = choose_colours(candidates, [state.local_background for state in states], floors)
        for state, colour in zip(states, inks, strict=True):
            state.ink = colour

    def _reduce_background_contrast(self, state: LineState, rng: np.random.Generator) -> None:
        for reduction in _CONTRAST_REDUCTIONS:
            if state.ink is not None:
                return
            self._paint_with(state, rng, reduction)
            self._measure_backgrounds([state])
            self._choose_with([state], [rng])
        if state.ink is None:
            raise Rejection("contrast")

    def _composite(self, state: LineState) -> None:
        assert state.ink is not None
        ink_style, parameters, _, _, placement = state.style
        state.image = ink_style.component.fill(state.background, state.coverage, state.ink, placement.em, parameters)
        background = state.block.backgrounds[state.background_index]
        if isinstance(background, ParametricBackground):
            state.image = background.apply_overlay(state.image, state.background_parameters)

    def _occlude(self, state: LineState, rng: np.random.Generator) -> None:
        entry = self._design.occluders[self._occluders.draw(rng)]
        quads = state.style.placement.quads[state.layout.curved.line.visible]
        em = state.style.placement.em
        state.image, drawn = occlude(rng, entry.component, state.image, state.coverage, quads, em)
        state.occlusion = {"occluder": entry.name, "occlusion": drawn} if drawn else {}

    def _apply_pixel_effects(self, state: LineState, rng: np.random.Generator) -> None:
        quads = state.style.placement.quads[state.layout.curved.line.visible]
        budget = self._design.legibility.budget(state.coverage, quads, state.remaining_contrast)
        state.image, state.pixel_effects = self._design.effects.apply_pixels(rng, state.image, budget)

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
            "em_size": round(style.placement.em, 2),
            "ink": [round(channel) for channel in ink.colour],
            "ink_style": style.ink_style.name,
            **style.style_parameters,
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
            effects=style.geometric_effects + state.pixel_effects,
            parameters=parameters,
            rejected=rejected,
        )
        clusters = Clusters(line.clusters.offsets, style.placement.labels)
        return Sample(f"{prefix}{state.index:010d}", state.image, line.text, clusters, meta)


def _decoration_padding(
    padding: DecorationMargins, curved: CurvedLine, strokes: Strokes | None, warp: Warp, em: float
) -> DecorationMargins:
    """Padding of the image for decoration: what the style requires, and how far strokes extend beyond the ink."""
    sides = list(padding)
    if strokes is not None:
        pairs = [(curved.line.ink_box, strokes.box, 1.0)]
        if not curved.warp.maps:  # a warp moves strokes below the letters sidewards, too
            ink, box = (bounding_box(warp.points(box.polygon())) for box in pairs[0][:2])
            pairs.append((ink, box, em))
        for ink, box, unit in pairs:
            beyond = (ink.left - box.left, ink.top - box.top, box.right - ink.right, box.bottom - ink.bottom)
            sides = [max(side, more / unit) for side, more in zip(sides, beyond, strict=True)]
    return DecorationMargins(*[min(side, _MAX_DECORATION) for side in sides])


def _reduce_contrast(background: Image, reduction: float) -> Image:
    """Blend a background with its mean: 0 leaves it unchanged, 1 would make it uniform."""
    if not reduction:
        return background
    level = cv2.mean(background)[1]
    return np.asarray(cv2.convertScaleAbs(background, alpha=1 - reduction, beta=reduction * level), np.uint8)
