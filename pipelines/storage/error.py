"""What a storage says when it fails, in words that help."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from synthtext.core import InputError

_DENIED = (
    "ACCESS_DENIED",
    "SIGNATURE_DOES_NOT_MATCH",
    "INVALID_ACCESS_KEY_ID",
    "INVALID_CLIENT_TOKEN_ID",
    "EXPIRED_TOKEN",
    "HTTP status 401",
    "HTTP status 403",
)
_TLS = {  # codes of curl
    "curlCode: 35,": "does not answer in TLS: see whether scheme=http is meant",
    "curlCode: 60,": "has a certificate that is not trusted here: name that of its authority by tls_ca_file_path=FILE",
    "curlCode: 77,": "cannot be trusted: the file that tls_ca_file_path names, or that of the system, cannot be read",
}
_NO_SERVER = ("NETWORK_CONNECTION", "curlCode", "REQUEST_TIMEOUT", "resolve host")


class StorageError(OSError):
    """A storage could not be read or written; `strerror` is a clause without the name of the place."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EIO, reason)

    def __str__(self) -> str:
        return str(self.strerror)


class SilentError(StorageError):
    """Nobody answers, be it that there is no server or no way to it."""


class LastingError(StorageError):
    """One that is not over after a while."""


class NoBucketError(LastingError):
    """A storage has no such bucket.

    Args:
        bucket: its name.
    """

    def __init__(self, bucket: str) -> None:
        super().__init__(f"there is no bucket {bucket!r}")


class DeniedError(LastingError):
    """A storage does not let these credentials do this."""


class UnansweredError(InputError):
    """What was asked for lies on a storage that does not answer now; at another time it may."""


def unread(place: object, error: StorageError) -> InputError:
    """That something which is to be read cannot be.

    Args:
        place: of it.
        error: of the storage.
    """
    kind = InputError if isinstance(error, LastingError) else UnansweredError
    return kind(f"{place} cannot be read: {error}")


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
        raise _storage_error(str(error), server, bucket) from None


def _storage_error(text: str, server: str, bucket: str) -> StorageError:
    if "NO_SUCH_BUCKET" in text:
        return NoBucketError(bucket)
    if any(sign in text for sign in _DENIED):
        return DeniedError(f"{server} refuses access to {bucket!r}: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    for sign, what in _TLS.items():
        if sign in text:
            return LastingError(f"{server} {what}")
    if any(sign in text for sign in _NO_SERVER):
        return SilentError(f"{server} does not answer")
    line = (text.strip() or "unknown error").splitlines()[0]
    return StorageError(re.sub(r"^When .*?(?=AWS Error)", "", line)[:300])
