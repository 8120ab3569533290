"""What can be odd about labelled lines: each check says what it found, or that it found nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.io.charset_coverage import FEW, Rarity
from pipelines.reports.charts import percent, visible
from pipelines.reports.line_facts import Facts
from synthtext.core import Charset

Level: TypeAlias = Literal["wrong", "look", "note", "fine"]

NARROW, SMALL = 8, 12
"""Pictures of less width, or less height, are too small to read; pixels."""

FAINT = 40
"""Pictures whose luminance spreads over less are hard to read; grey values of 255."""

DOMINANT = 0.5
"""One font is too frequent when it has a larger share of the lines."""

EXAMPLES = 6
"""Most that a finding shows."""

_CHARACTERS = 40


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        check: what was looked for.
        level: "wrong" costs lines or teaches nonsense, "look" deserves a look, "note" is good to know, "fine" is
            nothing found.
        says: one sentence; empty when fine.
        examples: labels, or characters.
    """

    check: str
    level: Level = "fine"
    says: str = ""
    examples: tuple[str, ...] = ()


def findings(facts: Facts) -> list[Finding]:
    """Run all checks that apply, the gravest finding first."""
    found = [check(facts) for check in _ALWAYS]
    if facts.charset:
        found += [check(facts, facts.charset) for check in _OF_CHARSET]
    if facts.description:
        found += [gaps(facts), one_font(facts)]
    return graver(found)


def graver(found: Iterable[Finding]) -> list[Finding]:
    """Findings, the gravest first."""
    order: list[Level] = ["wrong", "look", "note", "fine"]
    return sorted(found, key=lambda finding: order.index(finding.level))


def empty_labels(facts: Facts) -> Finding:
    """Labels without a character."""
    count = int((facts.labels.lengths == 0).sum())
    return counted("empty labels", "wrong", count, len(facts), "have no label")


def long_labels(facts: Facts) -> Finding:
    """Labels that CTC cannot spell in the time steps of their picture."""
    rows = np.flatnonzero(facts.labels.steps > facts.steps)
    says = "need more time steps than their picture has (a quarter of its width at height 32): CTC cannot spell them"
    return _rows("labels too long for their picture", "wrong", rows, facts, says)


def untidy_labels(facts: Facts) -> Finding:
    """Labels with what nobody sees in a picture."""
    rows = np.flatnonzero(~facts.labels.tidy)
    says = "have a space at an end, an invisible character, or characters that are not composed (NFC)"
    return _rows("untidy labels", "look", rows, facts, says)


def broken_pictures(facts: Facts) -> Finding:
    """Pictures that cannot be decoded."""
    rows = facts.look.rows[np.isnan(facts.look.spread)]
    return _rows("broken pictures", "wrong", rows, facts, "cannot be decoded", len(facts.look))


def tiny_pictures(facts: Facts) -> Finding:
    """Pictures with too few pixels."""
    width, height = facts.sizes.T
    rows = np.flatnonzero((width < NARROW) | (height < SMALL))
    return _rows("tiny pictures", "look", rows, facts, f"are narrower than {NARROW} or lower than {SMALL} pixels")


def faint_pictures(facts: Facts) -> Finding:
    """Pictures of nearly one grey."""
    rows = facts.look.rows[facts.look.spread < FAINT]  # NaN is not
    says = f"spread over less than {FAINT} of 255 grey values"
    return _rows("low contrast", "look", rows, facts, says, len(facts.look))


def repeated_labels(facts: Facts) -> Finding:
    """Texts that more than one line has."""
    _, first, counts = np.unique(facts.labels.hashes, return_index=True, return_counts=True)
    top = np.lexsort((first, -counts))[:EXAMPLES]
    top = top[counts[top] > 1]
    repeats = len(facts) - len(counts)
    texts = facts.texts_of(first[top].tolist())
    examples = tuple(f"{text} × {count:,}" for text, count in zip(texts, counts[top].tolist(), strict=True))
    says = "repeat the label of an earlier line"
    return counted("repeated labels", "note", repeats, len(facts), says, examples)


