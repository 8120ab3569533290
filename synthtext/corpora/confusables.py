"""Texts in which characters are replaced by similar ones."""

import string
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthtext.core import InputError, check_fraction, check_number, check_range
from synthtext.corpora.language import check_language, language_characters
from synthtext.corpora.words import Words

# Characters of the same shape in most fonts (I l |) and pairs that differ only in size (c C, o O, s S) are not
# included: a reader could only guess.
_LATIN = (
    *("0 O", "0 D", "0 Q", "O Q", "D O", "5 S", "8 B", "3 8", "6 8", "6 G", "2 Z", "7 T", "4 A", "9 g", "6 b", "9 q"),
    *("C G", "E F", "P R", "U V", "V Y", "M N", "H N", "K X", "B R", "c e", "c o", "a o", "e o", "u v", "n u", "n h"),
    *("h b", "i j", "f t", "g q", "v y", "rn m", "nn m", "cl d", "vv w", "ri n"),
)
_IN_WORDS = ("l 1", "I 1", "o 0", "i 1", "z 2", "s 5")
"""Replaced only from letter to digit: among letters the digit is unambiguous, among digits such a letter is not."""

_HAN = (
    *("未末", "土士", "己已", "已巳", "己巳", "日曰", "人入", "八入", "大太", "大犬", "太犬", "夫天", "千干", "干于"),
    *("千于", "木本", "本未", "田由", "田甲", "由甲", "甲申", "田申", "王玉", "王主", "玉主", "午牛", "见贝", "刀力"),
    *("刀刃", "戊戌", "戌戍", "戊戍", "免兔", "鸟乌", "兵乒", "兵乓", "乒乓", "侯候", "管菅", "冶治", "准淮", "折拆"),
    *("拔拨", "辨辩", "晴睛", "清请", "栗粟", "衰哀", "衷衰", "茶荼", "微徽", "竞竟", "崇祟", "肓盲", "毫豪", "历厉"),
    *("密蜜", "沾粘", "梁粱", "徒徙", "坐座", "券卷", "壁璧", "遣遗", "蓝篮", "抡抢", "仓仑", "今令", "冒胃", "钓钩"),
    *("白自", "目且", "且旦", "目自", "问间", "住往", "名各", "上止", "又叉", "斤斥", "升开", "井并", "万方", "几凡"),
)
_CODE = "ABCDEFGHJKLMNOPQRSTUVWXYZ" + string.digits
_MAX_DRAWS = 64


@dataclass(frozen=True)
class Confusables:
    """Draws words and codes in which one part is replaced by a similar one, such as `c0ffee` and `modem`.

    The label is the text with the replacement. Pairs of the same shape are excluded; l, I and 1 are only exchanged as a
    digit within a word.

    Attributes:
        language: Language of the words; pairs with characters outside of its charset are omitted.
        size: Number of the most frequent words to draw from.
        exponent: The weight of a word is its frequency to this power.
        code_share: Fraction of codes of capitals and digits, in which any pair may be exchanged.
        length_range: Number of characters of a code, 1 to 100.
        pairs: Pairs of one or several characters each, instead of the default ones: [["0", "O"], ["rn", "m"]]. They are
            exchanged in both directions, in words and codes.
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
        """Draw a text.

        Raises:
            InputError: None of the pairs occurs in the drawn texts.
        """
        coded = bool(self._in_codes) and rng.random() < self.code_share
        partners = self._in_codes if coded else self._in_words
        for _ in range(_MAX_DRAWS):
            text = self._code(rng) if coded else self._words.draw(rng)
            parts = [part for part in partners if part in text]
            if parts:
                part = parts[int(rng.integers(len(parts)))]
                return self._exchange(rng, text, part, partners[part])
        raise InputError(
            f"confusables: none of the pairs occurs in {_MAX_DRAWS} texts of language {self.language!r}; set 'pairs'"
        )

    def check(self) -> None:
        """Draw a text; raises the same as `draw`."""
        self.draw(np.random.default_rng(0))

    def _exchange(self, rng: np.random.Generator, text: str, part: str, partners: list[str]) -> str:
        positions = [i for i in range(len(text)) if text.startswith(part, i)]
        position = positions[int(rng.integers(len(positions)))]
        return text[:position] + partners[int(rng.integers(len(partners)))] + text[position + len(part) :]

    def _code(self, rng: np.random.Generator) -> str:
        length = int(rng.integers(*self.length_range, endpoint=True))
        return "".join(_CODE[i] for i in rng.integers(len(_CODE), size=length))

    @cached_property
    def _words(self) -> Words:
        return Words(self.language, self.size, self.exponent, case={"lower": 2, "title": 1, "upper": 1})

    @cached_property
    def _in_words(self) -> dict[str, list[str]]:
        return self._partners(() if self.pairs else _IN_WORDS)

    @cached_property
    def _in_codes(self) -> dict[str, list[str]]:
        return {part: partners for part, partners in self._partners(()).items() if set(part) <= set(_CODE)}

    def _partners(self, one_way: Sequence[str]) -> dict[str, list[str]]:
        """Possible replacements of every part."""
        both_ways: Sequence[Sequence[str]] = self.pairs or [*map(str.split, _LATIN), *_HAN]
        known = set("".join(map("".join, self.pairs)) or language_characters(self.language))
        found: defaultdict[str, list[str]] = defaultdict(list)
        for part, partner in [*both_ways, *(pair[::-1] for pair in both_ways), *map(str.split, one_way)]:
            if known.issuperset(part + partner):
                found[part].append(partner)
        return dict(found)
