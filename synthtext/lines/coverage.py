"""Character coverage: guarantee a minimum count of every character by requiring characters of some samples."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from synthtext.core import Charset, InputError, check_fraction, check_number, coverage_stream
from synthtext.core.unicode import DEFAULT_IGNORABLE
from synthtext.corpora import clean_text

_PARTS = 1_000_000  # shares are counted in whole millionths, which makes the schedule exact
_CACHED_CYCLES = 64  # one is enough for samples generated in sequence
_MAX_WEIGHT = 1000
_GOLDEN = (5**0.5 - 1) / 2  # low-discrepancy step between the offsets of the cycles


@dataclass(frozen=True)
class CoverageOptions:
    """A minimum count for every character: a share of the samples is generated with a required character.

    Attributes:
        share: Fraction of the samples with a required character, 0 to 1.
        characters: Characters to require; by default all visible characters of the charset (joiners are not).
        exclude: Characters that are never required.
        weights: Relative frequencies of characters, such as {"0": 2.5}; the default is 1.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    share: float = 0.0
    characters: str = ""
    exclude: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fraction("coverage: share", self.share)
        if 0 < self.share < 1 / _PARTS:
            raise InputError(f"coverage: share {self.share} is less than a millionth; 0 switches it off")
        for character, factor in self.weights.items():
            if len(character) != 1:
                raise InputError(f"coverage: weights: {character!r} is not a single character")
            check_number(f"coverage: weight of {character!r}", factor, 0, _MAX_WEIGHT)

    def weights_for(self, charset: Charset) -> dict[str, float]:
        """Return the weight of every character to require.

        White space other than the space and characters that `clean_text` removes are left out.

        Raises:
            InputError: `characters` or `weights` contain a character that the charset lacks, or no character is left.
        """
        for key, named in (("characters", self.characters), ("weights", self.weights)):
            missing = [character for character in named if character not in charset]
            if missing:
                raise InputError(f"coverage: {key}: {missing[0]!r} is not in the charset; remove it")
        named = self.characters or "".join(c for c in charset if ord(c) not in DEFAULT_IGNORABLE)
        weights = {c: float(self.weights.get(c, 1)) for c in named if c not in self.exclude}
        weights = {c: weight for c, weight in weights.items() if weight > 0 and (c == " " or clean_text(c) == c)}
        if not weights:
            raise InputError("coverage: no character is left that could be required; set share to 0, or exclude fewer")
        return weights


class RequiredCharacter(NamedTuple):
    """The character that a sample's text should contain."""

    character: str  # a single code point
    gave_up: bool = False  # whether too many attempts with it failed, so that any text is taken


class CoverageSchedule:
    """Assigns required characters to samples, as a pure function of the seed and the sample's index.

    Samples with a required character are spread evenly. A cycle consists of as many of them as there are characters; in
    each cycle, every character is required once, in an order of the cycle's own, or, if weights differ, in proportion
    to its weight, rounded up or down. `share` is the fraction of the samples with a required character.
    """

    def __init__(self, weights: Mapping[str, float], share: float, seed: int) -> None:
        self._characters = tuple(weights)
        cumulative = np.cumsum(list(weights.values()))
        self._bounds = cumulative / cumulative[-1]
        self._even = len(set(weights.values())) == 1
        self._share, self._seed = round(share * _PARTS), seed
        self._cycles: OrderedDict[int, list[int]] = OrderedDict()

    def required(self, index: int) -> str | None:
        """Return the character required of a sample, or None."""
        number = index * self._share // _PARTS
        if (index + 1) * self._share // _PARTS == number:
            return None
        cycle, position = divmod(number, len(self._characters))
        return self._characters[self._cycle(cycle)[position]]

    def _cycle(self, cycle: int) -> list[int]:
        """The indices of the characters in the order in which a cycle requires them."""
        order = self._cycles.get(cycle)
        if order is None:
            rng = coverage_stream(cycle, self._seed)
            order = self._cycles[cycle] = rng.permutation(self._characters_of_cycle(cycle)).tolist()
            if len(self._cycles) > _CACHED_CYCLES:
                self._cycles.popitem(last=False)
        return order

    def _characters_of_cycle(self, cycle: int) -> "np.typing.NDArray[np.int64]":
        """The indices of the characters required in a cycle, by systematic sampling with the weights."""
        count = len(self._characters)
        if self._even:
            return np.arange(count)
        offset = cycle * _GOLDEN % 1
        found = np.searchsorted(self._bounds, (np.arange(count) + offset) / count, side="right")
        return np.minimum(found, count - 1)
