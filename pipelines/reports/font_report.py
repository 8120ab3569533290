"""The letters that texts of the main scripts are written with, and a few words of each."""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from synthtext.core import Charset
from synthtext.fonts import Face, FaceCache, FontFile, FontInventory, LetterCase


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


_UPRIGHT = ("Regular", "Book", "Roman", "Normal", "Text", "")


@dataclass(frozen=True)
class CharsetCoverage:
    """How much of a charset a family has.

    Attributes:
        share: 0 to 1.
        missing: what it lacks, in the charset's order.
    """

    share: float
    missing: str


@dataclass(frozen=True)
class FamilyReport:
    """A family of fonts.

    Attributes:
        family: its name.
        faces: of it, in the inventory's order.
        scripts: share of the letters of each script (0 to 1), by its name; of the face that has most.
        charset: of the face that has most; None if none was asked for.
        case: which letters all of its faces draw; "both" if they do not agree.
        axes: tags of the axes of variable fonts.
        licence: the one that most faces name, or empty.
    """

    family: str
    faces: tuple[FontFile, ...]
    scripts: dict[str, float]
    charset: CharsetCoverage | None
    case: LetterCase
    axes: tuple[str, ...]
    licence: str

    @property
    def specimen(self) -> FontFile:
        """The face to show: an upright one of normal weight, if there is one."""
        styles = [file.style for file in self.faces]
        return next((self.faces[styles.index(style)] for style in _UPRIGHT if style in styles), self.faces[0])


def describe_families(
    inventory: FontInventory,
    cache: FaceCache,
    charset: Charset | None = None,
    advance: Callable[[], None] = lambda: None,
) -> list[FamilyReport]:
    """Look at every face.

    Args:
        inventory: what was found.
        cache: opens the faces.
        charset: to compare with.
        advance: is called after every face.

    Returns:
        The families in the order of their names.
    """
    families: dict[str, list[FontFile]] = {}
    for file in inventory.fonts:
        families.setdefault(file.family, []).append(file)
    names = sorted(families, key=lambda name: (name.casefold(), name))
    return [_describe(name, families[name], cache, charset, advance) for name in names]


def _describe(
    name: str, files: list[FontFile], cache: FaceCache, charset: Charset | None, advance: Callable[[], None]
) -> FamilyReport:
    scripts = {script.name: 0.0 for script in SCRIPTS}
    cases = set[LetterCase]()
    best: str | None = None
    for file in files:
        face = cache.face(file)
        scripts = {known: max(share, scripts[known]) for known, share in _shares(face).items()}
        cases.add(face.case)
        if charset is not None:
            best = min((lack for lack in (best, face.missing("".join(charset))) if lack is not None), key=len)
        advance()
    licences = Counter(file.licence for file in files if file.licence)
    return FamilyReport(
        family=name,
        faces=tuple(files),
        scripts=scripts,
        charset=None if charset is None or best is None else CharsetCoverage(1 - len(best) / len(charset), best),
        case=cases.pop() if len(cases) == 1 else "both",
        axes=tuple(dict.fromkeys(axis.tag for file in files for axis in file.axes)),
        licence=licences.most_common(1)[0][0] if licences else "",
    )


def _shares(face: Face) -> dict[str, float]:
    missing = frozenset(face.missing(_all_letters()))
    return {script.name: script.share(missing) for script in SCRIPTS}


@functools.cache
def _all_letters() -> str:
    return "".join(sorted(frozenset().union(*(letters for script in SCRIPTS for letters in script.repertoires))))


_TOLD = 8  # missing characters of a charset
_LICENCE = 60  # characters of a licence
_SCHEME = re.compile(r"https?://(www\.)?")


def table_rows(reports: Sequence[FamilyReport]) -> list[tuple[str, ...]]:
    """A row a family, below a row of headings: family, faces, scripts, the charset if there is one, remarks, licence.

    A script without a number is covered whole; one of which less than 1 % is there is not told.
    """
    asked = any(report.charset is not None for report in reports)
    heading = ("family", "faces", "scripts", *(("charset",) if asked else ()), "remarks", "licence")
    return [heading, *(_row(report) for report in reports)]


def plain_rows(reports: Sequence[FamilyReport]) -> list[str]:
    """The same for files and pipes: a line a family, its columns apart by tabs."""
    return ["\t".join(row) for row in table_rows(reports)]


def describe_coverage(reports: Sequence[FamilyReport], charset: str) -> str:
    """How many families cover a charset, in a sentence; if none does, which comes nearest.

    Args:
        reports: made with the charset.
        charset: its name.
    """
    known = [(report.family, report.charset) for report in reports if report.charset is not None]
    whole = sum(not coverage.missing for _, coverage in known)
    if whole or not known:
        return f"charset {charset}: {whole} of {len(known)} families cover it"
    nearest, coverage = max(known, key=lambda entry: entry[1].share)
    if not coverage.share:
        return f"charset {charset}: none of the {len(known)} families has a character of it; look in another --folder"
    return (
        f"charset {charset}: none of the {len(known)} families covers it; {nearest} comes nearest with "
        f"{_percent(coverage.share)} and lacks {_shown(coverage.missing)}"
    )


_CASES: dict[LetterCase, tuple[str, ...]] = {"both": (), "upper": ("capitals only",), "lower": ("small letters only",)}


def _row(report: FamilyReport) -> tuple[str, ...]:
    remarks = [
        *_CASES[report.case],
        *([f"variable: {' '.join(report.axes)}"] if report.axes else []),
    ]
    return (
        report.family,
        str(len(report.faces)),
        _scripts(report.scripts) or "none of the main ones",
        *(() if report.charset is None else (_coverage(report.charset),)),
        ", ".join(remarks) or "-",
        _shortened(_SCHEME.sub("", report.licence)) or "-",
    )


def _shortened(licence: str) -> str:
    told = " ".join(licence.split())
    return told if len(told) <= _LICENCE else told[: _LICENCE - 1] + "…"


def _scripts(shares: dict[str, float]) -> str:
    return ", ".join(
        name if share == 1 else f"{name} {_percent(share)}" for name, share in shares.items() if share >= 0.01
    )


def _coverage(coverage: CharsetCoverage) -> str:
    return _percent(coverage.share) + (f", lacks {_shown(coverage.missing)}" if coverage.missing else "")


def _percent(share: float) -> str:
    """Rounded down: 100% is all. Without a space, at which terminals would break the line."""
    return f"{int(share * 100)}%"


def _shown(characters: str) -> str:
    told = [
        c if c.isprintable() and not unicodedata.category(c).startswith(("M", "Z")) else f"U+{ord(c):04X}"
        for c in characters[:_TOLD]
    ]
    return " ".join(told) + (" …" if len(characters) > _TOLD else "")
