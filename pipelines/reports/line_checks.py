"""Checks of labelled lines."""

from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.line_profile import LineProfile
from pipelines.io.statistics import RARE_THRESHOLD, CharacterFrequencies
from pipelines.reports.findings import (
    MAX_EXAMPLES,
    Finding,
    Severity,
    count_finding,
    skipped_samples,
    sort_by_severity,
)
from pipelines.reports.formatting import format_percent, visible_character
from synthtext.core import Charset

MIN_WIDTH, MIN_HEIGHT = 8, 12
"""Smallest width and height of a readable image, pixels."""

MIN_LUMINANCE_RANGE = 40
"""Smallest luminance range of an image of sufficient contrast, of 255."""

MAX_FONT_SHARE = 0.5
"""Largest share of the lines that one font should have."""

_MAX_CHARACTERS = 40  # in the examples of a finding


_TOO_LONG = "need more time steps than their image has (a quarter of its width at height 32), which CTC cannot align"
_MALFORMED = "begin or end with a space, contain an invisible character, or are not in Unicode form NFC"
_TINY = f"have an image narrower than {MIN_WIDTH} or lower than {MIN_HEIGHT} pixels"
_LOW_CONTRAST = f"have a luminance range of less than {MIN_LUMINANCE_RANGE} of 255"


def run_checks(profile: LineProfile) -> list[Finding]:
    """Run all checks that apply, and return the findings, most severe first."""
    labels, images, (width, height) = profile.label_stats, profile.image_stats, profile.sizes.T
    broken = images.rows[np.isnan(images.luminance_range)]
    flat = images.rows[images.luminance_range < MIN_LUMINANCE_RANGE]  # false for NaN
    too_long = np.flatnonzero(labels.steps > profile.steps)
    tiny = np.flatnonzero((width < MIN_WIDTH) | (height < MIN_HEIGHT))
    empty, total = int((labels.lengths == 0).sum()), len(profile)
    error, warning, of_lines = Severity.ERROR, Severity.WARNING, partial(_find, profile)
    findings = [
        count_finding("empty labels", error, empty, total, "have no label"),
        of_lines("labels too long for their image", error, too_long, total, _TOO_LONG),
        of_lines("broken images", error, broken, len(images), "have an image that cannot be decoded"),
        duplicate_images(profile),
        of_lines("malformed labels", warning, np.flatnonzero(~labels.is_clean), total, _MALFORMED),
        of_lines("tiny images", warning, tiny, total, _TINY),
        of_lines("low contrast", warning, flat, len(images), _LOW_CONTRAST),
        duplicate_labels(profile),
    ]
    if profile.charset:
        findings += charset_findings(profile, profile.charset)
    if profile.description:
        findings += [skipped_samples(profile.statistics, "samples"), dominant_font(profile)]
    return sort_by_severity(findings)


def duplicate_labels(profile: LineProfile) -> Finding:
    """Find labels that occur more than once."""
    _, first, counts = np.unique(profile.label_stats.hashes, return_index=True, return_counts=True)
    top = np.lexsort((first, -counts))[:MAX_EXAMPLES]
    top = top[counts[top] > 1]
    texts = profile.texts_of(first[top].tolist())
    examples = tuple(f"{text} × {count:,}" for text, count in zip(texts, counts[top].tolist(), strict=True))
    repeats, message = len(profile) - len(counts), "repeat the label of an earlier line"
    return count_finding("duplicate labels", Severity.INFO, repeats, len(profile), message, examples)


def duplicate_images(profile: LineProfile) -> Finding:
    """Find image files that occur more than once."""
    images = profile.image_stats
    _, groups, counts = np.unique(images.digests, return_inverse=True, return_counts=True)
    repeats = len(images) - len(counts)
    hashes = profile.label_stats.hashes[images.rows]
    conflicting = len(np.unique(np.stack([groups, hashes], axis=1), axis=0)) - len(counts)
    message = "repeat an earlier image file"
    if conflicting:
        message += f", {conflicting:,} of them with a different label"
    examples = profile.texts_of(images.rows[counts[groups] > 1][:MAX_EXAMPLES].tolist())
    severity = Severity.ERROR if conflicting else Severity.WARNING
    return count_finding("duplicate images", severity, repeats, len(images), message, examples)


def charset_findings(profile: LineProfile, charset: Charset) -> list[Finding]:
    """Find characters of the labels outside the charset, and characters of the charset with no or few samples."""
    characters = profile.label_stats.characters
    outside = [character for character, _ in characters.most_common() if not charset.covers(charset.fold(character))]
    count = int((~profile.label_stats.in_charset).sum())
    message = f"use {len(outside):,} characters that are not in the charset: training skips these lines"
    name, examples = "characters outside the charset", _visible(outside)
    findings = [count_finding(name, Severity.ERROR, count, len(profile), message, examples)]
    frequencies = CharacterFrequencies.from_counts(characters, charset)
    for name, found, message in (
        ("characters without samples", frequencies.missing, "occur in no label and cannot be learned"),
        ("rare characters", frequencies.rare, f"occur fewer than {RARE_THRESHOLD} times"),
    ):
        message = f"{len(found):,} of the {len(charset):,} characters of the charset {message}"
        findings.append(Finding(name, Severity.WARNING, message, _visible(found)) if found else Finding(name))
    return findings


def dominant_font(profile: LineProfile) -> Finding:
    """Find a font that most lines are rendered in."""
    fonts = profile.statistics.fonts
    (font, count), total = (fonts.most_common(1) or [("", 0)])[0], fonts.total()
    if count <= MAX_FONT_SHARE * total:
        return Finding("dominant font")
    message = f"{format_percent(count / total)} of the lines are rendered in {font} ({len(fonts):,} fonts in total)"
    return Finding("dominant font", Severity.WARNING, message)


def _find(
    profile: LineProfile, check: str, severity: Severity, rows: NDArray[np.int64], total: int, message: str
) -> Finding:
    """Return a finding about rows, with the labels of the first ones as examples."""
    return count_finding(check, severity, len(rows), total, message, profile.texts_of(rows[:MAX_EXAMPLES].tolist()))


def _visible(characters: Iterable[str]) -> tuple[str, ...]:
    shown = [visible_character(character) for character in characters]
    more = (f"and {len(shown) - _MAX_CHARACTERS:,} more",) if len(shown) > _MAX_CHARACTERS else ()
    return (*shown[:_MAX_CHARACTERS], *more)
