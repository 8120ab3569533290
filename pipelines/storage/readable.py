"""What is said when something of the user's cannot be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synthtext.core import InputError


@contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Tell in one sentence that a folder on the way may not be searched, a name is too long, or a disk is broken.

    Args:
        path: that is looked at.

    Raises:
        InputError: instead of any OSError.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be read: {reason}; look at its permissions, or take another") from None
