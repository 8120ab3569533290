"""Variation of the letters of shaped lines: their arrangement one by one, and their stretch."""

from collections.abc import Sequence

from synthtext.core import Parameters, StageStreams, WeightedComponent, WeightedSampler
from synthtext.fonts import Face
from synthtext.glyph_layouts import GlyphLayout, Uniform
from synthtext.lines.design import StretchOptions
from synthtext.typesetting.arrange import arrange_glyphs
from synthtext.typesetting.shaping import ShapedLine


class LetterVariation:
    """Arranges letters by layouts drawn by weight, and stretches lines.

    Each has a random stream of its own, so that lines that are not varied are the same as without it.
    """

    def __init__(self, stretch: StretchOptions, layouts: Sequence[WeightedComponent[GlyphLayout]]) -> None:
        varied = any(entry.component != Uniform() and entry.weight for entry in layouts)
        self._stretch, self._layouts = stretch, tuple(layouts)
        self._sampler = WeightedSampler([entry.weight for entry in layouts]) if varied else None

    def vary(self, streams: StageStreams, line: ShapedLine, face: Face) -> tuple[ShapedLine, Parameters]:
        """Return a line with varied letters, and the drawn parameters; most lines are returned unchanged."""
        line, parameters = self._arrange(streams, line, face)
        if self._stretch.probability:
            rng = streams.appearance("stretch")
            if rng.random() < self._stretch.probability:
                low, high = self._stretch.factor_range
                factor = round(low * (high / low) ** float(rng.random()), 3)
                line, parameters = line.stretched(factor), {**parameters, "stretch": factor}
        return line, parameters

    def _arrange(self, streams: StageStreams, line: ShapedLine, face: Face) -> tuple[ShapedLine, Parameters]:
        if self._sampler is None:
            return line, {}
        rng = streams.appearance("glyph layout")
        entry = self._layouts[self._sampler.draw(rng)]
        if not entry.component.supports(line):
            return line, {}
        drawn = entry.component.draw(rng, line)
        arrangement = entry.component.arrange(line, drawn)
        if arrangement is None:
            return line, {}
        return arrange_glyphs(line, face, arrangement), {"glyph_layout": entry.name, "glyphs": drawn}
