"""What can be odd about labelled lines: each check says what it found, or that it found nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.io.charset_coverage import RARE_THRESHOLD, CharacterFrequencies
from pipelines.reports.charts import format_percent, visible_character
from pipelines.reports.line_facts import LineProfile
from synthtext.core import Charset

Severity: TypeAlias = Literal["wrong", "look", "note", "fine"]

MIN_WIDTH, MIN_HEIGHT = 8, 12
"""Pictures of less width, or less height, are too small to read; pixels."""

MIN_LUMINANCE_RANGE = 40
"""Pictures whose luminance spreads over less are hard to read; grey values of 255."""

MAX_FONT_SHARE = 0.5
"""One font is too frequent when it has a larger share of the lines."""

MAX_EXAMPLES = 6
"""Most that a finding shows."""

_CHARACTERS = 40


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        check: what was looked for.
        level: "wrong" costs lines or teaches nonsense, "look" deserves a look, "note" is good to know, "fine" is
            nothing found.
        message: one sentence; empty when fine.
        examples: labels, or characters.
    """

    check: str
    severity: Severity = "fine"
    message: str = ""
    examples: tuple[str, ...] = ()


def run_checks(facts: LineProfile) -> list[Finding]:
    """Run all checks that apply, the gravest finding first."""
    found = [check(facts) for check in _ALWAYS]
    if facts.charset:
        found += [check(facts, facts.charset) for check in _OF_CHARSET]
    if facts.description:
        found += [skipped_samples(facts), dominant_font(facts)]
    return sort_by_severity(found)


def sort_by_severity(found: Iterable[Finding]) -> list[Finding]:
    """Findings, the gravest first."""
    order: list[Severity] = ["wrong", "look", "note", "fine"]
    return sorted(found, key=lambda finding: order.index(finding.severity))


def empty_labels(facts: LineProfile) -> Finding:
    """Labels without a character."""
    count = int((facts.label_stats.lengths == 0).sum())
    return count_finding("empty labels", "wrong", count, len(facts), "have no label")


def long_labels(facts: LineProfile) -> Finding:
    """Labels that CTC cannot spell in the time steps of their picture."""
    rows = np.flatnonzero(facts.label_stats.steps > facts.steps)
    says = "need more time steps than their picture has (a quarter of its width at height 32): CTC cannot spell them"
    return _rows("labels too long for their picture", "wrong", rows, facts, says)


def malformed_labels(facts: LineProfile) -> Finding:
    """Labels with what nobody sees in a picture."""
    rows = np.flatnonzero(~facts.label_stats.is_clean)
    says = "have a space at an end, an invisible character, or characters that are not composed (NFC)"
    return _rows("untidy labels", "look", rows, facts, says)


def broken_pictures(facts: LineProfile) -> Finding:
    """Pictures that cannot be decoded."""
    rows = facts.image_stats.rows[np.isnan(facts.image_stats.luminance_range)]
    return _rows("broken pictures", "wrong", rows, facts, "cannot be decoded", len(facts.image_stats))


def tiny_pictures(facts: LineProfile) -> Finding:
    """Pictures with too few pixels."""
    width, height = facts.sizes.T
    rows = np.flatnonzero((width < MIN_WIDTH) | (height < MIN_HEIGHT))
    return _rows(
        "tiny pictures", "look", rows, facts, f"are narrower than {MIN_WIDTH} or lower than {MIN_HEIGHT} pixels"
    )


def low_contrast_pictures(facts: LineProfile) -> Finding:
    """Pictures of nearly one grey."""
    rows = facts.image_stats.rows[facts.image_stats.luminance_range < MIN_LUMINANCE_RANGE]  # NaN is not
    says = f"spread over less than {MIN_LUMINANCE_RANGE} of 255 grey values"
    return _rows("low contrast", "look", rows, facts, says, len(facts.image_stats))


def duplicate_labels(facts: LineProfile) -> Finding:
    """Texts that more than one line has."""
    _, first, counts = np.unique(facts.label_stats.hashes, return_index=True, return_counts=True)
    top = np.lexsort((first, -counts))[:MAX_EXAMPLES]
    top = top[counts[top] > 1]
    repeats = len(facts) - len(counts)
    texts = facts.texts_of(first[top].tolist())
    examples = tuple(f"{text} × {count:,}" for text, count in zip(texts, counts[top].tolist(), strict=True))
    says = "repeat the label of an earlier line"
    return count_finding("repeated labels", "note", repeats, len(facts), says, examples)


