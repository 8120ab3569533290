"""What is said when something cannot be written."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipelines.errors import JobError
from pipelines.storage import Place


@contextmanager
def written(place: Place) -> Iterator[None]:
    """Tell in one sentence that a disk is full, a folder read-only, or a storage gone.

    Args:
        place: that is being written.

    Raises:
        JobError: instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise JobError(f"{place} cannot be written: {reason}; the same command again goes on") from None
