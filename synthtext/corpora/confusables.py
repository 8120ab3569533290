"""Texts in which a character stands where one that looks like it would be expected."""

import string
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthtext.core import InputError, check_fraction, check_number, check_range
from synthtext.corpora.language import check_language, language_characters
from synthtext.corpora.words import Words

# Letters of one shape in most fonts (I l |) and pairs that only size tells apart (c C, o O, s S) are not among them:
# their labels would be guesses.
_LATIN = (
    *("0 O", "0 D", "0 Q", "O Q", "D O", "5 S", "8 B", "3 8", "6 8", "6 G", "2 Z", "7 T", "4 A", "9 g", "6 b", "9 q"),
    *("C G", "E F", "P R", "U V", "V Y", "M N", "H N", "K X", "B R", "c e", "c o", "a o", "e o", "u v", "n u", "n h"),
    *("h b", "i j", "f t", "g q", "v y", "rn m", "nn m", "cl d", "vv w", "ri n"),
)
_IN_WORDS = ("l 1", "I 1", "o 0", "i 1", "z 2", "s 5")
"""From letter to digit only: among letters the digit is certain, among digits such a letter is not."""

_HAN = (
    *("未末", "土士", "己已", "已巳", "己巳", "日曰", "人入", "八入", "大太", "大犬", "太犬", "夫天", "千干", "干于"),
    *("千于", "木本", "本未", "田由", "田甲", "由甲", "甲申", "田申", "王玉", "王主", "玉主", "午牛", "见贝", "刀力"),
    *("刀刃", "戊戌", "戌戍", "戊戍", "免兔", "鸟乌", "兵乒", "兵乓", "乒乓", "侯候", "管菅", "冶治", "准淮", "折拆"),
    *("拔拨", "辨辩", "晴睛", "清请", "栗粟", "衰哀", "衷衰", "茶荼", "微徽", "竞竟", "崇祟", "肓盲", "毫豪", "历厉"),
    *("密蜜", "沾粘", "梁粱", "徒徙", "坐座", "券卷", "壁璧", "遣遗", "蓝篮", "抡抢", "仓仑", "今令", "冒胃", "钓钩"),
    *("白自", "目且", "且旦", "目自", "问间", "住往", "名各", "上止", "又叉", "斤斥", "升开", "井并", "万方", "几凡"),
)
_CODE = "ABCDEFGHJKLMNOPQRSTUVWXYZ" + string.digits
_TRIES = 64


@dataclass(frozen=True)
class Confusables:
    """Draws words and codes in which one part has been exchanged for one that looks like it: `c0ffee`, `modem`.

    The label is what is drawn. Pairs that fonts draw alike are left out; l, I and 1 meet only as a digit within a word.

    Attributes:
        language: of the words; pairs whose characters its charset lacks are left out.
        size: how many of the most frequent words to draw from.
        exponent: a word's weight is its frequency to this power.
        code_share: of the texts that are codes of capitals and digits, where any pair can stand in one.
        length_range: characters of a code, 1 to 100.
        pairs: of one or several characters each, to take the place of ours: [["0", "O"], ["rn", "m"]]. They are
            exchanged both ways, in words and in codes.
    """

    language: str = "en"
    size: int = 50_000
    exponent: float = 0.5
    code_share: float = 0.4
    length_range: tuple[int, int] = (3, 10)
    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        check_language(self.language, "confusables")
        check_fraction("code_share", self.code_share)
        check_range("length_range", self.length_range, 1, 100, "counts")
        check_number("size", self.size, 1, 10_000_000)
        check_number("exponent", self.exponent, 0, 2)
        for pair in self.pairs:
            if not all(pair) or pair[0] == pair[1]:
                raise InputError(f"confusables: pair {list(pair)} must be two different texts")

    def draw(self, rng: np.random.Generator) -> str:
        """A text.

        Raises:
            InputError: none of the pairs stands in any text that was drawn.
        """
        coded = bool(self._in_codes) and rng.random() < self.code_share
        partners = self._in_codes if coded else self._in_words
        for _ in range(_TRIES):
            text = self._code(rng) if coded else self._words.draw(rng)
            held = [part for part in partners if part in text]
            if held:
                part = held[int(rng.integers(len(held)))]
                return self._exchange(rng, text, part, partners[part])
        raise InputError(
            f"confusables: none of the pairs is in {_TRIES} texts of language {self.language!r}; give 'pairs' of it"
        )

    def check(self) -> None:
        """Draw a text.

        Raises:
            InputError: as `draw` does.
        """
        self.draw(np.random.default_rng(0))

    def _exchange(self, rng: np.random.Generator, text: str, part: str, partners: list[str]) -> str:
        places = [i for i in range(len(text)) if text.startswith(part, i)]
        place = places[int(rng.integers(len(places)))]
        return text[:place] + partners[int(rng.integers(len(partners)))] + text[place + len(part) :]

    def _code(self, rng: np.random.Generator) -> str:
        low, high = self.length_range
        return "".join(_CODE[i] for i in rng.integers(len(_CODE), size=int(rng.integers(low, high + 1))))

    @cached_property
    def _words(self) -> Words:
        return Words(self.language, self.size, self.exponent, case={"lower": 2, "title": 1, "upper": 1})

    @cached_property
    def _in_words(self) -> dict[str, list[str]]:
        letters_only = [] if self.pairs else [tuple(pair.split()) for pair in _IN_WORDS]
        return self._partners([(a, b) for a, b in letters_only])

    @cached_property
    def _in_codes(self) -> dict[str, list[str]]:
        found = self._partners([])
        return {part: partners for part, partners in found.items() if set(part) <= set(_CODE)}

    def _partners(self, one_way: list[tuple[str, str]]) -> dict[str, list[str]]:
        """What may take the place of a part."""
        own = [tuple(pair.split()) for pair in _LATIN] + [(pair[0], pair[1]) for pair in _HAN]
        both_ways = self.pairs or [(a, b) for a, b in own]
        known = set("".join(map("".join, self.pairs)) or language_characters(self.language))
        found: defaultdict[str, list[str]] = defaultdict(list)
        for part, partner in [*both_ways, *((b, a) for a, b in both_ways), *one_way]:
            if known.issuperset(part + partner):
                found[part].append(partner)
        return dict(found)
