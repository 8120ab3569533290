"""Coverage of scripts and of a charset by font families."""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from pipelines.reports.formatting import code_point
from synthtext.core import Charset
from synthtext.fonts import FaceCache, FontFile, FontInventory, LetterCase, find_lookalikes, group_pairs


@dataclass(frozen=True)
class Script:
    """A script, with a few words as a sample.

    `repertoires` are sets of its letters and vowel signs; a font is designed for one of them, as for Han.
    """

    name: str
    repertoires: tuple[frozenset[str], ...]
    sample: str

    def share(self, missing: Set[str]) -> float:
        """Return the share, 0 to 1, of the best covered repertoire that a font without these letters covers."""
        return max(1 - len(missing & letters) / len(letters) for letters in self.repertoires)


def _letters(*ranges: tuple[int, int]) -> frozenset[str]:
    characters = (chr(code) for first, last in ranges for code in range(first, last + 1))
    return frozenset(c for c in characters if unicodedata.category(c)[0] in "LM")


def _code_page(codec: str, first: int, last: int) -> frozenset[str]:
    """Return the letters of a single-byte code page in a range of Unicode."""
    characters = bytes(range(256)).decode(codec, "ignore")
    return frozenset(c for c in characters if first <= ord(c) <= last and c.isalpha())


def _standard_rows(codec: str, first: int, last: int) -> frozenset[str]:
    """Return the characters in rows of an East Asian standard; the rows of level 1 hold the common characters."""
    pairs = (bytes((0xA0 + row, 0xA0 + cell)) for row in range(first, last + 1) for cell in range(1, 95))
    return frozenset("".join(pair.decode(codec, "ignore") for pair in pairs))


def _big5_level_1() -> frozenset[str]:
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    codes = (bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in trails)
    return frozenset("".join(code.decode("big5", "ignore") for code in codes if code <= b"\xc6\x7e"))


SCRIPTS = (
    Script("Latin", (_letters((0x41, 0x7A), (0xC0, 0x148), (0x14A, 0x17E)),), "Hamburgefonts 0123"),
    Script("Cyrillic", (_code_page("cp1251", 0x400, 0x4FF),), "Съешь ещё"),
    Script("Greek", (_code_page("cp1253", 0x370, 0x3FF),), "Ξεσκεπάζω"),
    Script("Arabic", (_code_page("cp1256", 0x600, 0x6FF),), "نص حكيم"),
    Script("Hebrew", (_letters((0x5D0, 0x5EA)),), "עטלף אבק"),
    Script("Devanagari", (_letters((0x901, 0x903), (0x905, 0x939), (0x93C, 0x94D)),), "हिन्दी लिपि"),
    Script("Bengali", (_letters((0x981, 0x9CE)),), "বাংলা লিপি"),
    Script("Tamil", (_letters((0xB82, 0xBCD)),), "தமிழ் எழுத்து"),
    Script("Thai", (_letters((0xE01, 0xE4E)),), "ภาษาไทย"),
    Script("Khmer", (_letters((0x1780, 0x17A2), (0x17A5, 0x17B3), (0x17B6, 0x17D2)),), "ភាសាខ្មែរ"),
    Script("Han", (_standard_rows("gb2312", 16, 55), _big5_level_1(), _standard_rows("euc_jp", 16, 47)), "永字八法"),
    Script("Kana", (_letters((0x3041, 0x3096), (0x30A1, 0x30FC)),), "いろは カナ"),
    Script("Hangul", (_standard_rows("euc_kr", 16, 40),), "한글 견본"),
)
"""Latin of the European languages; Cyrillic, Greek and Arabic (with Persian and Urdu) of their code pages; Han of
level 1 of the standard of China, Taiwan or Japan; Hangul syllables of the Korean standard."""


_UPRIGHT = ("Regular", "Book", "Roman", "Normal", "Text", "")


@dataclass(frozen=True)
class CharsetCoverage:
    """Share of the characters of a charset, 0 to 1, that a family covers, and the other ones in their order."""

    share: float
    missing: str


@dataclass(frozen=True)
class FamilyReport:
    """A family of fonts.

    Attributes:
        family: Its name.
        faces: In the order of the inventory.
        scripts: Share of the letters (0 to 1) that the best face covers, by name of the script.
        charset: Coverage of the charset by the best face; None without a charset.
        case: Letter case that all faces draw; "both" if they differ.
        axes: Tags of the axes of variable fonts.
        licence: Most frequent licence of the faces, or empty.
        lookalikes: Groups of characters of the charset, such as "0O", that some face cannot tell apart.
    """

    family: str
    faces: tuple[FontFile, ...]
    scripts: dict[str, float]
    charset: CharsetCoverage | None
    case: LetterCase
    axes: tuple[str, ...]
    licence: str
    lookalikes: tuple[str, ...] = ()

    @property
    def specimen(self) -> FontFile:
        """Face to show: an upright face of regular weight, if there is one."""
        styles = [file.style for file in self.faces]
        return next((self.faces[styles.index(style)] for style in _UPRIGHT if style in styles), self.faces[0])


