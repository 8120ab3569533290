"""Detection of a collapse: a network that became worse in ways that agreement and confidence do not show."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from pipelines.adaptation.views import Reading

_MIN_DISTINCT = 0.7  # of the different texts before
_MIN_LENGTH = 0.75  # of the mean length before
_MAX_EMPTY = 0.15  # more empty readings than before, share of all
_CONFIDENCE_RISE, _AGREEMENT_FALL = 0.02, 0.05
_MIN_REMEMBERED = 0.75  # of the texts that were read surely before
_SURE = 0.95
_MIN_SURE = 10  # lines; fewer say nothing


@dataclass(frozen=True)
class ReadingStatistics:
    """What the readings of some lines are like.

    Attributes:
        distinct: Number of different texts.
        length: Mean length of the texts that are not empty, in characters.
        empty: Share of empty readings, 0 to 1.
        confidence: Mean confidence, 0 to 1.
        agreement: Mean agreement of the views, 0 to 1.
    """

    distinct: int
    length: float
    empty: float
    confidence: float
    agreement: float

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> "ReadingStatistics":
        """Describe at least one reading."""
        texts = [reading.text for reading in readings if reading.text]
        return cls(
            len(set(texts)),
            float(np.mean([len(text) for text in texts])) if texts else 0.0,
            1 - len(texts) / len(readings),
            float(np.mean([reading.confidence for reading in readings])),
            float(np.mean([reading.agreement for reading in readings])),
        )

    def to_dict(self) -> dict[str, float]:
        """Return the numbers by name."""
        return asdict(self)


def find_collapse(before: Sequence[Reading], after: Sequence[Reading]) -> str:
    """Return in a sentence how a network collapsed; empty if it did not.

    Self-training confirms its own mistakes (Arazo et al. 2020, Pseudo-Labeling and Confirmation Bias): a collapsed
    network agrees with itself, so the readings are compared with those of the first network.

    Args:
        before: Readings of the same lines by the first network.
        after: Readings by the new network.
    """
    old, new = ReadingStatistics.of(before), ReadingStatistics.of(after)
    if new.distinct < _MIN_DISTINCT * old.distinct:
        return f"the number of different texts fell from {old.distinct:,} to {new.distinct:,}"
    if new.length < _MIN_LENGTH * old.length:
        return f"the mean length of the texts fell from {old.length:.1f} to {new.length:.1f} characters"
    if new.empty > old.empty + _MAX_EMPTY:
        return f"the share of lines without a text rose from {old.empty:.0%} to {new.empty:.0%}"
    if new.confidence > old.confidence + _CONFIDENCE_RISE and new.agreement < old.agreement - _AGREEMENT_FALL:
        return (
            f"the confidence rose from {old.confidence:.2f} to {new.confidence:.2f} while the agreement of the views "
            f"fell from {old.agreement:.2f} to {new.agreement:.2f}"
        )
    sure = [(b, a) for b, a in zip(before, after, strict=True) if b.agreement == 1 and b.confidence >= _SURE]
    kept = sum(b.text == a.text for b, a in sure)
    if len(sure) >= _MIN_SURE and kept < _MIN_REMEMBERED * len(sure):
        return f"of {len(sure):,} lines that were read surely before, only {kept:,} are read the same"
    return ""


def teacher_agreement(before: Sequence[Reading], after: Sequence[Reading]) -> float:
    """Return the share of lines whose text is that of the first network, 0 to 1."""
    return float(np.mean([b.text == a.text for b, a in zip(before, after, strict=True)]))
