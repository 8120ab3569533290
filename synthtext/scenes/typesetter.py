"""Sets the texts of one scene."""

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

_TRIES = 8  # of a text that a font can set
_SAMPLES = 5  # texts that tell how much of the corpora a font can set
_RIGHT_TO_LEFT = {"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}
_UNSPACED = {"Bopo", "Hani", "Hira", "Kana", "Khmr", "Laoo", "Mymr", "Thai", "Tibt", "Yiii"}
_DENSE = 0.5  # ems that a character takes at first guess


class Typesetter:
    """Sets the texts of one scene; all chance comes from its content stream.

    Args:
        rng: the content stream.
        writer: of its texts.
        faces: to choose from.
        size_range: from which the writer draws ems evenly, pixels.
    """

    def __init__(self, rng: np.random.Generator, writer: LineSampler, faces: Sequence[Face], size_range: Range) -> None:
        self.rng, self._sampler, self._faces, self._size_range = rng, writer, faces, size_range

    def choose(self, max_em: float) -> LineSpec:
        """A text, a font for it, and how it is to be set: small ems are as likely as large ones, on a scale of ratios.

        Args:
            max_em: pixels of the largest em; what is drawn larger is set so.

        Raises:
            Rejection: a few draws gave none that can be set.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._resized(self._sampler.sample(self.rng, self._faces), max_em)
            except Rejection:
                continue
        return self._resized(self._sampler.sample(self.rng, self._faces), max_em)

    def choose_for_page(self, max_em: float) -> LineSpec:
        """The same for much text: in a font that most texts of the corpora can be set in, if a few draws find one."""
        copy = self.choose(max_em)
        for _ in range(_TRIES):
            texts = [self._sampler.sample_text(self.rng) for _ in range(_SAMPLES)]
            if 2 * sum(self._sampler.with_text(self.rng, text, copy) is not None for text in texts) > _SAMPLES:
                break
            copy = self.choose(max_em)
        return copy

    def _resized(self, copy: LineSpec, max_em: float) -> LineSpec:
        low, high = self._size_range
        share = (copy.em - low) / (high - low) if high > low else 0.0
        return copy._replace(em=min(low * (high / low) ** share, max_em))

    def typeset(self, copy: LineSpec, *, bend: bool = False) -> TypesetLine | None:
        """Set a text, along its baseline if `bend`; None if it cannot be set so."""
        try:
            line = shape_line(
                copy.displayed, copy.face, copy.shaping if bend else copy.shaping._replace(vertical=False)
            )
        except Rejection:
            return None
        baseline = copy.baseline.component
        warp = baseline.warp(line.ink_box, baseline.draw(self.rng, line.ink_box)) if bend else Warp()
        return TypesetLine(CurvedLine.of(line, warp), copy.face, copy.em)

    def typeset_text(self, text: str, template: LineSpec) -> TypesetLine | None:
        """Set a given text straight, as another copy is set; None if it cannot be."""
        copy = self._sampler.with_text(self.rng, text, template)
        return None if copy is None else self.typeset(copy)

    def typeset_another(self, template: LineSpec) -> TypesetLine | None:
        """Set another text of the corpora straight, as a copy is set; None if a few draws gave none that can be."""
        for _ in range(_TRIES):
            line = self.typeset_text(self._sampler.sample_text(self.rng), template)
            if line is not None:
                return line
        return None

    def fill_line(self, template: LineSpec, width: float) -> TypesetLine | None:
        """Set a line of as many texts of the corpora as a width (pixels) holds; None if not even one fits."""
        parts: list[str] = []
        length, wanted = 0, width / template.em / _DENSE
        for _ in range(4 * _TRIES):
            text = self._sampler.sample_text(self.rng)
            if text and self._sampler.with_text(self.rng, text, template) is not None:
                parts.append(text)
                length += len(text) + 1
                if length > wanted:
                    break
        while parts:
            line = self.typeset_text(join_texts(parts), template)
            if line is not None and line.width <= width:
                return line
            over = 0.1 if line is None else 1 - width / line.width
            parts = parts[: len(parts) - max(1, int(len(parts) * over))]
        return None


def is_right_to_left(line: TypesetLine) -> bool:
    """Whether a line's script begins at the right."""
    return line.bent.line.script in _RIGHT_TO_LEFT


def join_texts(texts: Sequence[str]) -> str:
    """Texts one after the other, with a space between them unless their scripts have none."""
    parts = [texts[0]]
    for before, text in pairwise(texts):
        unspaced = _script(before[-1]) in _UNSPACED and _script(text[0]) in _UNSPACED
        parts.append(text if unspaced else f" {text}")
    return "".join(parts)


def _script(character: str) -> str:
    return itemize(character)[0].script