def describe_families(
    inventory: FontInventory,
    cache: FaceCache,
    charset: Charset | None = None,
    advance: Callable[[], None] = lambda: None,
) -> list[FamilyReport]:
    """Measure the coverage of scripts, and of a charset, by every face; `advance` is called after each one.

    Returns:
        Families in alphabetical order.
    """
    files = sorted(inventory.fonts, key=lambda file: (file.family.casefold(), file.family))
    return [
        _describe(family, tuple(members), cache, charset, advance)
        for family, members in groupby(files, key=lambda file: file.family)
    ]


def _describe(
    name: str, files: tuple[FontFile, ...], cache: FaceCache, charset: Charset | None, advance: Callable[[], None]
) -> FamilyReport:
    missing_letters, missing_characters, cases = [], [], set[LetterCase]()
    pairs: dict[tuple[str, str], None] = {}
    for file in files:
        face = cache.face(file)
        cases.add(face.case)
        missing_letters.append(frozenset(face.missing(_all_letters())))
        if charset is not None:
            missing_characters.append(face.missing("".join(charset)))
            pairs |= dict.fromkeys(find_lookalikes(face, charset))
        advance()
    best = min(missing_characters, key=len, default="")
    licences = Counter(file.licence for file in files if file.licence)
    return FamilyReport(
        family=name,
        faces=files,
        scripts={script.name: max(map(script.share, missing_letters)) for script in SCRIPTS},
        charset=None if charset is None else CharsetCoverage(1 - len(best) / len(charset), best),
        case=cases.pop() if len(cases) == 1 else "both",
        axes=tuple(dict.fromkeys(axis.tag for file in files for axis in file.axes)),
        licence=licences.most_common(1)[0][0] if licences else "",
        lookalikes=tuple(group_pairs(pairs)),
    )


@functools.cache
def _all_letters() -> str:
    return "".join(sorted(frozenset().union(*(letters for script in SCRIPTS for letters in script.repertoires))))


_MAX_MISSING = 8  # missing characters of a charset that are shown
_MAX_LICENCE_LENGTH = 60  # characters
_MAX_GROUPS = 8  # groups of look-alike characters that are shown
_SCHEME = re.compile(r"https?://(www\.)?")


def table_rows(reports: Sequence[FamilyReport]) -> list[tuple[str, ...]]:
    """Return a row of headings, then one row per family.

    The columns are family, faces, scripts, the charset and its look-alike characters if it was measured, remarks and
    licence. A script without a number is covered completely; a script of which less than 1 % is covered is left out.
    """
    has_charset = any(report.charset is not None for report in reports)
    heading = ("family", "faces", "scripts", *(("charset", "look-alikes") if has_charset else ()), "remarks", "licence")
    return [heading, *(_row(report) for report in reports)]


def describe_coverage(reports: Sequence[FamilyReport], charset: str) -> str:
    """Describe how many families cover the charset that the reports were made with; if none does, which one most."""
    measured = [(report.family, report.charset) for report in reports if report.charset is not None]
    complete = sum(not coverage.missing for _, coverage in measured)
    if complete or not measured:
        return f"charset {charset}: {complete} of {len(measured)} families cover it"
    best, coverage = max(measured, key=lambda entry: entry[1].share)
    if not coverage.share:
        return f"charset {charset}: none of the {len(measured)} families has a character of it; add fonts with --folder"
    return (
        f"charset {charset}: none of the {len(measured)} families covers it; {best} covers most of it: "
        f"{_format_coverage(coverage)}"
    )


_CASES: dict[LetterCase, tuple[str, ...]] = {"both": (), "upper": ("capitals only",), "lower": ("small letters only",)}


def _row(report: FamilyReport) -> tuple[str, ...]:
    remarks = [*_CASES[report.case], *([f"variable: {' '.join(report.axes)}"] if report.axes else [])]
    scripts = ", ".join(
        name if share == 1 else f"{name} {_percent(share)}" for name, share in report.scripts.items() if share >= 0.01
    )
    return (
        report.family,
        str(len(report.faces)),
        scripts or "none of the main ones",
        *(() if report.charset is None else (_format_coverage(report.charset), _format_groups(report.lookalikes))),
        ", ".join(remarks) or "-",
        _shorten(_SCHEME.sub("", report.licence)) or "-",
    )


def _format_groups(groups: Sequence[str]) -> str:
    return " ".join(groups[:_MAX_GROUPS]) + (" …" if len(groups) > _MAX_GROUPS else "") or "-"


def _shorten(licence: str) -> str:
    text = " ".join(licence.split())
    return text if len(text) <= _MAX_LICENCE_LENGTH else text[: _MAX_LICENCE_LENGTH - 1] + "…"


def _format_coverage(coverage: CharsetCoverage) -> str:
    if not coverage.missing:
        return _percent(coverage.share)
    missing = [
        c if c.isprintable() and not unicodedata.category(c).startswith(("M", "Z")) else code_point(c)
        for c in coverage.missing[:_MAX_MISSING]
    ]
    more = " …" if len(coverage.missing) > _MAX_MISSING else ""
    return f"{_percent(coverage.share)}, lacks {' '.join(missing)}{more}"


def _percent(share: float) -> str:
    """Round down, so that 100% is complete; without a space, at which a terminal would break the line."""
    return f"{int(share * 100)}%"
