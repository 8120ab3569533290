"""The interface of corpora, mixtures of corpora, and cleaning of texts."""

import unicodedata
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from synthtext.core import WeightedComponent, WeightedSampler

_INVISIBLE = frozenset("\u00ad\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\ufeff")


@runtime_checkable
class Corpus(Protocol):
    """A source of texts.

    A custom corpus is a dataclass with this method, named by its dotted path in a recipe.
    """

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a text, which the caller cleans with `clean_text`.

        Raises:
            InputError: The source cannot be read or has no text.
        """
        ...


@runtime_checkable
class SearchableCorpus(Corpus, Protocol):
    """A corpus that can be searched for texts with a character."""

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw a text that contains the character, roughly as the corpus is distributed; None if there is none."""
        ...


class SampledText(NamedTuple):
    """A text and the name of its corpus."""

    text: str
    corpus: str


class CorpusMixture:
    """Draws from several corpora by weight."""

    def __init__(self, entries: Sequence[WeightedComponent[Corpus]]) -> None:
        self.entries = tuple(entries)
        self._weighted = WeightedSampler([entry.weight for entry in self.entries])
        used = [entry for entry in self.entries if entry.weight > 0]
        self._searchable = [(e.name, e.component) for e in used if isinstance(e.component, SearchableCorpus)]
        self._rates = np.array([entry.weight for entry in used if isinstance(entry.component, SearchableCorpus)])

    def draw(self, rng: np.random.Generator) -> SampledText:
        """Draw a clean text, which is empty if that of the corpus is invisible."""
        entry = self.entries[self._weighted.draw(rng)]
        return SampledText(clean_text(entry.component.draw(rng)), entry.name)

    def draw_containing(self, rng: np.random.Generator, character: str) -> SampledText | None:
        """Draw a clean text with a character, from corpora in an order by weight; None if none finds one."""
        # Sorting exponential variates by their rates gives a weighted random order.
        order = (rng.standard_exponential(len(self._searchable)) / self._rates).tolist() if self._searchable else []
        for _, (name, part) in sorted(zip(order, self._searchable, strict=True), key=itemgetter(0)):
            text = part.draw_containing(rng, character)
            if text is not None:
                return SampledText(clean_text(text), name)
        return None


def clean_text(text: str) -> str:
    """Normalize a text to the form of labels: NFC, with single spaces between words and none at the ends.

    Invisible characters are removed: control characters, byte order marks, soft hyphens, zero-width spaces, invisible
    operators. Joiners are kept, because they change the shapes of letters. Presentation forms of Arabic and Hebrew
    letters are replaced by the letters. Bidirectional controls are kept, and rejected when a line is shaped.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(unicodedata.normalize("NFKC", c) if _is_presentation_form(c) else c for c in text)
        text = "".join(c for c in text if c.isspace() or not _is_invisible(c))
        text = unicodedata.normalize("NFC", text)  # last: a removed character may separate a letter and a mark
    return " ".join(text.split())


def _is_presentation_form(character: str) -> bool:
    return "\ufb1d" <= character <= "\ufdff" or "\ufe70" <= character <= "\ufefc"


def _is_invisible(character: str) -> bool:
    return character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cs")
