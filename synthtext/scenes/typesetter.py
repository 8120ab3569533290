"""Typesetting of the texts of a scene."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from synthtext.core import Range, Warp
from synthtext.core.errors import Rejection
from synthtext.fonts import Face
from synthtext.lines.placement import CurvedLine
from synthtext.lines.sampler import LineSampler, LineSpec
from synthtext.scenes.composition import TypesetLine
from synthtext.typesetting.itemize import itemize
from synthtext.typesetting.shaping import shape_line

_MAX_DRAWS = 8  # in search of a text that a font covers
_SAMPLES = 5  # texts that are sampled to estimate how much of the corpora a font covers
_RIGHT_TO_LEFT = {"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}
_UNSPACED = {"Bopo", "Hani", "Hira", "Kana", "Khmr", "Laoo", "Mymr", "Thai", "Tibt", "Yiii"}
_CHARACTER_WIDTH = 0.5  # ems, initial estimate


class Typesetter:
    """Typesets the texts of a scene; all randomness comes from the content stream.

    `size_range` is the range of the sampler's uniformly distributed font sizes, pixels.
    """

    def __init__(
        self, rng: np.random.Generator, sampler: LineSampler, faces: Sequence[Face], size_range: Range
    ) -> None:
        self.rng, self._sampler, self._faces, self._size_range = rng, sampler, faces, size_range

    def choose(self, max_em: float) -> LineSpec:
        """Sample a text, a font, and how to set it; font sizes are distributed log-uniformly.

        Args:
            max_em: Maximum font size in pixels; larger sizes are reduced to it.

        Raises:
            Rejection: A few draws gave no text that can be set.
        """
        for _ in range(_MAX_DRAWS - 1):
            try:
                return self._resized(self._sampler.sample(self.rng, self._faces), max_em)
            except Rejection:
                continue
        return self._resized(self._sampler.sample(self.rng, self._faces), max_em)

    def choose_for_page(self, max_em: float) -> LineSpec:
        """Like `choose`, but with a font that covers most texts of the corpora, if a few draws find one."""
        spec = self.choose(max_em)
        for _ in range(_MAX_DRAWS):
            texts = [self._sampler.sample_text(self.rng) for _ in range(_SAMPLES)]
            if 2 * sum(self._sampler.with_text(self.rng, text, spec) is not None for text in texts) > _SAMPLES:
                break
            spec = self.choose(max_em)
        return spec

    def _resized(self, spec: LineSpec, max_em: float) -> LineSpec:
        low, high = self._size_range
        fraction = (spec.em - low) / (high - low) if high > low else 0.0
        return spec._replace(em=min(low * (high / low) ** fraction, max_em))

    def typeset(self, spec: LineSpec, *, bend: bool = False) -> TypesetLine | None:
        """Shape a text, along its baseline if `bend`; None if this is impossible."""
        shaping = spec.shaping if bend else spec.shaping._replace(vertical=False)
        try:
            line = shape_line(spec.displayed, spec.face, shaping)
        except Rejection:
            return None
        baseline = spec.baseline.component
        warp = baseline.warp(line.ink_box, baseline.draw(self.rng, line.ink_box)) if bend else Warp()
        return TypesetLine(CurvedLine.of(line, warp), spec.face, spec.em)

    def typeset_text(self, text: str, template: LineSpec) -> TypesetLine | None:
        """Shape a text straight with the settings of `template`; None if this is impossible."""
        spec = self._sampler.with_text(self.rng, text, template)
        return None if spec is None else self.typeset(spec)

    def typeset_another(self, template: LineSpec) -> TypesetLine | None:
        """Shape another text of the corpora straight; None if a few draws gave none that can be set."""
        for _ in range(_MAX_DRAWS):
            line = self.typeset_text(self._sampler.sample_text(self.rng), template)
            if line is not None:
                return line
        return None

    def fill_line(self, template: LineSpec, width: float) -> TypesetLine | None:
        """Shape a straight line of as many texts as fit a width (pixels); None if not even one fits."""
        parts: list[str] = []
        length, max_length = 0, width / template.em / _CHARACTER_WIDTH
        for _ in range(4 * _MAX_DRAWS):
            text = self._sampler.sample_text(self.rng)
            if text and self._sampler.with_text(self.rng, text, template) is not None:
                parts.append(text)
                length += len(text) + 1
                if length > max_length:
                    break
        while parts:
            line = self.typeset_text(join_texts(parts), template)
            if line is not None and line.width <= width:
                return line
            excess = 0.1 if line is None else 1 - width / line.width
            parts = parts[: len(parts) - max(1, int(len(parts) * excess))]
        return None


def is_right_to_left(line: TypesetLine) -> bool:
    """Whether a line's script runs from right to left."""
    return line.curved.line.script in _RIGHT_TO_LEFT


def join_texts(texts: Sequence[str]) -> str:
    """Join texts by spaces, unless their scripts have none."""
    parts = [texts[0]]
    for before, text in pairwise(texts):
        unspaced = all(itemize(c)[0].script in _UNSPACED for c in (before[-1], text[0]))
        parts.append(text if unspaced else f" {text}")
    return "".join(parts)
