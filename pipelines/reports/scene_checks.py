"""What can be odd about scenes: each check says what it found, or that it found nothing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.source import describe_label_problems
from pipelines.reports.line_checks import MAX_EXAMPLES, Finding, Severity, count_finding, sort_by_severity
from pipelines.reports.picture import MIN_OVERLAP
from pipelines.reports.scene_dataset import SceneProfile

MIN_TEXT_HEIGHT = 8
"""Texts of less height are hardly readable; pixels."""

_EDGE = 1.0  # pixels: labels that count pixels from 1 reach over the edge by so much


def run_scene_checks(facts: SceneProfile) -> list[Finding]:
    """Run all checks that apply, the gravest finding first."""
    found = [check(facts) for check in _ALWAYS]
    if facts.description:
        found.append(skipped_scenes(facts))
    return sort_by_severity(found)


def unreadable_scenes(facts: SceneProfile) -> Finding:
    """Scenes whose picture or label cannot be read."""
    reasons = facts.unreadable
    examples = tuple(f"{reason} × {count:,}" for reason, count in reasons.most_common())
    says = "cannot be read"
    return count_finding("unreadable scenes", "wrong", reasons.total(), facts.sampled, says, examples, "scenes")


def outside_polygons(facts: SceneProfile) -> Finding:
    """Texts of which nothing is in the picture."""
    return _texts("texts outside of the picture", "wrong", facts.texts["inside"] <= 0, facts, "are not in the picture")


def polygons_crossing_edge(facts: SceneProfile) -> Finding:
    """Texts that reach out of the picture."""
    over = (facts.texts["beyond"] > _EDGE) & (facts.texts["inside"] > 0)
    return _texts("polygons over the picture's edge", "note", over, facts, "reach out of the picture")


def corrected_labels(facts: SceneProfile) -> Finding:
    """Labels that were not as they should be."""
    name, count = "mended labels", facts.problems.total()
    if not count:
        return Finding(name)
    return Finding(
        name, "look", f"{count:,} labels were not as they should be", (describe_label_problems(facts.problems),)
    )


def invalid_parents(facts: SceneProfile) -> Finding:
    """Texts that say they are part of one that is not there."""
    return _texts(
        "parents that are not there", "wrong", facts.texts["orphan"], facts, "are part of a text that is none"
    )


def tiny_texts(facts: SceneProfile) -> Finding:
    """Texts of few pixels that are not to be ignored."""
    tiny = (np.minimum(facts.texts["height"], facts.texts["width"]) < MIN_TEXT_HEIGHT) & ~facts.texts["ignore"]
    return _texts(
        "tiny texts", "look", tiny, facts, f"are less than {MIN_TEXT_HEIGHT} pixels high, and not to be ignored"
    )


def overlapping_texts(facts: SceneProfile) -> Finding:
    """Texts of one level that lie on each other."""
    says = (
        f"lie on another one of their level (more than {100 * MIN_OVERLAP:.0f} % of the smaller), neither to be ignored"
    )
    return _texts("overlapping texts", "look", facts.texts["overlaps"] > 0, facts, says)


def empty_texts(facts: SceneProfile) -> Finding:
    """Texts without a transcription that are not to be ignored."""
    empty = (facts.texts["length"] == 0) & ~facts.texts["ignore"]
    return _texts("texts without a transcription", "note", empty, facts, "say nothing: a detector can use them alone")


def scenes_without_texts(facts: SceneProfile) -> Finding:
    """Scenes in which nothing is labelled."""
    return _scenes("scenes without a text", "note", facts.scenes["texts"] == 0, facts, "have no labelled text")


def fully_ignored_scenes(facts: SceneProfile) -> Finding:
    """Scenes of which every text is to be ignored."""
    all_of_them = (facts.scenes["texts"] > 0) & (facts.scenes["ignored"] == facts.scenes["texts"])
    says = "have texts, but all to be ignored: they only teach where no text is"
    return _scenes("scenes with nothing but ignored texts", "look", all_of_them, facts, says)


def duplicate_scene_pictures(facts: SceneProfile) -> Finding:
    """Files that are there more than once."""
    scenes = facts.scenes
    _, first, which = np.unique(scenes["digest"], return_index=True, return_inverse=True)
    repeated = np.ones(len(scenes), np.bool_)
    repeated[first] = False
    torn = scenes["labels"] != scenes["labels"][first[which]]
    says = "repeat an earlier picture, byte for byte"
    if torn.any():
        says += f", {int(torn.sum()):,} of them with other labels"
    return _scenes("repeated pictures", "wrong" if torn.any() else "look", repeated, facts, says)


def skipped_scenes(facts: SceneProfile) -> Finding:
    """Scenes that could not be drawn or imported."""
    reasons = facts.statistics.skipped
    asked = facts.statistics.rows + reasons.total()
    examples = tuple(f"{reason} × {count:,}" for reason, count in reasons.most_common())
    return count_finding(
        "gaps", "note", reasons.total(), asked, "could not be used and are left out", examples, "scenes"
    )


_ALWAYS: tuple[Callable[[SceneProfile], Finding], ...] = (
    unreadable_scenes,
    outside_polygons,
    invalid_parents,
    duplicate_scene_pictures,
    corrected_labels,
    tiny_texts,
    overlapping_texts,
    fully_ignored_scenes,
    polygons_crossing_edge,
    empty_texts,
    scenes_without_texts,
)


def _texts(check: str, level: Severity, which: NDArray[np.bool_], facts: SceneProfile, says: str) -> Finding:
    """A finding about texts, with the first ones."""
    places = np.flatnonzero(which)
    examples = facts.labels(places[:MAX_EXAMPLES].tolist())
    return count_finding(check, level, len(places), len(facts.texts), says, examples, "texts")


def _scenes(check: str, level: Severity, which: NDArray[np.bool_], facts: SceneProfile, says: str) -> Finding:
    """A finding about scenes, with the keys of the first ones."""
    places = np.flatnonzero(which)
    examples = facts.keys(places[:MAX_EXAMPLES].tolist())
    return count_finding(check, level, len(places), len(facts.scenes), says, examples, "scenes")
