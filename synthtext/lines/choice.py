"""Which text a line gets: any, one of a wanted length, or one with a character that is owed."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from synthtext.core import Charset, Parameters
from synthtext.corpora import CorpusMixture, SampledText, clean_text, insert_character, joins_texts
from synthtext.fonts import Face
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.design import LayoutOptions
from synthtext.lines.lengths import LengthSampler

_DRAWS, _SEARCHES, _PLACEMENTS = 6, 2, 4  # of texts, until one has the character

CoverageOutcome: TypeAlias = Literal["drawn", "found", "placed", "no text", "no font of the block", "given up"]
"""How a sample came by the character that it owes, or why it did not."""


class TextChoice(NamedTuple):
    """A text, and what was asked of it.

    Attributes:
        text: that was drawn or made.
        owed: the character that its face must show, if it is paid.
        told: for explanation.
    """

    text: SampledText
    required_character: str | None
    parameters: Parameters


class TextSampler:
    """Chooses texts.

    Args:
        corpora: where they come from.
        charset: that labels are read with.
        layout: says which lengths are wanted.

    Raises:
        InputError: no text of the corpora has a length that is wanted.
    """

    def __init__(self, corpora: CorpusMixture, charset: Charset, layout: LayoutOptions) -> None:
        self._corpora, self._charset = corpora, charset
        self._shortest, self._longest = layout.length_range
        weights = layout.length_weights
        self._lengths = LengthSampler(weights, layout.length_range, corpora) if weights else None

    def choose(self, rng: np.random.Generator) -> TextChoice:
        """Any text, by the weights of lengths."""
        if self._lengths is None:
            return TextChoice(self._corpora.draw(rng), None, {})
        text, found = self._lengths.draw(rng)
        return TextChoice(text, None, {} if found else {"length": "not found"})

    def choose_with(self, rng: np.random.Generator, debt: RequiredCharacter, faces: Sequence[Face]) -> TextChoice:
        """A text with a character that is owed, which one of the faces can show.

        The first of six drawn texts that has it; else one that a corpus finds by the character; else a drawn one that
        the character was put into; else any text.
        """
        character = debt.character
        if debt.gave_up:
            return self._choose_without(rng, character, "given up")
        if not any(self.shows(face, character, character) for face in faces):
            return self._choose_without(rng, character, "no font of the block")
        for paid, text in self._candidates(rng, character):
            if self._fits(text.text, character) and any(self.shows(face, text.text, character) for face in faces):
                return TextChoice(text, character, {"owed": character, "paid": paid})
        return self._choose_without(rng, character, "no text")

    def shows(self, face: Face, text: str, owed: str) -> bool:
        """Whether a line of the text in a face has a character."""
        return face.covers(text) and owed in self._charset.fold(displayed_text(text, face))

    def _choose_without(self, rng: np.random.Generator, character: str, why: CoverageOutcome) -> TextChoice:
        text, _, told = self.choose(rng)
        return TextChoice(text, None, {**told, "owed": character, "paid": why})

    def _fits(self, text: str, character: str) -> bool:
        folded = self._charset.fold(text)
        if self._lengths is None:
            has_length = self._shortest <= len(text) <= self._longest
        else:
            has_length = self._lengths.factor(text) > 0
        return has_length and character in folded and self._charset.covers(folded)

    def _candidates(self, rng: np.random.Generator, character: str) -> Iterator[tuple[CoverageOutcome, SampledText]]:
        for _ in range(_DRAWS):
            text = self._corpora.draw(rng)
            if self._lengths is None or self._lengths.accepts(rng, text.text):
                yield "drawn", text
        for _ in range(_SEARCHES):
            found = self._corpora.draw_with(rng, character)
            if found is None:
                break
            yield "found", found
        for _ in range(_PLACEMENTS):
            text = self._corpora.draw(rng)
            after = self._corpora.draw(rng).text if joins_texts(character) else ""
            placed = insert_character(rng, text.text, character, after)
            yield "placed", text._replace(text=clean_text(placed))  # where a corpus gave nothing, a space is left over


def displayed_text(text: str, face: Face) -> str:
    """A text in the letters that a face really draws."""
    if face.case == "both":
        return text
    changed = text.upper() if face.case == "upper" else text.lower()
    return unicodedata.normalize("NFC", changed)  # the capital of an iota with two accents comes in three parts
