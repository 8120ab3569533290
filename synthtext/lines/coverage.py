"""Which sample owes which character: a floor under the count of every character of a charset."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from synthtext.core import Charset, InputError, check_fraction, check_number, coverage_stream
from synthtext.core.unicode import DEFAULT_IGNORABLE
from synthtext.corpora import clean_text

_PARTS = 1_000_000  # a share is a whole number of these, so that whole numbers tell who owes
_ROUNDS = 64  # that are kept; whoever draws in sequence needs one
_MOST_FACTOR = 1000
_GOLDEN = (5**0.5 - 1) / 2  # the step that spreads the offsets of any number of rounds most evenly


@dataclass(frozen=True)
class CoverageOptions:
    """A floor under the count of every character: a share of the samples owe one.

    Attributes:
        share: of the samples that owe a character, 0 to 1.
        characters: that are owed; none given means those of the charset that show (joiners do not).
        exclude: characters that are not owed.
        weights: how often characters are owed against others, by character: {"0": 2.5}; 1 where nothing is said.
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
                raise InputError(f"coverage: weights go by single characters, and {character!r} is none")
            check_number(f"coverage: weight of {character!r}", factor, 0, _MOST_FACTOR)

    def weights_for(self, charset: Charset) -> dict[str, float]:
        """What is owed of a charset, with how often against others.

        White space other than the space, and what no clean text holds, is left out.

        Raises:
            InputError: `characters` or `weights` name one that the charset lacks, or nothing is left.
        """
        for key, named in (("characters", self.characters), ("weights", self.weights)):
            lacking = [character for character in named if character not in charset]
            if lacking:
                raise InputError(f"coverage: {key}: {lacking[0]!r} is not in the charset; take it out")
        named = self.characters or "".join(c for c in charset if ord(c) not in DEFAULT_IGNORABLE)
        owed = {c: float(self.weights.get(c, 1)) for c in named if c not in self.exclude}
        owed = {c: weight for c, weight in owed.items() if weight > 0 and (c == " " or clean_text(c) == c)}
        if not owed:
            raise InputError("coverage: no character is left that could be required; set share to 0, or exclude fewer")
        return owed


class RequiredCharacter(NamedTuple):
    """What a sample owes.

    Attributes:
        character: that its text should have.
        waived: too many attempts to pay it have failed.
    """

    character: str
    gave_up: bool = False


class CoverageSchedule:
    """Which samples owe a character, and which one: a pure function of the seed and the sample's index.

    Samples that owe are spread evenly. A round is as many of them as there are characters; in each, every character is
    owed once, in an order of the round's own, or, with weights, as often as its weight says, rounded up or down.

    Args:
        weights: of the characters.
        share: of the samples that owe one.
        seed: 0 to 2**32 - 1.
    """

    def __init__(self, weights: Mapping[str, float], share: float, seed: int) -> None:
        self._characters = tuple(weights)
        cumulative = np.cumsum(list(weights.values()))
        self._bounds = cumulative / cumulative[-1]
        self._even = len(set(weights.values())) == 1
        self._share, self._seed = round(share * _PARTS), seed
        self._rounds: OrderedDict[int, list[int]] = OrderedDict()

    @property
    def period(self) -> float:
        """Samples in which every character falls due."""
        return len(self._characters) * _PARTS / self._share

    def required(self, index: int) -> str | None:
        """The character that a sample owes, if any."""
        number = index * self._share // _PARTS
        if (index + 1) * self._share // _PARTS == number:
            return None
        turn, place = divmod(number, len(self._characters))
        return self._characters[self._round(turn)[place]]

    def _round(self, turn: int) -> list[int]:
        """The numbers of the characters in the order in which they are owed."""
        order = self._rounds.get(turn)
        if order is None:
            order = self._rounds[turn] = (
                coverage_stream(turn, self._seed).permutation(self._characters_of_cycle(turn)).tolist()
            )
            if len(self._rounds) > _ROUNDS:
                self._rounds.popitem(last=False)
        return order

    def _characters_of_cycle(self, turn: int) -> "np.typing.NDArray[np.int64]":
        """The numbers of the characters that are owed in a round: systematic sampling by weight."""
        count = len(self._characters)
        if self._even:
            return np.arange(count)
        offset = turn * _GOLDEN % 1
        found = np.searchsorted(self._bounds, (np.arange(count) + offset) / count, side="right")
        return np.minimum(found, count - 1)
