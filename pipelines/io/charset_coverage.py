"""How well the texts of a dataset cover a charset."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthtext.core import Charset

RARE_THRESHOLD = 10
"""A character with fewer occurrences is rare: a model can hardly learn it."""

_MAX_LISTED = 40


@dataclass(frozen=True)
class CharacterFrequencies:
    """The number of occurrences of every character of a charset.

    Attributes:
        counts: (character, occurrences), in ascending order of occurrences.
    """

    counts: tuple[tuple[str, int], ...]

    @classmethod
    def from_counts(cls, characters: Mapping[str, int], charset: Charset) -> "CharacterFrequencies":
        """Fold the characters of labels as the charset does, and count those of the charset.

        Args:
            characters: occurrences of each character in labels.
            charset: whose characters are counted.
        """
        folded: Counter[str] = Counter()
        for character, count in characters.items():
            for one in charset.fold(character):
                folded[one] += count
        ordered = sorted(charset, key=lambda character: folded[character])
        return cls(tuple((character, folded[character]) for character in ordered))

    @property
    def missing(self) -> list[str]:
        """Characters without an occurrence."""
        return [character for character, count in self.counts if not count]

    @property
    def rare(self) -> list[str]:
        """Characters with at least one occurrence, but fewer than `RARE_THRESHOLD`."""
        return [character for character, count in self.counts if 0 < count < RARE_THRESHOLD]

    def describe(self) -> str:
        """Return one line that names the missing and rare characters, or the least frequent one."""
        parts = []
        if self.missing:
            parts.append(f"{len(self.missing):,} never occur ({_listed(self.missing)})")
        if self.rare:
            parts.append(f"{len(self.rare):,} occur less than {RARE_THRESHOLD} times ({_listed(self.rare)})")
        if parts:
            return f"of the {len(self.counts):,} characters of the charset, {', '.join(parts)}"
        character, count = self.counts[0]
        return f"characters of the charset: each occurs at least {count:,} times (the rarest is {character!r})"


def _listed(characters: Sequence[str]) -> str:
    listed = " ".join(repr(c) if c == " " or not c.isprintable() else c for c in characters[:_MAX_LISTED])
    return listed + (" ..." if len(characters) > _MAX_LISTED else "")
