"""The interface of corpora, mixtures of corpora, cleaning of texts, and insertion of characters into them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np
from fontTools.unicodedata import script

from synthtext.core import WeightedComponent, WeightedSampler

_INVISIBLE = frozenset("\u00ad\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\ufeff")

_PRESENTATION_FORM = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")  # of an Arabic or Hebrew letter


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


class PicklesSettings:
    """A dataclass that is pickled without its cached properties."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


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
        text = _PRESENTATION_FORM.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)
        text = "".join(c for c in text if c.isspace() or not _is_invisible(c))
        text = unicodedata.normalize("NFC", text)  # last: a removed character may separate a letter and a mark
    return " ".join(text.split())


def _is_invisible(character: str) -> bool:
    return character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cs")


_PREFIXES = {"#", "@"}  # also currency signs
_JOINING = set("/\\_-:^*~·")  # signs between two texts
_SPACED = set("&+=|×÷•–—")  # signs mostly surrounded by spaces
_ATTACHED = ("Mn", "Mc", "Me", "Cf")  # categories of marks and joiners, which need a letter
_PAIRS = "() [] {} <> «» “” ‘’ „“ \"\" '' （） 【】 《》 〈〉 「」 『』 〔〕 ［］ ｛｝"
_PARTNERS = {pair[0]: pair[1] for pair in _PAIRS.split()}
_OPENERS = {closer: opener for opener, closer in _PARTNERS.items() if opener != "„"}


def joins_texts(character: str) -> bool:
    """Whether a character is inserted between two texts."""
    return character == " " or character in _JOINING or character in _SPACED


def insert_character(rng: np.random.Generator, text: str, character: str, after: str = "") -> str:
    """Insert a character into a text.

    It replaces a character of the same category and script (a capital letter, a digit). If there is none, brackets and
    quotation marks enclose the text, currency signs, # and @ precede it, joining characters (a space, /, &) separate
    it from `after` (which may be empty), and others follow the text. Characters that need a letter (marks, joiners) are
    not inserted.
    """
    if character == " ":
        return f"{text} {after}"
    kind = _kind(character)
    if kind[0] in _ATTACHED:
        return text
    positions = [i for i, other in enumerate(text) if _kind(other) == kind and not _is_bound(text, i)]
    if positions and kind[0][0] in "LN":
        position = positions[int(rng.integers(len(positions)))]
        return text[:position] + character + text[position + 1 :]
    if character in _PARTNERS:
        return character + text + _PARTNERS[character]
    if character in _OPENERS:
        return _OPENERS[character] + text + character
    if character in _PREFIXES or kind[0] == "Sc":
        return character + text
    if after and character in _SPACED and rng.random() < 0.7:
        return f"{text} {character} {after}"
    return text + character + after if joins_texts(character) else text + character


@lru_cache(maxsize=1 << 14)
def _kind(character: str) -> tuple[str, str]:
    return unicodedata.category(character), script(character)


def _is_bound(text: str, position: int) -> bool:
    """Whether a mark or joiner follows the character."""
    return position + 1 < len(text) and unicodedata.category(text[position + 1]) in _ATTACHED
