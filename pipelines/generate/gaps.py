"""Samples that could not be drawn: how many are too many."""

import math
from collections.abc import Mapping

from pipelines.counts import describe_counts
from pipelines.errors import JobError

SHARE = 0.01
"""A job fails when a larger share of its samples could not be drawn."""


def check_gaps(gaps: Mapping[str, int], drawn: int, recipe: str, *, whole: bool) -> None:
    """Fail a job that has too many gaps.

    Args:
        gaps: samples that could not be drawn, by reason.
        drawn: samples that were tried.
        recipe: its name, for the message.
        whole: these are all samples of the job: more than 1 % (one sample is always forgiven, if another could be
            drawn) is too many. Otherwise only what four standard deviations of chance cannot explain is.

    Raises:
        JobError: too many; the sentence gives the reasons, the most frequent first.
    """
    count = sum(gaps.values())
    if not count:
        return
    expected = SHARE * drawn
    allowed = max(1.0, expected) if whole else expected + 4 * math.sqrt(expected) + 3
    if count > allowed or (whole and count == drawn):
        raise JobError(
            f"{count:,} of {drawn:,} samples of recipe {recipe} could not be drawn, more than {SHARE:.0%}: "
            f"{describe_counts(gaps)}; ease what stands in their way"
        )
