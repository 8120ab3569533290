"""The stages that take lines from a text to a picture."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np

from synthtext.background import ParametricBackground
from synthtext.core import Box, Clusters, Image, Provenance, Sample, WeightedSampler
from synthtext.core.compositing import cut_clearance
from synthtext.core.errors import Rejection
from synthtext.fonts import FaceCache
from synthtext.ink import (
    ContrastLoss,
    DecorationMargins,
    choose_colours,
    composite,
    compute_ink_masks,
    measure_backgrounds,
)
from synthtext.lines.design import LineDesign
from synthtext.lines.placement import place_line
from synthtext.lines.sampler import LineSampler
from synthtext.lines.state import LineState, LineStyle
from synthtext.typesetting.canvas import Strokes, rasterize_line, rasterize_strokes

_CONTRAST_REDUCTIONS = (
    0.0,
    0.3,
    0.55,
    0.75,
)  # further papers that are tried for a line: each costs a tenth of another line
_BACKGROUND_RADIUS = 0.06  # ems around the ink that count as its ground
_MAX_DECORATION = 0.3  # ems that a picture grows for decoration on a side, at most: letters would become small

Stage: TypeAlias = Callable[[Sequence[LineState]], None]
"""Takes drafts one step on. What it cannot take on, it leaves with a `failure`, which later stages pass over."""


def _per_line(step: Callable[[LineState], None]) -> Stage:
    """A stage that takes drafts one by one."""

    def stage(drafts: Sequence[LineState]) -> None:
        for draft in drafts:
            try:
                step(draft)
            except Exception as failure:
                draft.failure = failure

    return stage


def _batched(step: Stage) -> Stage:
    """A stage that takes drafts all at once. When one stops it, all fail: drawn alone, each meets its own fate."""

    def stage(drafts: Sequence[LineState]) -> None:
        try:
            step(drafts)
        except Exception as failure:
            for draft in drafts:
                draft.failure = failure

    return stage


class LineStages:
    """The stages that make samples of drafts.

    A stage is done for all drafts before the next one begins: what the processor has at hand of a stage, it uses again,
    which takes a third off the time of a line.

    Attributes:
        steps: the stages by name, in order.

    Args:
        design: what lines look like.
        cache: of faces and their glyphs.
    """

    def __init__(self, design: LineDesign, cache: FaceCache) -> None:
        self._design, self._cache = design, cache
        self._writer = LineSampler(design, design.layout)
        self._papers = WeightedSampler([entry.weight for entry in design.backgrounds])
        self.steps: dict[str, Stage] = {
            "write": _per_line(self._sample),
            "set": _per_line(self._shape),
            "place": _per_line(self._place),
            "draw": _per_line(self._rasterize),
            "warp": _per_line(self._warp),
            "find ink": _batched(self._compute_ink_masks),
            "add neighbours": _per_line(self._add_neighbour),
            "mark": _per_line(self._draw_strokes),
            "paint paper": _per_line(self._paint_background),
            "measure ground": _batched(self._measure_backgrounds),
            "choose colour": _batched(self._choose_colours),
            "calm paper": _per_line(self._reduce_background_contrast),
            "compose": _per_line(self._compose),
            "pixel effects": _per_line(self._apply_pixel_effects),
        }

    def _sample(self, draft: LineState) -> None:
        draft.spec = self._writer.sample(draft.streams.content, draft.block.faces, draft.required)

    def _shape(self, draft: LineState) -> None:
        draft.layout = self._writer.layout(draft.streams.content, draft.spec)

    def _place(self, draft: LineState) -> None:
        copy, bent, rng = draft.spec, draft.layout.curved, draft.streams.appearance
        style = self._design.ink.draw_style(rng)
        style_drawn = style.component.draw(rng)
        marks = style.component.strokes(bent.line, style_drawn)
        warp, moved = self._design.effects.draw_warp(rng, bent.natural_size(copy.em))
        reach = style.component.outset(style_drawn)
        room = _decoration_padding(style.component.padding(style_drawn), bent.line.ink_box, marks)
        frame = place_line(bent, warp, copy.em, copy.margins, copy.alignment, reach, self._design.output, room)
        draft.style = LineStyle(style, style_drawn, marks, moved, frame)

    def _rasterize(self, draft: LineState) -> None:
        draft.raster = rasterize_line(draft.layout.curved.line, draft.spec.face, self._cache, draft.style.placement.em)

    def _warp(self, draft: LineState) -> None:
        draft.coverage = self._styled_coverage(
            draft, draft.raster.warped(draft.style.placement.warp, draft.style.placement.size)
        )

    def _styled_coverage(self, draft: LineState, coverage: Image) -> Image:
        look = draft.style
        return look.ink_style.component.style_coverage(coverage, look.placement.em, look.style_parameters)

    def _compute_ink_masks(self, drafts: Sequence[LineState]) -> None:
        quads = [draft.style.placement.quads[draft.layout.curved.line.visible] for draft in drafts]
        reaches = [max(1, round(draft.style.placement.em * _BACKGROUND_RADIUS)) for draft in drafts]
        fields = compute_ink_masks([draft.coverage for draft in drafts], quads, reaches)
        for draft, inked in zip(drafts, fields, strict=True):
            if inked is None:
                draft.failure = Rejection("blank glyph")
            else:
                draft.ink_mask = inked

    def _add_neighbour(self, draft: LineState) -> None:
        neighbour, frame = draft.layout.neighbour, draft.style.placement
        if neighbour is not None:
            other = rasterize_line(neighbour.line, draft.spec.face, self._cache, frame.em)
            shown = self._styled_coverage(draft, other.warped(neighbour.offset.then(frame.warp), frame.size))
            draft.coverage = np.asarray(cv2.max(draft.coverage, shown), np.uint8)

    def _draw_strokes(self, draft: LineState) -> None:
        marks, frame = draft.style.strokes, draft.style.placement
        if marks is None:
            return
        drawn = rasterize_strokes(marks, frame.em).warped(frame.warp, frame.size)
        if marks.clearance:
            drawn = cut_clearance(drawn, draft.coverage, marks.clearance * frame.em)
        if marks.colour is None:
            draft.coverage = np.asarray(cv2.max(draft.coverage, drawn), np.uint8)
        else:
            draft.stroke_coverage = drawn

    def _paint_background(self, draft: LineState) -> None:
        draft.background_index = self._papers.draw(draft.streams.appearance)
        self._paint_with(draft, 0.0)

    def _paint_with(self, draft: LineState, calm: float) -> None:
        style, style_drawn, marks, _, frame = draft.style
        part, rng = draft.block.backgrounds[draft.background_index], draft.streams.appearance
        if isinstance(part, ParametricBackground):
            draft.background_parameters = part.draw(rng)
            painted = part.render(frame.size, draft.background_parameters)
        else:
            painted = part.paint(rng, frame.size)
        paper = _reduce_contrast(painted, calm)
        if draft.stroke_coverage is not None and marks is not None and marks.colour is not None:
            paper = composite(paper, draft.stroke_coverage, marks.colour)
        draft.background, draft.contrast_reduction = (
            style.component.underlay(paper, draft.coverage, frame.em, style_drawn),
            calm,
        )

    def _measure_backgrounds(self, drafts: Sequence[LineState]) -> None:
        grounds = measure_backgrounds([draft.ink_mask for draft in drafts], [draft.background for draft in drafts])
        for draft, ground in zip(drafts, grounds, strict=True):
            draft.local_background = ground

    def _choose_colours(self, drafts: Sequence[LineState]) -> None:
        offered = [self._design.ink.candidates(draft.streams.appearance, draft.background) for draft in drafts]
        floors = [
            _contrast_loss(draft).required_contrast(self._design.ink.contrast_floor / _retained_contrast(draft))
            for draft in drafts
        ]
        inks = choose_colours(offered, [draft.local_background for draft in drafts], floors)
        for draft, ink in zip(drafts, inks, strict=True):
            draft.ink = ink

    def _reduce_background_contrast(self, draft: LineState) -> None:
        for calm in _CONTRAST_REDUCTIONS:
            if draft.ink is not None:
                return
            self._paint_with(draft, calm)
            self._measure_backgrounds([draft])
            self._choose_colours([draft])
        if draft.ink is None:
            raise Rejection("contrast")

    def _compose(self, draft: LineState) -> None:
        assert draft.ink is not None
        style, style_drawn, _, _, frame = draft.style
        image = style.component.fill(draft.background, draft.coverage, draft.ink, frame.em, style_drawn)
        part = draft.block.backgrounds[draft.background_index]
        draft.image = (
            part.apply_overlay(image, draft.background_parameters) if isinstance(part, ParametricBackground) else image
        )

    def _apply_pixel_effects(self, draft: LineState) -> None:
        draft.image, draft.pixel_effects = self._design.effects.apply_pixels(draft.streams.appearance, draft.image)

    def run(self, drafts: Sequence[LineState]) -> None:
        """Take drafts through all stages; each ends whole, or with a `failure`."""
        for stage in self.steps.values():
            drafts = [draft for draft in drafts if draft.failure is None]
            if drafts:
                stage(drafts)

    def finish(self, draft: LineState, prefix: str, rejected: tuple[str, ...]) -> Sample:
        """The sample of a draft that went through all stages.

        Args:
            draft: whole.
            prefix: of the sample's key.
            rejected: why earlier attempts were given up.
        """
        content, look, ink = draft.layout, draft.style, draft.ink
        assert ink is not None
        line = content.curved.line
        low, high = self._design.output.quality_range
        drawn = {
            "em": round(look.placement.em, 2),
            "ink": [round(part) for part in ink.colour],
            "style": look.ink_style.name,
            **look.style_parameters,
            "background": self._design.backgrounds[draft.background_index].name,
            **({"background_parameters": draft.background_parameters} if draft.background_parameters else {}),
            "calm": draft.contrast_reduction,
            "jpeg_quality": low + int(draft.streams.appearance.random() * (high - low + 1)),
            **content.drawn,
        }
        meta = Provenance(
            font=draft.spec.face.file.name,
            script=line.script,
            corpus=draft.spec.text.corpus,
            contrast=round(_contrast_loss(draft).remaining_contrast(ink.contrast) * _retained_contrast(draft), 2),
            effects=look.geometric_effects + draft.pixel_effects,
            parameters=drawn,
            rejected=rejected,
        )
        reach = look.ink_style.component.outset(look.style_parameters)
        clusters = Clusters(line.clusters.offsets, look.placement.quads)
        if reach:  # the border is the text's, too
            clusters = line.clusters.expanded(reach).warped(look.placement.warp)
        return Sample(f"{prefix}{draft.index:010d}", draft.image, line.text, clusters, meta)


def _contrast_loss(draft: LineState) -> ContrastLoss:
    """What the style takes off the contrast of the colour."""
    return draft.style.ink_style.component.contrast_loss(draft.style.style_parameters)


def _retained_contrast(draft: LineState) -> float:
    """The share of contrast that the paper leaves."""
    part = draft.block.backgrounds[draft.background_index]
    return part.retained_contrast(draft.background_parameters) if isinstance(part, ParametricBackground) else 1.0


def _decoration_padding(room: DecorationMargins, ink: Box, marks: Strokes | None) -> DecorationMargins:
    """The room that decoration gets in the picture: what a style asks for, and what marks take beyond a line's ink."""
    sides = list(room)
    if marks is not None:
        box = marks.box
        beyond = (ink.left - box.left, ink.top - box.top, box.right - ink.right, box.bottom - ink.bottom)
        sides = [max(side, more) for side, more in zip(sides, beyond, strict=True)]
    return DecorationMargins(*[min(side, _MAX_DECORATION) for side in sides])


def _reduce_contrast(paper: Image, calm: float) -> Image:
    """The paper with its contrast taken back, as by haze or a wash: 0 leaves it, 1 would make it one grey."""
    if not calm:
        return paper
    return np.asarray(cv2.convertScaleAbs(paper, alpha=1 - calm, beta=calm * cv2.mean(paper)[1]), np.uint8)
