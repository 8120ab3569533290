"""Words that the project does not use: each has a standard term (CONTRIBUTING.md)."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
SUFFIXES = {".py", ".md", ".yaml", ".toml", ".html", ".js", ".css", ".sh"}
SKIPPED = {"CHANGELOG.md", "test_vocabulary.py"}
FOLDERS = ("synthtext", "augment", "models", "pipelines", "tests", "benchmarks", "docs")

BANNED = re.compile(
    r"\b(owe|owes|owed|debts?|waived|veil(ed|s)?|calmed|fate|deaf|manned|lessons?|contest|rarity|complaints?"
    r"|by heart|goes on where|of ours|hang together|is told|whoever|looked at|invented|elsewhere)\b",
    re.IGNORECASE,
)
RUN_IN_CAPITALS = re.compile(r"\bRUNs?\b")


def texts(folder: str) -> list[Path]:
    files = (HOME / folder).glob("*.md") if folder == "." else (HOME / folder).rglob("*")
    return sorted(path for path in files if path.suffix in SUFFIXES and path.name not in SKIPPED)


@pytest.mark.parametrize("folder", [".", *FOLDERS])
def test_no_word_of_the_old_dialect(folder: str) -> None:
    found = [
        f"{path.relative_to(HOME)}:{number}: {match[0]!r}"
        for path in texts(folder)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for pattern in (BANNED, RUN_IN_CAPITALS)
        if (match := pattern.search(line))
    ]
    assert texts(folder)
    assert not found


@pytest.mark.parametrize(
    "text", ["Characters that a line OWES.", "the lessons of a team", "a RUN on disk", "as is told"]
)
def test_the_pattern_finds_the_words(text: str) -> None:
    assert BANNED.search(text) or RUN_IN_CAPITALS.search(text)