def duplicate_pictures(facts: LineProfile) -> Finding:
    """Files that are there more than once."""
    _, which, counts = np.unique(facts.image_stats.digests, return_inverse=True, return_counts=True)
    repeats = len(facts.image_stats) - len(counts)
    hashes = facts.label_stats.hashes[facts.image_stats.rows]
    rows = facts.image_stats.rows[counts[which] > 1]
    torn = len(np.unique(np.stack([which, hashes], axis=1), axis=0)) - len(counts)
    says = "repeat an earlier picture, byte for byte"
    if torn:
        says += f", {torn:,} of them under another label"
    examples = facts.texts_of(rows[:MAX_EXAMPLES].tolist())
    return count_finding(
        "repeated pictures", "wrong" if torn else "look", repeats, len(facts.image_stats), says, examples
    )


def characters_outside(facts: LineProfile, charset: Charset) -> Finding:
    """Characters of the labels that the charset lacks."""
    outside = [c for c, _ in facts.label_stats.characters.most_common() if not charset.covers(charset.fold(c))]
    count = int((~facts.label_stats.in_charset).sum())
    says = f"use {len(outside):,} characters that are not in the charset: training leaves them out"
    return count_finding("characters outside the charset", "wrong", count, len(facts), says, _shown(outside))


def characters_without_samples(facts: LineProfile, charset: Charset) -> Finding:
    """Characters of the charset that no label has."""
    never = CharacterFrequencies.from_counts(facts.label_stats.characters, charset).missing
    return _scarce("characters never drawn", never, charset, "are in no label: they cannot be learnt")


def rare_characters(facts: LineProfile, charset: Charset) -> Finding:
    """Characters of the charset that few labels have."""
    few = CharacterFrequencies.from_counts(facts.label_stats.characters, charset).rare
    return _scarce("characters hardly drawn", few, charset, f"occur, but less than {RARE_THRESHOLD} times")


def _scarce(name: str, found: Sequence[str], charset: Charset, what: str) -> Finding:
    """Some characters of the charset, and what is the matter with them."""
    if not found:
        return Finding(name)
    says = f"{len(found):,} of the {len(charset):,} characters of the charset {what}"
    return Finding(name, "look", says, _shown(found))


def skipped_samples(facts: LineProfile) -> Finding:
    """Samples that could not be drawn, could not be used, or were filtered out."""
    reasons = facts.statistics.skipped
    asked = facts.statistics.rows + reasons.total()
    says = "are not there: they could not be drawn or were left out"
    examples = tuple(f"{reason} × {count:,}" for reason, count in reasons.most_common())
    return count_finding("gaps", "note", reasons.total(), asked, says, examples, "samples")


def dominant_font(facts: LineProfile) -> Finding:
    """A font that most lines are drawn with."""
    fonts, name = facts.statistics.fonts, "one font dominates"
    if not fonts:
        return Finding(name)
    (most, count), total = fonts.most_common(1)[0], fonts.total()
    if count <= MAX_FONT_SHARE * total:
        return Finding(name)
    return Finding(
        name,
        "look",
        f"{format_percent(count / total)} of the lines are drawn with {most} (fonts in all: {len(fonts):,})",
    )


_ALWAYS: tuple[Callable[[LineProfile], Finding], ...] = (
    empty_labels,
    long_labels,
    broken_pictures,
    duplicate_pictures,
    malformed_labels,
    tiny_pictures,
    low_contrast_pictures,
    duplicate_labels,
)

_OF_CHARSET: tuple[Callable[[LineProfile, Charset], Finding], ...] = (
    characters_outside,
    characters_without_samples,
    rare_characters,
)


def _rows(
    check: str, level: Severity, rows: NDArray[np.int64], facts: LineProfile, says: str, total: int | None = None
) -> Finding:
    """A finding about rows, with the labels of the first ones."""
    examples = facts.texts_of(rows[:MAX_EXAMPLES].tolist())
    return count_finding(check, level, len(rows), len(facts) if total is None else total, says, examples)


def count_finding(
    check: str, level: Severity, count: int, total: int, says: str, examples: tuple[str, ...] = (), what: str = "lines"
) -> Finding:
    """A finding about `count` of `total` things; fine if there is none."""
    if not count:
        return Finding(check)
    return Finding(check, level, f"{count:,} of {total:,} {what} ({format_percent(count / total)}) {says}", examples)


def _shown(characters: Iterable[str]) -> tuple[str, ...]:
    listed = [visible_character(character) for character in characters]
    more = (f"and {len(listed) - _CHARACTERS:,} more",) if len(listed) > _CHARACTERS else ()
    return (*listed[:_CHARACTERS], *more)
