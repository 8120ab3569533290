"""What a corpus is, and a mixture of several."""

import unicodedata
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from synthtext.core import WeightedComponent, WeightedSampler

_UNSEEN = frozenset("\u00ad\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\ufeff")


@runtime_checkable
class Corpus(Protocol):
    """A source of texts. A new one is a dataclass with this one method, named by its dotted path in a recipe."""

    def draw(self, rng: np.random.Generator) -> str:
        """A text; whoever calls cleans it with `clean_text`.

        Raises:
            InputError: the source cannot be read or has no text.
        """
        ...


@runtime_checkable
class SearchableCorpus(Corpus, Protocol):
    """A corpus that finds texts by a character in them."""

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """A text that has the character, about as the corpus would draw it; None if it knows none."""
        ...


class SampledText(NamedTuple):
    """A text, and the name of the corpus it is from."""

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
        """A clean text (it may be empty when its corpus gave nothing visible)."""
        entry = self.entries[self._weighted.draw(rng)]
        return SampledText(clean_text(entry.component.draw(rng)), entry.name)

    def draw_containing(self, rng: np.random.Generator, character: str) -> SampledText | None:
        """A clean text that has a character; None if no corpus finds one. They are asked in an order by weight."""
        # The smallest of exponential numbers is any one's with a chance by its rate, and so on: an order by weight.
        turns = (rng.standard_exponential(len(self._searchable)) / self._rates).tolist() if self._searchable else []
        for _, (name, part) in sorted(zip(turns, self._searchable, strict=True), key=itemgetter(0)):
            text = part.draw_containing(rng, character)
            if text is not None:
                return SampledText(clean_text(text), name)
        return None


def clean_text(text: str) -> str:
    """What a text says, as a label writes it: NFC, every run of white space one plain space, none at the ends.

    Left out is what nobody can see: control characters, byte order marks, soft hyphens, zero-width spaces, invisible
    operators. Joiners stay, they change how letters look. Ready-made forms of Arabic and Hebrew letters become the
    letters themselves: a font chooses the forms. Controls of direction stay and are refused by whoever sets the text.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(unicodedata.normalize("NFKC", c) if _is_ready_made(c) else c for c in text)
        text = "".join(c for c in text if c.isspace() or not _is_unseen(c))
        text = unicodedata.normalize("NFC", text)  # last: what was left out may have stood between a letter and a mark
    return " ".join(text.split())


def _is_ready_made(character: str) -> bool:
    return "\ufb1d" <= character <= "\ufdff" or "\ufe70" <= character <= "\ufefc"


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in ("Cc", "Cs")
