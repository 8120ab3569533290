"""Skips crops that a recognizer cannot read."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from augment.copy_paste import TextCutout
from pipelines.io.statistics import UNREADABLE
from pipelines.jobs.line_filter import FilterSettings, LabelledLine, LineFilter
from synthtext.core import Image

UNREADABLE_CROP = "not read by the recognizer"
"""Reason of a skipped crop."""

_MIN_VERTICAL_RATIO = 1.5  # ratio of height to width from which a crop is read turned by 90 degrees


def open_crop_filter(recognizer: Path) -> LineFilter:
    """Open a recognizer, a run directory or an ONNX file. Raises InputError if it cannot be opened."""
    return FilterSettings(strong=recognizer).open()


def keep_readable(crops: Sequence[TextCutout], crop_filter: LineFilter, reasons: "Counter[str]") -> list[TextCutout]:
    """Return the crops of which the recognizer reads at least half of the label, and those whose label it cannot write.

    `reasons`, which is modified, counts the others.
    """
    decisions = crop_filter.decide([LabelledLine("", crop.text, _upright(crop.patch)) for crop in crops])
    kept = [crop for crop, found in zip(crops, decisions, strict=True) if found.decision != UNREADABLE]
    if len(kept) < len(crops):
        reasons[UNREADABLE_CROP] += len(crops) - len(kept)
    return kept


def _upright(patch: Image) -> Image:
    """Turn a crop that is higher than wide, as recognizers expect."""
    return np.ascontiguousarray(np.rot90(patch)) if patch.shape[0] >= _MIN_VERTICAL_RATIO * patch.shape[1] else patch
