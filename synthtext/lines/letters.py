"""The stages that turn the text of a line into the coverage of its letters."""

from collections.abc import Sequence

import cv2
import numpy as np

from synthtext.core import Image, Size, Warp, WarpTarget, bounding_box
from synthtext.core.compositing import cut_clearance, with_opacity
from synthtext.core.errors import Rejection
from synthtext.fonts import FaceCache
from synthtext.ink import DecorationMargins, compute_ink_masks
from synthtext.lines.design import LineDesign
from synthtext.lines.placement import CurvedLine, place_line
from synthtext.lines.sampler import LineSampler
from synthtext.lines.stage import Stage, batched, per_line, per_line_random
from synthtext.lines.state import LineState, LineStyle
from synthtext.typesetting.canvas import LineRaster, Strokes, rasterize_strokes
from synthtext.typesetting.shaping import ShapedLine

_BACKGROUND_RADIUS = 0.06  # ems around the ink whose luminance its contrast is measured against
_MAX_DECORATION = 0.4  # ems by which decoration may enlarge a side of the image; more would make letters small


def ink_style_name(state: LineState) -> str:
    """Return the name of the ink style, by which stages that use it group lines."""
    return state.style.ink_style.name


class LetterStages:
    """The stages up to the coverage of the letters and of the strokes along them.

    Attributes:
        sampler: Sampler of texts and layouts.
        steps: The stages by name, in order.

    Args:
        design: Settings of the lines.
        cache: Open fonts.
        sampler: Sampler of texts and layouts.
    """

    def __init__(self, design: LineDesign, cache: FaceCache, sampler: LineSampler) -> None:
        self._design, self._cache, self.sampler = design, cache, sampler
        self.steps: dict[str, Stage] = {
            "sample text": per_line(self._sample),
            "shape": per_line(self._shape, _face),
            **per_line_random("choose style", self._choose_style),
            "draw geometric effects": batched(self._draw_geometric_effects),
            "place": per_line(self._place, ink_style_name),
            "rasterize": per_line(self._rasterize, _face),
            "warp": per_line(self._warp, _warp_kind),
            "style letters": per_line(self._style_letters, ink_style_name),
            "compute ink masks": batched(self._compute_ink_masks),
            "add neighbours": per_line(self._add_neighbour),
            "draw strokes": per_line(self._draw_strokes),
        }

    def _sample(self, state: LineState) -> None:
        state.spec = self.sampler.sample(state.streams.content, state.block.faces, state.required)

    def _shape(self, state: LineState) -> None:
        state.layout = self.sampler.layout(state.streams, state.spec)

    def _choose_style(self, state: LineState, rng: np.random.Generator) -> None:
        ink_style = self._design.ink.draw_style(rng, state.layout.curved.line)
        parameters = ink_style.component.draw(rng)
        state.layout = state.layout.drawn_by(ink_style.component, parameters)
        state.style = LineStyle(
            ink_style, parameters, ink_style.component.strokes(state.layout.curved.line, parameters)
        )

    def _draw_geometric_effects(self, states: Sequence[LineState]) -> None:
        targets = []
        for state in states:
            box, em = state.layout.curved.box, state.spec.em
            rng = state.streams.appearance("geometric effects")
            targets.append(WarpTarget(rng, Size(box.width * em, box.height * em)))
        self._design.effects.draw_warps(targets)
        for state, target in zip(states, targets, strict=True):
            state.view, state.geometric_effects = target.warp, tuple(target.applied)

    def _place(self, state: LineState) -> None:
        spec, curved, style = state.spec, state.layout.curved, state.style
        component, parameters = style.ink_style.component, style.parameters
        warp = curved.natural_warp(spec.em).then(state.view)
        padding = _decoration_padding(component.padding(parameters), curved, style.strokes, warp, spec.em)
        outset, output = component.outset(parameters), self._design.output
        state.placement = place_line(curved, warp, spec.em, spec.margins, spec.alignment, outset, output, padding)

    def _rasterize(self, state: LineState) -> None:
        state.raster = self._rasterized(state, state.layout.curved.line)

    def _rasterized(self, state: LineState, line: ShapedLine) -> LineRaster:
        component, parameters = state.style.ink_style.component, state.style.parameters
        return component.rasterize(line, state.spec.face, self._cache, state.placement.em, parameters)

    def _warp(self, state: LineState) -> None:
        placement = state.placement
        state.coverage = state.raster.warped(placement.warp, placement.size)

    def _style_letters(self, state: LineState) -> None:
        state.coverage = self._styled_coverage(state, state.coverage)

    def _styled_coverage(self, state: LineState, coverage: Image) -> Image:
        style = state.style
        return style.ink_style.component.style_coverage(coverage, state.placement.em, style.parameters)

    def _compute_ink_masks(self, states: Sequence[LineState]) -> None:
        quads = [state.placement.quads[state.layout.curved.line.visible] for state in states]
        radii = [max(1, round(state.placement.em * _BACKGROUND_RADIUS)) for state in states]
        masks = compute_ink_masks([state.coverage for state in states], quads, radii)
        for state, mask in zip(states, masks, strict=True):
            if mask is None:
                state.failure = Rejection("blank glyph")
            else:
                state.ink_mask = mask

    def _add_neighbour(self, state: LineState) -> None:
        neighbour, placement = state.layout.neighbour, state.placement
        if neighbour is not None:
            other = self._rasterized(state, neighbour.line)
            shown = self._styled_coverage(state, other.warped(neighbour.offset.then(placement.warp), placement.size))
            state.coverage = np.asarray(cv2.max(state.coverage, shown), np.uint8)

    def _draw_strokes(self, state: LineState) -> None:
        strokes, placement = state.style.strokes, state.placement
        if strokes is None:
            return
        coverage = rasterize_strokes(strokes, placement.em).warped(placement.warp, placement.size)
        if strokes.clearance:
            coverage = cut_clearance(coverage, state.coverage, strokes.clearance * placement.em)
        if strokes.colour is None:
            state.coverage = np.asarray(cv2.max(state.coverage, coverage), np.uint8)
        else:
            state.stroke_coverage = with_opacity(coverage, strokes.opacity)


def _face(state: LineState) -> str:
    return state.spec.face.file.name


def _warp_kind(state: LineState) -> int:
    """Number of maps: the warps of straight lines, then those of curved ones."""
    return len(state.placement.warp.maps)


def _decoration_padding(
    padding: DecorationMargins, curved: CurvedLine, strokes: Strokes | None, warp: Warp, em: float
) -> DecorationMargins:
    """Padding of the image for decoration: what the style requires, and how far strokes extend beyond the ink."""
    if strokes is None and not any(padding):
        return padding
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
