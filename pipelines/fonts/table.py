"""The families as rows of text."""

import re
import unicodedata
from collections.abc import Sequence

from pipelines.fonts.report import CharsetCoverage, FamilyReport
from synthtext.fonts import LetterCase

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


def plain_lines(reports: Sequence[FamilyReport]) -> list[str]:
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
