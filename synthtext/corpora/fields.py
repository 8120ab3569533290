"""Fields of signs, labels and forms (numbers, dates, prices, codes, addresses), and templates that combine them."""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import ClassVar

import numpy as np

from synthtext.core import InputError
from synthtext.corpora.corpus import Corpus
from synthtext.corpora.pattern import Pattern
from synthtext.corpora.words import Words

_MONTH = "(January|February|March|April|May|June|July|August|September|October|November|December)"
_MONTH_SHORT = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY, _YEAR = "([1-9]|1[0-9]|2[0-8])", "(19[5-9][0-9]|20[0-3][0-9])"


@dataclass(frozen=True)
class Number(Pattern):
    """Integers, decimals, thousands, percentages, ordinals."""

    pattern: str = r"[1-9]\d{0,5}|\d\.\d{1,3}|[1-9]\d{0,2}(,\d{3}){1,2}|[1-9]\d?(\.\d)?%|#?\d{1,4}|No\. ?\d{1,3}"


@dataclass(frozen=True)
class Date(Pattern):
    """Dates and times of day in several formats."""

    pattern: str = (
        rf"{_DAY} {_MONTH} {_YEAR}|{_MONTH_SHORT} {_DAY}, {_YEAR}|{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-8])"
        rf"|(0[1-9]|1[0-2])/(0[1-9]|[12][0-8])/\d\d|{_DAY}\.([1-9]|1[0-2])\.{_YEAR}"
        r"|([01]?[0-9]|2[0-3]):[0-5][0-9]|(1[0-2]|[1-9])(:[0-5]0)? ?(am|pm|AM|PM)"
    )


@dataclass(frozen=True)
class Price(Pattern):
    """Amounts of money in ASCII."""

    pattern: str = r"\$[1-9]\d{0,3}(\.\d\d)?|[1-9]\d{0,3}\.\d\d|(USD|EUR|GBP) [1-9]\d{0,2}(,\d{3})?\.\d\d|[1-9]\d?\.99"


@dataclass(frozen=True)
class Code(Pattern):
    """Serial numbers, licence plates, telephone numbers, product codes."""

    pattern: str = (
        r"[A-Z]{1,3}-?\d{2,6}|[A-Z0-9]{4,10}|[A-Z]{2}\d{2} ?[A-Z]{3}|\d{3}-\d{3}-\d{4}|\(\d{3}\) \d{3}-\d{4}"
        r"|\d{2,4}/\d{2,4}[A-Z]?|[0-9a-f]{6,8}"
    )


_SEPARATOR = Pattern(r"|[._-]|\d{1,2}|\d")
_ENDING = Pattern(r"\.(com|org|net|edu|gov|info|biz|co\.uk|de|fr|io)")
_START = Pattern(r"www\.|http://www\.|https://|")


@dataclass(frozen=True)
class _Address:
    language: str = "en"

    @cached_property
    def _words(self) -> Words:
        return Words(language=self.language, size=20_000, exponent=0.5)

    def _word(self, rng: np.random.Generator) -> str:
        return "".join(c for c in self._words.draw(rng) if c.isascii() and c.isalnum()) or "x"


@dataclass(frozen=True)
class Email(_Address):
    """E-mail addresses made of the words of a language.

    Attributes:
        language: Language code of wordfreq; only the ASCII characters of its words are used.
    """

    def draw(self, rng: np.random.Generator) -> str:
        """Draw an address such as `gone.river4@lamp.org`."""
        name = self._word(rng) + _SEPARATOR.draw(rng) + self._word(rng)
        return f"{name}@{self._word(rng)}{_ENDING.draw(rng)}"


@dataclass(frozen=True)
class WebAddress(_Address):
    """Web addresses made of the words of a language.

    Attributes:
        language: Language code of wordfreq; only the ASCII characters of its words are used.
    """

    def draw(self, rng: np.random.Generator) -> str:
        """Draw an address such as `www.lamp.org/river`."""
        site = _START.draw(rng) + self._word(rng) + _ENDING.draw(rng)
        return f"{site}/{self._word(rng)}" if rng.random() < 0.3 else site


_KNOWN: Mapping[str, Callable[[], Corpus]] = {
    "number": Number,
    "date": Date,
    "price": Price,
    "code": Code,
    "email": Email,
    "web_address": WebAddress,
    "word": Words,
}
_MAX_FIELDS = 50


@dataclass(frozen=True)
class Template:
    """Draws texts such as `Invoice 2041 of 3 May 2021`.

    Attributes:
        template: Such as "Invoice {number} of {date}"; literal braces are doubled.
        fields: Corpora by field name. The fields number, date, price, code, email, web_address and word (English) are
            predefined.
    """

    __pydantic_config__: ClassVar[dict[str, bool]] = {"arbitrary_types_allowed": True}

    template: str
    fields: Mapping[str, Corpus] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [name for _, name in self._parts if name is not None]
        if not names:
            raise InputError(f"template {self.template!r} has no field; write one in braces, such as {{number}}")
        if len(names) > _MAX_FIELDS:
            raise InputError(f"template {self.template[:40]!r}... has {len(names)} fields; at most {_MAX_FIELDS}")
        known = sorted({*_KNOWN, *self.fields})
        for name in names:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                known_names = f"known are {', '.join(known)}; add others to 'fields'"
                hint = f"did you mean {close[0]!r}?" if close else known_names
                raise InputError(f"template {self.template!r}: there is no field {name!r}; {hint}")
        for name in self.fields:
            if name not in names:
                raise InputError(f"template {self.template!r} has no {{{name}}}, but 'fields' defines it")

    def draw(self, rng: np.random.Generator) -> str:
        """Fill in the fields of the template; raises the errors of their corpora."""
        return "".join(text + (self._corpora[name].draw(rng) if name else "") for text, name in self._parts)

    @cached_property
    def _corpora(self) -> dict[str, Corpus]:
        return {name: self.fields[name] if name in self.fields else _KNOWN[name]() for _, name in self._parts if name}

    @cached_property
    def _parts(self) -> list[tuple[str, str | None]]:
        """Fixed texts, each with the field that follows it."""
        try:
            parts = list(string.Formatter().parse(self.template))
        except ValueError as error:
            raise InputError(f"template {self.template!r}: {error}; double literal braces") from None
        for _, name, form, conversion in parts:
            if name == "" or form or conversion:
                raise InputError(f"template {self.template!r}: a field is a name in braces and nothing else")
        return [(text, name) for text, name, _, _ in parts]
