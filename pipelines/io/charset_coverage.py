"""Characters of a charset that a data set has too few of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthtext.core import Charset

RARE_THRESHOLD = 10
"""A character that occurs less often can hardly be learnt."""

_SHOWN = 40


@dataclass(frozen=True)
class CharacterFrequencies:
    """How often the characters of a charset occur.

    Attributes:
        counts: of every one of them, the rarest first.
    """

    counts: tuple[tuple[str, int], ...]

    @classmethod
    def from_counts(cls, characters: Mapping[str, int], charset: Charset) -> "CharacterFrequencies":
        """Count characters as the charset reads them.

        Args:
            characters: how often each occurs in labels.
            charset: whose characters are looked for.
        """
        folded: Counter[str] = Counter()
        for character, count in characters.items():
            for one in charset.fold(character):
                folded[one] += count
        ordered = sorted(charset, key=lambda character: folded[character])
        return cls(tuple((character, folded[character]) for character in ordered))

    @property
    def missing(self) -> list[str]:
        """Characters that do not occur."""
        return [character for character, count in self.counts if not count]

    @property
    def rare(self) -> list[str]:
        """Characters that occur, but less than `FEW` times."""
        return [character for character, count in self.counts if 0 < count < RARE_THRESHOLD]

    def describe(self) -> str:
        """One line: which characters are missing, which are rare, or how often the rarest occurs."""
        parts = []
        if self.missing:
            parts.append(f"{len(self.missing):,} never occur ({_listed(self.missing)})")
        if self.rare:
            parts.append(f"{len(self.rare):,} occur less than {RARE_THRESHOLD} times ({_listed(self.rare)})")
        if parts:
            return f"of the {len(self.counts):,} characters of the charset, {', '.join(parts)}"
        rarest, count = self.counts[0]
        return f"characters of the charset: each occurs at least {count:,} times (the rarest is {rarest!r})"


def _listed(characters: Sequence[str]) -> str:
    shown = " ".join(repr(c) if c == " " or not c.isprintable() else c for c in characters[:_SHOWN])
    return shown + (" ..." if len(characters) > _SHOWN else "")
