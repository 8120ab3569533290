"""Checks of labelled scenes."""

from functools import partial
from typing import Literal

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
_TINY = f"are less than {MIN_TEXT_HEIGHT} pixels high or wide, but not ignored"
_OVERLAPPING = f"overlap another text of the same level by more than {100 * MIN_OVERLAP:.0f} % of the smaller one"
_UNTRANSCRIBED = "have no transcription: only a detector can use them"
_ALL_IGNORED = "contain ignored texts only: a detector learns only from their background"


def run_scene_checks(profile: SceneProfile) -> list[Finding]:
    """Run all checks that apply, and return the findings, most severe first."""
    texts, scenes = profile.texts, profile.scenes
    used, inside = ~texts["ignore"], texts["inside"] > 0
    tiny = used & (np.minimum(texts["height"], texts["width"]) < MIN_TEXT_HEIGHT)
    crossing = inside & (texts["beyond"] > _EDGE_TOLERANCE)
    unlabelled = scenes["texts"] == 0
    all_ignored = ~unlabelled & (scenes["ignored"] == scenes["texts"])
    of_texts, of_scenes = partial(_find, profile, "texts"), partial(_find, profile, "scenes")
    error, warning, info = Severity.ERROR, Severity.WARNING, Severity.INFO
    findings = [
        reason_finding("unreadable scenes", error, profile.unreadable, profile.sampled, "cannot be read", "scenes"),
        of_texts("texts outside the image", error, ~inside, "lie outside the image"),
        of_texts("invalid parents", error, texts["orphan"], "refer to a parent that does not exist"),
        duplicate_images(profile),
        corrected_labels(profile),
        of_texts("tiny texts", warning, tiny, _TINY),
        of_texts("overlapping texts", warning, texts["overlaps"] > 0, _OVERLAPPING),
        of_scenes("scenes of ignored texts only", warning, all_ignored, _ALL_IGNORED),
        of_texts("polygons crossing the edge", info, crossing, "extend beyond the edge of the image"),
        of_texts("texts without a transcription", info, used & (texts["length"] == 0), _UNTRANSCRIBED),
        of_scenes("scenes without a text", info, unlabelled, "have no labelled text"),
    ]
    if profile.description:
        findings.append(skipped_samples(profile.statistics, "scenes"))
    return sort_by_severity(findings)


def corrected_labels(profile: SceneProfile) -> Finding:
    """Find labels that were invalid."""
    count = profile.problems.total()
    if not count:
        return Finding("corrected labels")
    problems = (describe_label_problems(profile.problems),)
    return Finding("corrected labels", Severity.WARNING, f"{count:,} labels were invalid", problems)


def duplicate_images(profile: SceneProfile) -> Finding:
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
    return _find(profile, "scenes", "duplicate images", severity, repeated, message)


def _find(
    profile: SceneProfile,
    unit: Literal["texts", "scenes"],
    check: str,
    severity: Severity,
    mask: NDArray[np.bool_],
    message: str,
) -> Finding:
    """Return a finding about texts or scenes, with the labels or keys of the first ones as examples."""
    indices = np.flatnonzero(mask)
    name = profile.labels if unit == "texts" else profile.keys
    examples = name(indices[:MAX_EXAMPLES].tolist())
    return count_finding(check, severity, len(indices), len(mask), message, examples, unit)
