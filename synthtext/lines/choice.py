"""Select the text of a line: any text, a text of a requested length, or a text that contains a required character."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from synthtext.core import Charset, InputError, Parameters, probe_stream
from synthtext.core.errors import Rejection
from synthtext.corpora import CorpusMixture, SampledText, clean_text, insert_character, joins_texts
from synthtext.fonts import Face, GlyphDistinction
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.design import LayoutOptions, parse_length_weights

_DRAWS, _SEARCHES, _INSERTIONS = 6, 2, 4  # attempts to get a text with the required character

CoverageOutcome: TypeAlias = Literal["sampled", "searched", "inserted", "no text", "no font of the block", "gave up"]
"""How the required character got into a sample's text, or why it did not."""


_MAX_DRAWS = 32  # texts that are sampled to find one of a requested length
_PROBES = 400  # texts that are sampled to find out which lengths occur


class LengthSampler:
    """Samples texts such that each length is more frequent by its factor.

    Texts are rejected in proportion to their factors; after 32 rejections, one of the rejected texts is chosen by its
    factor. Factors are relative to the largest one among the lengths of 400 sampled texts, so that a length which no
    text has costs no time. Lengths outside of the minimum and maximum have the factor 0, those in no range 1.
    """

    def __init__(self, weights: Mapping[str, float], lengths: tuple[int, int], corpora: CorpusMixture) -> None:
        ranges = parse_length_weights(weights)
        self._shortest, self._longest = lengths
        self._factors = np.ones(max((high for _, high, _ in ranges), default=0) + 1)
        for low, high, factor in ranges:
            self._factors[low : high + 1] = factor
        self._corpora = corpora
        rng = probe_stream(1)
        self._greatest = max(self.factor(corpora.draw(rng).text) for _ in range(_PROBES))
        if not self._greatest:
            raise InputError("layout.length_weights: no text of the corpora has a length whose factor is above 0")

    def factor(self, text: str) -> float:
        """Return the factor of a text's length; 0 means never."""
        if not self._shortest <= len(text) <= self._longest:
            return 0.0
        return float(self._factors[len(text)]) if len(text) < len(self._factors) else 1.0

    def accepts(self, rng: np.random.Generator, text: str) -> bool:
        """Randomly accept a text, in proportion to its factor."""
        return rng.random() * self._greatest < self.factor(text)

    def draw(self, rng: np.random.Generator) -> tuple[SampledText, bool]:
        """Sample a text, and return whether it was accepted; if not, it is one of the rejected texts.

        Raises:
            Rejection: All sampled texts have the factor 0.
        """
        texts: list[SampledText] = []
        for _ in range(_MAX_DRAWS):
            texts.append(self._corpora.draw(rng))
            if self.accepts(rng, texts[-1].text):
                return texts[-1], True
        factors = np.cumsum([self.factor(text.text) for text in texts])
        if not factors[-1]:
            raise Rejection("no text of a requested length")
        return texts[int(np.searchsorted(factors, rng.random() * factors[-1], side="right"))], False


class TextChoice(NamedTuple):
    """A text and how it was selected."""

    text: SampledText  # the sampled text, possibly changed to contain the required character
    required_character: str | None  # that the face must show; None if there is none, or if the text lacks it
    parameters: Parameters  # recorded with the sample


class TextSampler:
    """Samples the texts of lines from corpora, with the lengths of a layout.

    Raises:
        InputError: No text of the corpora has a length with a weight above 0.
    """

    def __init__(
        self, corpora: CorpusMixture, charset: Charset, layout: LayoutOptions, distinction: GlyphDistinction
    ) -> None:
        self._corpora, self._charset, self._distinction = corpora, charset, distinction
        self._shortest, self._longest = layout.length_range
        weights = layout.length_weights
        self._lengths = LengthSampler(weights, layout.length_range, corpora) if weights else None

    def choose(self, rng: np.random.Generator) -> TextChoice:
        """Sample a text, by the weights of the lengths."""
        if self._lengths is None:
            return TextChoice(self._corpora.draw(rng), None, {})
        text, accepted = self._lengths.draw(rng)
        return TextChoice(text, None, {} if accepted else {"length": "not found"})

    def choose_with(self, rng: np.random.Generator, required: RequiredCharacter, faces: Sequence[Face]) -> TextChoice:
        """Sample a text that contains a required character, which one of the faces can show.

        Takes the first of six sampled texts that contains it; else a text that a corpus finds by the character; else a
        sampled text into which the character is inserted; else any text.
        """
        character = required.character
        if required.gave_up:
            return self._choose_without(rng, character, "gave up")
        if not any(self.shows(face, character, character) for face in faces):
            return self._choose_without(rng, character, "no font of the block")
        for outcome, text in self._candidates(rng, character):
            if self._fits(text.text, character) and any(self.shows(face, text.text, character) for face in faces):
                return TextChoice(text, character, {"required_character": character, "coverage_outcome": outcome})
        return self._choose_without(rng, character, "no text")

    def shows(self, face: Face, text: str, character: str) -> bool:
        """Whether a face covers a text, and shows a character of it so that its characters are told apart."""
        is_shown = face.covers(text) and character in self._charset.fold(displayed_text(text, face))
        return is_shown and self._distinction.allows(face, text)

    def _choose_without(self, rng: np.random.Generator, character: str, outcome: CoverageOutcome) -> TextChoice:
        text, _, parameters = self.choose(rng)
        return TextChoice(text, None, {**parameters, "required_character": character, "coverage_outcome": outcome})

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
                yield "sampled", text
        for _ in range(_SEARCHES):
            found = self._corpora.draw_containing(rng, character)
            if found is None:
                break
            yield "searched", found
        for _ in range(_INSERTIONS):
            text = self._corpora.draw(rng)
            after = self._corpora.draw(rng).text if joins_texts(character) else ""
            inserted = insert_character(rng, text.text, character, after)
            yield "inserted", text._replace(text=clean_text(inserted))  # removes the space next to an empty text


def displayed_text(text: str, face: Face) -> str:
    """Return a text as the face displays it: upper-case or lower-case for a face that has only one case."""
    if face.case == "both":
        return text
    changed = text.upper() if face.case == "upper" else text.lower()
    return unicodedata.normalize("NFC", changed)  # upper() decomposes some Greek letters
