"""Sets the texts of one scene."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from synthtext.core import Range, Warp
from synthtext.core.errors import Rejection
from synthtext.fonts import Face
from synthtext.lines.placement import BentLine
from synthtext.lines.sampler import Copy, Writer
from synthtext.scenes.composition import LetteredLine
from synthtext.typesetting.itemize import split_runs
from synthtext.typesetting.shaping import set_line

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

    def __init__(self, rng: np.random.Generator, writer: Writer, faces: Sequence[Face], size_range: Range) -> None:
        self.rng, self._writer, self._faces, self._size_range = rng, writer, faces, size_range

    def choose(self, most: float) -> Copy:
        """A text, a font for it, and how it is to be set: small ems are as likely as large ones, on a scale of ratios.

        Args:
            most: pixels of the largest em; what is drawn larger is set so.

        Raises:
            Rejection: a few draws gave none that can be set.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._resized(self._writer.write(self.rng, self._faces), most)
            except Rejection:
                continue
        return self._resized(self._writer.write(self.rng, self._faces), most)

    def choose_for_page(self, most: float) -> Copy:
        """The same for much text: in a font that most texts of the corpora can be set in, if a few draws find one."""
        copy = self.choose(most)
        for _ in range(_TRIES):
            texts = [self._writer.draw_text(self.rng) for _ in range(_SAMPLES)]
            if 2 * sum(self._writer.rewrite(self.rng, text, copy) is not None for text in texts) > _SAMPLES:
                break
            copy = self.choose(most)
        return copy

    def _resized(self, copy: Copy, most: float) -> Copy:
        low, high = self._size_range
        share = (copy.em - low) / (high - low) if high > low else 0.0
        return copy._replace(em=min(low * (high / low) ** share, most))

    def letter(self, copy: Copy, *, bend: bool = False) -> LetteredLine | None:
        """Set a text, along its baseline if `bend`; None if it cannot be set so."""
        try:
            line = set_line(copy.shown, copy.face, copy.setting if bend else copy.setting._replace(vertical=False))
        except Rejection:
            return None
        baseline = copy.baseline.part
        warp = baseline.warp(line.ink, baseline.draw(self.rng, line.ink)) if bend else Warp()
        return LetteredLine(BentLine.of(line, warp), copy.face, copy.em)

    def letter_text(self, text: str, like: Copy) -> LetteredLine | None:
        """Set a given text straight, as another copy is set; None if it cannot be."""
        copy = self._writer.rewrite(self.rng, text, like)
        return None if copy is None else self.letter(copy)

    def another(self, like: Copy) -> LetteredLine | None:
        """Set another text of the corpora straight, as a copy is set; None if a few draws gave none that can be."""
        for _ in range(_TRIES):
            line = self.letter_text(self._writer.draw_text(self.rng), like)
            if line is not None:
                return line
        return None

    def fill(self, like: Copy, width: float) -> LetteredLine | None:
        """Set a line of as many texts of the corpora as a width (pixels) holds; None if not even one fits."""
        parts: list[str] = []
        length, wanted = 0, width / like.em / _DENSE
        for _ in range(4 * _TRIES):
            text = self._writer.draw_text(self.rng)
            if text and self._writer.rewrite(self.rng, text, like) is not None:
                parts.append(text)
                length += len(text) + 1
                if length > wanted:
                    break
        while parts:
            line = self.letter_text(joined(parts), like)
            if line is not None and line.width <= width:
                return line
            over = 0.1 if line is None else 1 - width / line.width
            parts = parts[: len(parts) - max(1, int(len(parts) * over))]
        return None


def reads_leftwards(line: LetteredLine) -> bool:
    """Whether a line's script begins at the right."""
    return line.bent.line.script in _RIGHT_TO_LEFT


def joined(texts: Sequence[str]) -> str:
    """Texts one after the other, with a space between them unless their scripts have none."""
    parts = [texts[0]]
    for before, text in pairwise(texts):
        unspaced = _script(before[-1]) in _UNSPACED and _script(text[0]) in _UNSPACED
        parts.append(text if unspaced else f" {text}")
    return "".join(parts)


def _script(character: str) -> str:
    return split_runs(character)[0].script