def repeated_pictures(facts: Facts) -> Finding:
    """Files that are there more than once."""
    _, which, counts = np.unique(facts.look.digests, return_inverse=True, return_counts=True)
    repeats = len(facts.look) - len(counts)
    hashes = facts.labels.hashes[facts.look.rows]
    rows = facts.look.rows[counts[which] > 1]
    torn = len(np.unique(np.stack([which, hashes], axis=1), axis=0)) - len(counts)
    says = "repeat an earlier picture, byte for byte"
    if torn:
        says += f", {torn:,} of them under another label"
    examples = facts.texts_of(rows[:EXAMPLES].tolist())
    return counted("repeated pictures", "wrong" if torn else "look", repeats, len(facts.look), says, examples)


def characters_outside(facts: Facts, charset: Charset) -> Finding:
    """Characters of the labels that the charset lacks."""
    outside = [c for c, _ in facts.labels.characters.most_common() if not charset.covers(charset.fold(c))]
    count = int((~facts.labels.covered).sum())
    says = f"use {len(outside):,} characters that are not in the charset: training leaves them out"
    return counted("characters outside the charset", "wrong", count, len(facts), says, _shown(outside))


def characters_never_drawn(facts: Facts, charset: Charset) -> Finding:
    """Characters of the charset that no label has."""
    never = Rarity.of(facts.labels.characters, charset).never
    return _scarce("characters never drawn", never, charset, "are in no label: they cannot be learnt")


def characters_hardly_drawn(facts: Facts, charset: Charset) -> Finding:
    """Characters of the charset that few labels have."""
    few = Rarity.of(facts.labels.characters, charset).few
    return _scarce("characters hardly drawn", few, charset, f"occur, but less than {FEW} times")


def _scarce(name: str, found: Sequence[str], charset: Charset, what: str) -> Finding:
    """Some characters of the charset, and what is the matter with them."""
    if not found:
        return Finding(name)
    says = f"{len(found):,} of the {len(charset):,} characters of the charset {what}"
    return Finding(name, "look", says, _shown(found))


def gaps(facts: Facts) -> Finding:
    """Samples that could not be drawn, could not be used, or were filtered out."""
    reasons = facts.statistics.gaps
    asked = facts.statistics.rows + reasons.total()
    says = "are not there: they could not be drawn or were left out"
    examples = tuple(f"{reason} × {count:,}" for reason, count in reasons.most_common())
    return counted("gaps", "note", reasons.total(), asked, says, examples, "samples")


def one_font(facts: Facts) -> Finding:
    """A font that most lines are drawn with."""
    fonts, name = facts.statistics.fonts, "one font dominates"
    if not fonts:
        return Finding(name)
    (most, count), total = fonts.most_common(1)[0], fonts.total()
    if count <= DOMINANT * total:
        return Finding(name)
    return Finding(
        name, "look", f"{percent(count / total)} of the lines are drawn with {most} (fonts in all: {len(fonts):,})"
    )


_ALWAYS: tuple[Callable[[Facts], Finding], ...] = (
    empty_labels,
    long_labels,
    broken_pictures,
    repeated_pictures,
    untidy_labels,
    tiny_pictures,
    faint_pictures,
    repeated_labels,
)

_OF_CHARSET: tuple[Callable[[Facts, Charset], Finding], ...] = (
    characters_outside,
    characters_never_drawn,
    characters_hardly_drawn,
)


def _rows(
    check: str, level: Level, rows: NDArray[np.int64], facts: Facts, says: str, total: int | None = None
) -> Finding:
    """A finding about rows, with the labels of the first ones."""
    examples = facts.texts_of(rows[:EXAMPLES].tolist())
    return counted(check, level, len(rows), len(facts) if total is None else total, says, examples)


def counted(
    check: str, level: Level, count: int, total: int, says: str, examples: tuple[str, ...] = (), what: str = "lines"
) -> Finding:
    """A finding about `count` of `total` things; fine if there is none."""
    if not count:
        return Finding(check)
    return Finding(check, level, f"{count:,} of {total:,} {what} ({percent(count / total)}) {says}", examples)


def _shown(characters: Iterable[str]) -> tuple[str, ...]:
    listed = [visible(character) for character in characters]
    more = (f"and {len(listed) - _CHARACTERS:,} more",) if len(listed) > _CHARACTERS else ()
    return (*listed[:_CHARACTERS], *more)
