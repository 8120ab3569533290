"""Selection of pseudo-labels: readings on which all views agree, with a confidence in a band."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.adaptation.text_filter import TextFilter
from pipelines.adaptation.views import Reading

EMPTY, UNSTABLE, UNSURE, TOO_SURE = (
    "no text",
    "views disagree",
    "confidence below the band",
    "confidence above the band",
)
NOT_ALLOWED, REPEATED = "not in the lexicon or pattern", "text repeated too often"
"""Reasons why a line has no pseudo-label."""

KEPT = ""
"""The reason of a line that has one."""

_MIN_CAP = 5
_CAP_SHARE = 0.02  # of the lines that are kept, for lines of one text


@dataclass(frozen=True)
class ConfidenceBand:
    """Confidences of pseudo-labels, `low` to `high`, 0 to 1."""

    low: float
    high: float


@dataclass(frozen=True)
class PseudoLabels:
    """The decisions about N lines.

    Attributes:
        reasons: (N,) reason of each line; empty for those that are kept.
        cap: Maximum number of lines with the same text.
    """

    reasons: tuple[str, ...]
    cap: int

    @property
    def kept(self) -> tuple[int, ...]:
        """Indices of the lines that are kept."""
        return tuple(index for index, reason in enumerate(self.reasons) if reason == KEPT)

    @property
    def counts(self) -> dict[str, int]:
        """Number of lines by reason, without those that are kept."""
        return dict(Counter(reason for reason in self.reasons if reason != KEPT))


def select_pseudo_labels(readings: Sequence[Reading], band: ConfidenceBand, allowed: TextFilter) -> PseudoLabels:
    """Decide which readings become labels.

    A reading is kept if its views agree, and if its confidence lies in the band: agreement under changes of the input
    is the criterion of Bachman et al. 2014 (Learning with Pseudo-Ensembles), a fixed confidence threshold that of
    FixMatch (Sohn et al. 2020, section 2.2); both in self-training of recognizers: Baek et al. 2021 (What If We Only
    Use Real Datasets for Scene Text Recognition?, section 4.2). Frequent texts are capped, the first lines are kept:
    a recognizer would otherwise learn to answer with the most frequent text.

    Args:
        readings: (N,) of the lines.
        band: Of the confidence.
        allowed: Texts that may occur.
    """
    reasons = [_accept_reading(reading, band, allowed) for reading in readings]
    cap = max(_MIN_CAP, round(_CAP_SHARE * reasons.count(KEPT)))
    seen = Counter[str]()
    for index, reading in enumerate(readings):
        if reasons[index] == KEPT:
            seen[reading.text] += 1
            if seen[reading.text] > cap:
                reasons[index] = REPEATED
    return PseudoLabels(tuple(reasons), cap)


def _accept_reading(reading: Reading, band: ConfidenceBand, allowed: TextFilter) -> str:
    """Return `KEPT` for a reading that becomes a pseudo-label, or else the reason why it does not."""
    if not reading.text.strip():
        return EMPTY
    if not reading.is_stable:
        return UNSTABLE
    if reading.confidence < band.low:
        return UNSURE
    if reading.confidence > band.high:
        return TOO_SURE
    return KEPT if allowed.allows(reading.text) else NOT_ALLOWED
