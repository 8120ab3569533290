"""The letters that texts of the main scripts are written with, and a few words of each."""

import unicodedata
from collections.abc import Set
from dataclasses import dataclass


@dataclass(frozen=True)
class Script:
    """A script.

    Attributes:
        name: for people.
        repertoires: its letters and vowel signs; Han has several, of which a font is made for one.
        sample: a few words.
    """

    name: str
    repertoires: tuple[frozenset[str], ...]
    sample: str

    def share(self, missing: Set[str]) -> float:
        """The share of the letters that is there, 0 to 1, of the repertoire that fits best.

        Args:
            missing: letters that a font lacks.
        """
        return max(1 - len(missing & letters) / len(letters) for letters in self.repertoires)


def _letters(*ranges: tuple[int, int]) -> frozenset[str]:
    characters = (chr(code) for first, last in ranges for code in range(first, last + 1))
    return frozenset(c for c in characters if unicodedata.category(c)[0] in "LM")


def _of_code_page(codec: str, first: int, last: int) -> frozenset[str]:
    """The letters of a code page of one byte that lie in a block of Unicode."""
    characters = bytes(range(256)).decode(codec, "ignore")
    return frozenset(c for c in characters if first <= ord(c) <= last and c.isalpha())


def _of_rows(codec: str, first: int, last: int) -> frozenset[str]:
    """The characters in rows of an East Asian standard: the first of its levels are the common ones."""
    pairs = (bytes((0xA0 + row, 0xA0 + cell)) for row in range(first, last + 1) for cell in range(1, 95))
    return frozenset("".join(pair.decode(codec, "ignore") for pair in pairs))


def _of_big5() -> frozenset[str]:
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    codes = (bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails)
    return frozenset("".join(code.decode("big5", "ignore") for code in codes if code <= b"\xc6\x7e"))


SCRIPTS = (
    Script("Latin", (_letters((0x41, 0x7A), (0xC0, 0x148), (0x14A, 0x17E)),), "Hamburgefonts 0123"),
    Script("Cyrillic", (_of_code_page("cp1251", 0x400, 0x4FF),), "Съешь ещё"),
    Script("Greek", (_of_code_page("cp1253", 0x370, 0x3FF),), "Ξεσκεπάζω"),
    Script("Arabic", (_of_code_page("cp1256", 0x600, 0x6FF),), "نص حكيم"),
    Script("Hebrew", (_letters((0x5D0, 0x5EA)),), "עטלף אבק"),
    Script("Devanagari", (_letters((0x901, 0x903), (0x905, 0x939), (0x93C, 0x94D)),), "हिन्दी लिपि"),
    Script("Bengali", (_letters((0x981, 0x9CE)),), "বাংলা লিপি"),
    Script("Tamil", (_letters((0xB82, 0xBCD)),), "தமிழ் எழுத்து"),
    Script("Thai", (_letters((0xE01, 0xE4E)),), "ภาษาไทย"),
    Script("Khmer", (_letters((0x1780, 0x17A2), (0x17A5, 0x17B3), (0x17B6, 0x17D2)),), "ភាសាខ្មែរ"),
    Script("Han", (_of_rows("gb2312", 16, 55), _of_big5(), _of_rows("euc_jp", 16, 47)), "永字八法"),
    Script("Kana", (_letters((0x3041, 0x3096), (0x30A1, 0x30FC)),), "いろは カナ"),
    Script("Hangul", (_of_rows("euc_kr", 16, 40),), "한글 견본"),
)
"""Latin as in Europe's languages; Cyrillic, Greek and Arabic (with Persian and Urdu) as in their code pages; Han as the
first level of China's, Taiwan's or Japan's standard; Hangul as the syllables of Korea's."""
