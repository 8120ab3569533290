"""Draws samples and scenes of a generator, and encodes them as rows."""

import math
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import cv2

from pipelines.errors import JobError, format_counts
from pipelines.io.encode import ImageFormat, encode_image, to_row
from pipelines.io.row import Row
from synthtext.core import Generator, InputError, SkippedSample

MAX_SKIPPED_SHARE = 0.01
"""A job fails if it skips a larger share of its samples."""


def draw_samples(generator: Generator[Any], indices: Sequence[int], recipe: str) -> Iterator[Any]:
    """Draw samples or scenes in this order, with a `SkippedSample` for each one that cannot be drawn.

    Raises:
        JobError: the drawing code failed; the message has the sample and the line of code.
    """
    items = generator.generate_many(indices)
    for index in indices:
        try:
            item = next(items)
        except (InputError, JobError):
            raise
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            raise JobError(
                f"sample {index} of recipe {recipe} could not be generated: {type(error).__name__}: {error} "
                f"({frame.filename}, line {frame.lineno})"
            ) from error
        yield item


def draw_rows(
    generator: Generator[Any], indices: Sequence[int], image_format: ImageFormat, recipe: str
) -> Iterator[Row | SkippedSample]:
    """Draw and encode samples or scenes in this order; raises the same errors as `draw_samples`."""
    for item in draw_samples(generator, indices, recipe):
        yield item if isinstance(item, SkippedSample) else to_row(item, encode_image(item, image_format), image_format)


@contextmanager
def opencv_single_thread() -> Iterator[None]:
    """Restrict OpenCV to one thread: jobs run in several processes, and the images are small."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def check_skipped(skipped: Mapping[str, int], attempted: int, source: str, *, whole: bool) -> None:
    """Fail a job that skips too many samples.

    Args:
        skipped: number of skipped samples by reason.
        attempted: number of all samples so far.
        source: its name, for the message.
        whole: these are all samples of the job: more than 1 % is too many, but one skipped sample is always accepted if
            another succeeded. Otherwise the limit is four standard deviations above 1 %.

    Raises:
        JobError: too many; the message has the reasons, the most frequent first.
    """
    count = sum(skipped.values())
    if not count:
        return
    expected = MAX_SKIPPED_SHARE * attempted
    allowed = max(1.0, expected) if whole else expected + 4 * math.sqrt(expected) + 3
    if count > allowed or (whole and count == attempted):
        raise JobError(
            f"{count:,} of {attempted:,} samples of {source} could not be generated, more than "
            f"{MAX_SKIPPED_SHARE:.0%}: {format_counts(skipped)}; relax the settings that cause it"
        )
