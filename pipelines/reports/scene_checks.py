"""Checks of labelled scenes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.scene_profile import MIN_OVERLAP, SceneProfile
from pipelines.datasets.source import describe_label_problems
from pipelines.reports.findings import (
    MAX_EXAMPLES,
    Finding,
    Severity,
    count_finding,
    reason_finding,
    skipped_samples,
    sort_by_severity,
)

MIN_TEXT_HEIGHT = 8
"""Smallest height of a readable text, pixels."""

_EDGE_TOLERANCE = 1.0  # pixels: labels that count pixels from 1 exceed the edge by this much


def run_scene_checks(profile: SceneProfile) -> list[Finding]:
    """Run all checks that apply, and return the findings, most severe first."""
    findings = [check(profile) for check in _CHECKS]
    if profile.description:
        findings.append(skipped_samples(profile.statistics, "scenes"))
    return sort_by_severity(findings)


def unreadable_scenes(profile: SceneProfile) -> Finding:
    """Find scenes whose image or label cannot be read."""
    reasons, total = profile.unreadable, profile.sampled
    return reason_finding("unreadable scenes", Severity.ERROR, reasons, total, "cannot be read", "scenes")


def texts_outside_image(profile: SceneProfile) -> Finding:
    """Find texts that lie entirely outside the image."""
    outside = profile.texts["inside"] <= 0
    return _texts("texts outside the image", Severity.ERROR, outside, profile, "lie outside the image")


def polygons_crossing_edge(profile: SceneProfile) -> Finding:
    """Find texts that lie partly outside the image."""
    crossing = (profile.texts["beyond"] > _EDGE_TOLERANCE) & (profile.texts["inside"] > 0)
    return _texts("polygons crossing the edge", Severity.INFO, crossing, profile, "extend beyond the edge of the image")


def corrected_labels(profile: SceneProfile) -> Finding:
    """Find labels that were invalid."""
    count = profile.problems.total()
    if not count:
        return Finding("corrected labels")
    problems = (describe_label_problems(profile.problems),)
    return Finding("corrected labels", Severity.WARNING, f"{count:,} labels were invalid", problems)


def invalid_parents(profile: SceneProfile) -> Finding:
    """Find texts whose parent does not exist."""
    orphans = profile.texts["orphan"]
    return _texts("invalid parents", Severity.ERROR, orphans, profile, "refer to a parent that does not exist")


def tiny_texts(profile: SceneProfile) -> Finding:
    """Find texts of few pixels that are not ignored."""
    texts = profile.texts
    tiny = (np.minimum(texts["height"], texts["width"]) < MIN_TEXT_HEIGHT) & ~texts["ignore"]
    message = f"are less than {MIN_TEXT_HEIGHT} pixels high or wide, but not ignored"
    return _texts("tiny texts", Severity.WARNING, tiny, profile, message)


def overlapping_texts(profile: SceneProfile) -> Finding:
    """Find texts that overlap another text of the same level."""
    message = f"overlap another text of the same level by more than {100 * MIN_OVERLAP:.0f} % of the smaller one"
    return _texts("overlapping texts", Severity.WARNING, profile.texts["overlaps"] > 0, profile, message)


def empty_texts(profile: SceneProfile) -> Finding:
    """Find texts without a transcription that are not ignored."""
    empty = (profile.texts["length"] == 0) & ~profile.texts["ignore"]
    message = "have no transcription: only a detector can use them"
    return _texts("texts without a transcription", Severity.INFO, empty, profile, message)


def scenes_without_texts(profile: SceneProfile) -> Finding:
    """Find scenes without a labelled text."""
    empty = profile.scenes["texts"] == 0
    return _scenes("scenes without a text", Severity.INFO, empty, profile, "have no labelled text")


def fully_ignored_scenes(profile: SceneProfile) -> Finding:
    """Find scenes in which every text is ignored."""
    scenes = profile.scenes
    ignored = (scenes["texts"] > 0) & (scenes["ignored"] == scenes["texts"])
    message = "contain ignored texts only: a detector learns only from their background"
    return _scenes("scenes of ignored texts only", Severity.WARNING, ignored, profile, message)


def duplicate_scene_images(profile: SceneProfile) -> Finding:
    """Find image files that occur more than once."""
    scenes = profile.scenes
    _, first, groups = np.unique(scenes["digest"], return_index=True, return_inverse=True)
    repeated = np.ones(len(scenes), np.bool_)
    repeated[first] = False
    conflicting = int((scenes["labels"] != scenes["labels"][first[groups]]).sum())
    message = "repeat an earlier image file"
    if conflicting:
        message += f", {conflicting:,} of them with different labels"
    severity = Severity.ERROR if conflicting else Severity.WARNING
    return _scenes("duplicate images", severity, repeated, profile, message)


_CHECKS: tuple[Callable[[SceneProfile], Finding], ...] = (
    unreadable_scenes,
    texts_outside_image,
    invalid_parents,
    duplicate_scene_images,
    corrected_labels,
    tiny_texts,
    overlapping_texts,
    fully_ignored_scenes,
    polygons_crossing_edge,
    empty_texts,
    scenes_without_texts,
)


def _texts(check: str, severity: Severity, mask: NDArray[np.bool_], profile: SceneProfile, message: str) -> Finding:
    """Return a finding about texts, with the first ones as examples."""
    indices = np.flatnonzero(mask)
    examples = profile.labels(indices[:MAX_EXAMPLES].tolist())
    return count_finding(check, severity, len(indices), len(mask), message, examples, "texts")


def _scenes(check: str, severity: Severity, mask: NDArray[np.bool_], profile: SceneProfile, message: str) -> Finding:
    """Return a finding about scenes, with the keys of the first ones as examples."""
    indices = np.flatnonzero(mask)
    examples = profile.keys(indices[:MAX_EXAMPLES].tolist())
    return count_finding(check, severity, len(indices), len(mask), message, examples, "scenes")
