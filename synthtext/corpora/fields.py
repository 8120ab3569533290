"""Fields of signs, labels and forms: numbers, dates, prices, codes and addresses."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

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


@dataclass(frozen=True)
class Email:
    """E-mail addresses made of the words of a language.

    Attributes:
        language: Language code of wordfreq; only the ASCII characters of its words are used.
    """

    language: str = "en"

    def draw(self, rng: np.random.Generator) -> str:
        """Draw an address such as `gone.river4@lamp.org`."""
        name = self._address.word(rng) + self._address.separator.draw(rng) + self._address.word(rng)
        return f"{name}@{self._address.word(rng)}{self._address.ending.draw(rng)}"

    @cached_property
    def _address(self) -> "_AddressParts":
        return _AddressParts(self.language)


@dataclass(frozen=True)
class WebAddress:
    """Web addresses made of the words of a language.

    Attributes:
        language: Language code of wordfreq; only the ASCII characters of its words are used.
    """

    language: str = "en"

    def draw(self, rng: np.random.Generator) -> str:
        """Draw an address such as `www.lamp.org/river`."""
        parts = self._address
        return parts.start.draw(rng) + parts.word(rng) + parts.ending.draw(rng) + self._path(rng)

    def _path(self, rng: np.random.Generator) -> str:
        return f"/{self._address.word(rng)}" if rng.random() < 0.3 else ""

    @cached_property
    def _address(self) -> "_AddressParts":
        return _AddressParts(self.language)


class _AddressParts:
    def __init__(self, language: str) -> None:
        self._words = Words(language=language, size=20_000, exponent=0.5)
        self.separator = Pattern(r"|[._-]|\d{1,2}|\d")
        self.ending = Pattern(r"\.(com|org|net|edu|gov|info|biz|co\.uk|de|fr|io)")
        self.start = Pattern(r"www\.|http://www\.|https://|")

    def word(self, rng: np.random.Generator) -> str:
        word = "".join(c for c in self._words.draw(rng) if c.isascii() and c.isalnum())
        return word or "x"
