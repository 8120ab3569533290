"""What a storage says when it fails, in words that help."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import pyarrow as pa
import pyarrow.fs as fs

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


class NoResponseError(StorageError):
    """Nobody answers, be it that there is no server or no way to it."""


class PermanentStorageError(StorageError):
    """One that is not over after a while."""


class BucketNotFoundError(PermanentStorageError):
    """A storage has no such bucket.

    Args:
        bucket: its name.
    """

    def __init__(self, bucket: str) -> None:
        super().__init__(f"there is no bucket {bucket!r}")


class AccessDeniedError(PermanentStorageError):
    """A storage does not let these credentials do this."""


class StorageUnavailableError(InputError):
    """What was asked for lies on a storage that does not answer now; at another time it may."""


def read_error(place: object, error: StorageError) -> InputError:
    """That something which is to be read cannot be.

    Args:
        place: of it.
        error: of the storage.
    """
    kind = InputError if isinstance(error, PermanentStorageError) else StorageUnavailableError
    return kind(f"{place} cannot be read: {error}")


@contextmanager
def wrap_storage_errors(server: str, bucket: str) -> Iterator[None]:
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
        return BucketNotFoundError(bucket)
    if any(sign in text for sign in _DENIED):
        return AccessDeniedError(
            f"{server} refuses access to {bucket!r}: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    for sign, what in _TLS.items():
        if sign in text:
            return PermanentStorageError(f"{server} {what}")
    if any(sign in text for sign in _NO_SERVER):
        return NoResponseError(f"{server} does not answer")
    line = (text.strip() or "unknown error").splitlines()[0]
    return StorageError(re.sub(r"^When .*?(?=AWS Error)", "", line)[:300])


_CONNECT, _SILENCE = 5.0, 15.0  # seconds until a server counts as one that does not answer
_TRIES = 3  # in 2 seconds
_RETRIES = 10  # in 26 seconds
_OPTIONS = ("endpoint_override", "scheme", "region", "anonymous", "force_virtual_addressing", "tls_ca_file_path")
_FLAGS = {"true": True, "false": False}


@lru_cache(maxsize=32)
def open_filesystem(root: str, extended_retries: bool = True) -> tuple[fs.FileSystem, str]:
    """The storage of a URI and the path of its bucket or host in it; one connection of each kind a process.

    Args:
        root: a URI without a path, with its options.
        extended_retries: sit out half a minute in which a storage is too busy; else see soon whether anyone is there.

    Raises:
        InputError: no storage of this build of pyarrow has such URIs, or an option is none.
    """
    parts = urlsplit(root)
    if parts.scheme == "s3":
        return _s3(parts, extended_retries), parts.netloc
    try:
        storage, path = fs.FileSystem.from_uri(root)
    except (pa.ArrowException, OSError, NotImplementedError, ValueError) as error:
        raise InputError(f"{root} cannot be opened: {str(error).splitlines()[0]}") from None
    return storage, path.rstrip("/")


def _s3(parts: SplitResult, extended_retries: bool) -> fs.S3FileSystem:
    """S3, or something that speaks as it does; credentials are found as by all programs: AWS_* or a profile."""
    options = parse_options(parts)
    if options.get("endpoint_override") or os.environ.get("AWS_ENDPOINT_URL"):
        # Checksums at the end of a body are news to most other servers, and shards have their own.
        os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    try:
        return fs.S3FileSystem(
            **options,
            connect_timeout=_CONNECT,
            request_timeout=_SILENCE,
            retry_strategy=fs.AwsDefaultS3RetryStrategy(_RETRIES)
            if extended_retries
            else fs.AwsStandardS3RetryStrategy(_TRIES),
            allow_delayed_open=True,  # a small file is one request
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{parts.geturl()} cannot be opened: {str(error).splitlines()[0]}") from None


def parse_options(parts: SplitResult) -> dict[str, Any]:
    """The options after the question mark of a URI of S3.

    Raises:
        InputError: one is unknown, or not one of true and false where it must be; or credentials are in the URI.
    """
    if parts.username or parts.password:
        raise InputError(
            f"{parts.scheme}://...@{parts.hostname}: keys in a URI would be written into every report; set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment instead"
        )
    options: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise InputError(f"{parts.geturl()}: there is no option {name!r}; known are {', '.join(_OPTIONS)}")
        if name in ("anonymous", "force_virtual_addressing"):
            if value not in _FLAGS:
                raise InputError(f"{parts.geturl()}: {name} must be true or false, not {value!r}")
            options[name] = _FLAGS[value]
        else:
            options[name] = value
    if options.get("scheme", "https") not in ("http", "https"):
        raise InputError(f"{parts.geturl()}: scheme must be http or https, not {options['scheme']!r}")
    return options


def server_name(parts: SplitResult) -> str:
    """Who a URI asks, for sentences."""
    if parts.scheme != "s3":
        return f"{parts.scheme}://{parts.netloc}"
    named = dict(parse_qsl(parts.query)).get("endpoint_override") or os.environ.get("AWS_ENDPOINT_URL")
    return f"the S3 server {named}" if named else "S3"
