"""Running text with punctuation, and fragments that are cut out of other texts."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from synthtext.core import BoundedSettings, InputError, Range, bounded, check_range, lerp
from synthtext.corpora.corpus import Corpus, PicklesSettings, clean_text
from synthtext.corpora.language import has_spaces, to_case
from synthtext.corpora.words import Lexicon, language_lexicon

_MAX_WORDS, _MAX_CHARACTERS = 1000, 1000
_ENDS = {"ar": ".؟!", "fa": ".؟!", "ur": "۔؟!", "hi": "।?!", "bn": "।?!", "zh": "。？！", "ja": "。？！", "el": ".;!"}
_COMMAS = {"ar": "،", "fa": "،", "ur": "،", "zh": "，", "ja": "、"}
_PAIRS = {"zh": ("“”", "（）"), "ja": ("「」", "（）"), "de": ("„“", "()"), "fr": ("«»", "()"), "ru": ("«»", "()")}
_SENTENCE = 12  # words of a sentence, on average


@dataclass(frozen=True)
class RunningText(BoundedSettings, PicklesSettings):
    """Draws words as they follow each other in running text: with their frequencies, punctuation and capitals.

    The words are independent of each other; a text begins anywhere in a sentence.

    Attributes:
        language: Language code of wordfreq ("en"), whose punctuation is used.
        size: Number of the most frequent words to draw from.
        exponent: The weight of a word is its frequency to this power, 0 to 2; 1 is running text.
        count_range: Number of words of a text.
        punctuation: Probability of a comma, quotation marks or brackets at a word, 0 to 1.
    """

    language: str = "en"
    size: int = 50_000
    exponent: float = bounded(0.9, 0, 2)
    count_range: tuple[int, int] = (1, 6)
    punctuation: float = bounded(0.12, 0, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("count_range", self.count_range, 1, _MAX_WORDS, "counts")
        if self.size < 1:
            raise InputError(f"size {self.size} must be at least 1")

    def draw(self, rng: np.random.Generator) -> str:
        """Draw words in a row.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        words = self._lexicon.draw_several(rng, *self.count_range)
        ends = _ENDS.get(self.language, ".?!")
        is_first = rng.random() < 1 / _SENTENCE
        parts = []
        for word in words:
            part = to_case(word, "title", self.language) if is_first else word
            is_first = rng.random() < 1 / _SENTENCE
            end = ends[int(rng.choice(3, p=(0.8, 0.12, 0.08)))] if is_first else ""
            parts.append(part + end if end else self._punctuated(rng, part))
        return (" " if has_spaces(self.language) else "").join(parts)

    def _punctuated(self, rng: np.random.Generator, word: str) -> str:
        if rng.random() >= self.punctuation:
            return word
        quotes, brackets = _PAIRS.get(self.language, ('""', "()"))
        kind = rng.random()
        if kind < 0.7:
            return word + _COMMAS.get(self.language, ",")
        pair = quotes if kind < 0.85 else brackets
        return pair[0] + word + pair[1]

    @cached_property
    def _lexicon(self) -> Lexicon:
        return language_lexicon(self.language, self.size, self.exponent)


@dataclass(frozen=True)
class Fragment(BoundedSettings, PicklesSettings):
    """Draws pieces that are cut out of the texts of other corpora, as where a crop begins or ends within a word.

    A piece begins or ends anywhere but within a letter and its marks.

    Attributes:
        sources: Corpora by any name, drawn from equally often; by default running English text of 3 to 8 words.
        share_range: Fraction of the text that is kept, 0.05 to 1.
        length_range: Bounds of the number of characters that are kept.
        inner_probability: Probability of a piece that is cut on both sides; otherwise it is cut on one side.
    """

    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    sources: Mapping[str, Corpus] = field(default_factory=dict)
    share_range: Range = bounded((0.2, 0.8), 0.05, 1, "shares")
    length_range: tuple[int, int] = (2, 25)
    inner_probability: float = bounded(0.4, 0, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("length_range", self.length_range, 1, _MAX_CHARACTERS, "counts")

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a piece; raises the errors of the sources."""
        text = clean_text(self._corpora[int(rng.integers(len(self._corpora)))].draw(rng))
        starts = [i for i, character in enumerate(text) if not _is_attached(character)]
        low, high = self.length_range
        kept = min(max(round(len(starts) * lerp(self.share_range, rng.random())), low), high, len(starts))
        spare = len(starts) - kept
        first = int(rng.integers(spare + 1))
        if rng.random() >= self.inner_probability:
            first = 0 if rng.random() < 0.5 else spare
        bounds = [*starts, len(text)]
        return text[bounds[first] : bounds[first + kept]]

    @cached_property
    def _corpora(self) -> tuple[Corpus, ...]:
        return tuple(self.sources.values()) or (RunningText(count_range=(3, 8)),)


def _is_attached(character: str) -> bool:
    """Whether a character is a mark or a joiner of the letter before it."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
