"""What a storage says when it fails, in words that help."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_DENIED = (
    "ACCESS_DENIED",
    "SIGNATURE_DOES_NOT_MATCH",
    "INVALID_ACCESS_KEY_ID",
    "INVALID_CLIENT_TOKEN_ID",
    "EXPIRED_TOKEN",
    "HTTP status 401",
    "HTTP status 403",
)
_NO_SERVER = ("NETWORK_CONNECTION", "curlCode", "REQUEST_TIMEOUT", "resolve host")


class StorageError(OSError):
    """A storage could not be read or written; `strerror` is a clause without the name of the place."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EIO, reason)

    def __str__(self) -> str:
        return str(self.strerror)


@contextmanager
def explained(server: str, bucket: str) -> Iterator[None]:
    """Turn what pyarrow raises into a StorageError; that something is not there stays a FileNotFoundError.

    Args:
        server: that is asked, for the sentence.
        bucket: or container, or host.
    """
    try:
        yield
    except (FileNotFoundError, StorageError):
        raise
    except (OSError, pa.ArrowException) as error:
        raise StorageError(_reason(str(error), server, bucket)) from None


def _reason(text: str, server: str, bucket: str) -> str:
    if "NO_SUCH_BUCKET" in text:
        return no_bucket(bucket)
    if any(sign in text for sign in _DENIED):
        return f"{server} refuses access to {bucket!r}: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if any(sign in text for sign in _NO_SERVER):
        return f"{server} does not answer"
    line = (text.strip() or "unknown error").splitlines()[0]
    return re.sub(r"^When .*?(?=AWS Error)", "", line)[:300]


def no_bucket(bucket: str) -> str:
    """The clause about a bucket that is not there."""
    return f"there is no bucket {bucket!r}"
