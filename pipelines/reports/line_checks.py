"""Checks of labelled lines."""

from collections.abc import Callable, Iterable, Sequence

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


def run_checks(profile: LineProfile) -> list[Finding]:
    """Run all checks that apply, and return the findings, most severe first."""
    findings = [check(profile) for check in _CHECKS]
    if profile.charset:
        findings += [check(profile, profile.charset) for check in _CHARSET_CHECKS]
    if profile.description:
        findings += [skipped_samples(profile.statistics, "samples"), dominant_font(profile)]
    return sort_by_severity(findings)


def empty_labels(profile: LineProfile) -> Finding:
    """Find labels without a character."""
    count = int((profile.label_stats.lengths == 0).sum())
    return count_finding("empty labels", Severity.ERROR, count, len(profile), "have no label")


def long_labels(profile: LineProfile) -> Finding:
    """Find labels that CTC cannot emit in the time steps of their image."""
    rows = np.flatnonzero(profile.label_stats.steps > profile.steps)
    message = "need more time steps than their image has (a quarter of its width at height 32), which CTC cannot align"
    return _rows("labels too long for their image", Severity.ERROR, rows, profile, message)


def malformed_labels(profile: LineProfile) -> Finding:
    """Find labels with characters that are invisible in an image."""
    rows = np.flatnonzero(~profile.label_stats.is_clean)
    message = "begin or end with a space, contain an invisible character, or are not in Unicode form NFC"
    return _rows("malformed labels", Severity.WARNING, rows, profile, message)


def broken_images(profile: LineProfile) -> Finding:
    """Find images that cannot be decoded."""
    images = profile.image_stats
    rows = images.rows[np.isnan(images.luminance_range)]
    return _rows("broken images", Severity.ERROR, rows, profile, "have an image that cannot be decoded", len(images))


def tiny_images(profile: LineProfile) -> Finding:
    """Find images with too few pixels."""
    width, height = profile.sizes.T
    rows = np.flatnonzero((width < MIN_WIDTH) | (height < MIN_HEIGHT))
    message = f"have an image narrower than {MIN_WIDTH} or lower than {MIN_HEIGHT} pixels"
    return _rows("tiny images", Severity.WARNING, rows, profile, message)


def low_contrast_images(profile: LineProfile) -> Finding:
    """Find images of nearly uniform luminance."""
    images = profile.image_stats
    rows = images.rows[images.luminance_range < MIN_LUMINANCE_RANGE]  # false for NaN
    message = f"have a luminance range of less than {MIN_LUMINANCE_RANGE} of 255"
    return _rows("low contrast", Severity.WARNING, rows, profile, message, len(images))


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


def characters_outside(profile: LineProfile, charset: Charset) -> Finding:
    """Find characters of the labels that are not in the charset."""
    frequent = profile.label_stats.characters.most_common()
    outside = [character for character, _ in frequent if not charset.covers(charset.fold(character))]
    count = int((~profile.label_stats.in_charset).sum())
    message = f"use {len(outside):,} characters that are not in the charset: training skips these lines"
    examples = _visible(outside)
    return count_finding("characters outside the charset", Severity.ERROR, count, len(profile), message, examples)


def characters_without_samples(profile: LineProfile, charset: Charset) -> Finding:
    """Find characters of the charset that occur in no label."""
    missing = CharacterFrequencies.from_counts(profile.label_stats.characters, charset).missing
    return _characters("characters without samples", missing, charset, "occur in no label and cannot be learned")


def rare_characters(profile: LineProfile, charset: Charset) -> Finding:
    """Find characters of the charset that occur in few labels."""
    rare = CharacterFrequencies.from_counts(profile.label_stats.characters, charset).rare
    return _characters("rare characters", rare, charset, f"occur fewer than {RARE_THRESHOLD} times")


def _characters(check: str, characters: Sequence[str], charset: Charset, message: str) -> Finding:
    if not characters:
        return Finding(check)
    message = f"{len(characters):,} of the {len(charset):,} characters of the charset {message}"
    return Finding(check, Severity.WARNING, message, _visible(characters))


def dominant_font(profile: LineProfile) -> Finding:
    """Find a font that most lines are rendered in."""
    fonts = profile.statistics.fonts
    (font, count), total = (fonts.most_common(1) or [("", 0)])[0], fonts.total()
    if count <= MAX_FONT_SHARE * total:
        return Finding("dominant font")
    message = f"{format_percent(count / total)} of the lines are rendered in {font} ({len(fonts):,} fonts in total)"
    return Finding("dominant font", Severity.WARNING, message)


_CHECKS: tuple[Callable[[LineProfile], Finding], ...] = (
    empty_labels,
    long_labels,
    broken_images,
    duplicate_images,
    malformed_labels,
    tiny_images,
    low_contrast_images,
    duplicate_labels,
)

_CHARSET_CHECKS: tuple[Callable[[LineProfile, Charset], Finding], ...] = (
    characters_outside,
    characters_without_samples,
    rare_characters,
)


def _rows(
    check: str,
    severity: Severity,
    rows: NDArray[np.int64],
    profile: LineProfile,
    message: str,
    total: int | None = None,
) -> Finding:
    """Return a finding about rows, with the labels of the first ones as examples."""
    examples = profile.texts_of(rows[:MAX_EXAMPLES].tolist())
    return count_finding(check, severity, len(rows), len(profile) if total is None else total, message, examples)


def _visible(characters: Iterable[str]) -> tuple[str, ...]:
    shown = [visible_character(character) for character in characters]
    more = (f"and {len(shown) - _MAX_CHARACTERS:,} more",) if len(shown) > _MAX_CHARACTERS else ()
    return (*shown[:_MAX_CHARACTERS], *more)
