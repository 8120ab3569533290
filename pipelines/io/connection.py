"""Connections to storages, and their errors as messages to users."""

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

_ACCESS_DENIED = (
    "ACCESS_DENIED",
    "SIGNATURE_DOES_NOT_MATCH",
    "INVALID_ACCESS_KEY_ID",
    "INVALID_CLIENT_TOKEN_ID",
    "EXPIRED_TOKEN",
    "HTTP status 401",
    "HTTP status 403",
)
_TLS_ERRORS = {  # by the exit code of curl
    "curlCode: 35,": "does not answer in TLS: check whether scheme=http is meant",
    "curlCode: 60,": "has a certificate that is not trusted here: name that of its authority by tls_ca_file_path=FILE",
    "curlCode: 77,": "cannot be trusted: the file that tls_ca_file_path names, or that of the system, cannot be read",
}
_NO_RESPONSE = ("NETWORK_CONNECTION", "curlCode", "REQUEST_TIMEOUT", "resolve host")


class StorageError(OSError):
    """A storage could not be read or written; `strerror` is a clause that does not repeat the path."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EIO, reason)

    def __str__(self) -> str:
        return str(self.strerror)


class NoResponseError(StorageError):
    """The server does not answer, or cannot be reached."""


class PermanentStorageError(StorageError):
    """An error that a later try would meet again."""


class BucketNotFoundError(PermanentStorageError):
    """The bucket of this name does not exist."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"there is no bucket {bucket!r}")


class AccessDeniedError(PermanentStorageError):
    """The credentials do not permit the operation."""


class StorageUnavailableError(InputError):
    """An input lies on a storage that does not answer now; a later try may succeed."""


def read_error(path: object, error: StorageError) -> InputError:
    """Return the error to raise for an input that cannot be read."""
    error_type = InputError if isinstance(error, PermanentStorageError) else StorageUnavailableError
    return error_type(f"{path} cannot be read: {error}")


@contextmanager
def wrap_storage_errors(server: str, bucket: str) -> Iterator[None]:
    """Turn the errors of pyarrow into StorageError with the name of the server; a FileNotFoundError stays as it is."""
    try:
        yield
    except (FileNotFoundError, StorageError):
        raise
    except (OSError, pa.ArrowException) as error:
        raise _storage_error(str(error), server, bucket) from None


def _storage_error(text: str, server: str, bucket: str) -> StorageError:
    if "NO_SUCH_BUCKET" in text:
        return BucketNotFoundError(bucket)
    if any(sign in text for sign in _ACCESS_DENIED):
        return AccessDeniedError(
            f"{server} refuses access to {bucket!r}: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    for sign, reason in _TLS_ERRORS.items():
        if sign in text:
            return PermanentStorageError(f"{server} {reason}")
    if any(sign in text for sign in _NO_RESPONSE):
        return NoResponseError(f"{server} does not answer")
    first_line = (text.strip() or "unknown error").splitlines()[0]
    return StorageError(re.sub(r"^When .*?(?=AWS Error)", "", first_line)[:300])


_CONNECT_TIMEOUT, _REQUEST_TIMEOUT = 5.0, 15.0  # seconds
_STANDARD_ATTEMPTS = 3  # within 2 seconds
_EXTENDED_ATTEMPTS = 10  # within 26 seconds
_OPTIONS = ("endpoint_override", "scheme", "region", "anonymous", "force_virtual_addressing", "tls_ca_file_path")
_BOOLEANS = {"true": True, "false": False}


@lru_cache(maxsize=32)
def open_filesystem(root: str, extended_retries: bool = True) -> tuple[fs.FileSystem, str]:
    """Return the filesystem of a URI and the path of its bucket or host in it; connections are reused.

    Args:
        root: a URI without a path, with its options.
        extended_retries: retry for half a minute while a storage is too busy; False: for two seconds.

    Raises:
        InputError: this build of pyarrow has no filesystem for the URI, or an option is unknown.
    """
    parts = urlsplit(root)
    if parts.scheme == "s3":
        return _s3_filesystem(parts, extended_retries), parts.netloc
    try:
        filesystem, path = fs.FileSystem.from_uri(root)
    except (pa.ArrowException, OSError, NotImplementedError, ValueError) as error:
        raise InputError(f"{root} cannot be opened: {str(error).splitlines()[0]}") from None
    return filesystem, path.rstrip("/")


def _s3_filesystem(parts: SplitResult, extended_retries: bool) -> fs.S3FileSystem:
    """S3 or a compatible server; credentials come from AWS_* variables or a profile, as in other programs."""
    options = parse_options(parts)
    if options.get("endpoint_override") or os.environ.get("AWS_ENDPOINT_URL"):
        # Most other servers do not know trailing checksums, and shards have checksums of their own.
        os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    strategy = (
        fs.AwsDefaultS3RetryStrategy(_EXTENDED_ATTEMPTS)
        if extended_retries
        else fs.AwsStandardS3RetryStrategy(_STANDARD_ATTEMPTS)
    )
    try:
        return fs.S3FileSystem(
            **options,
            connect_timeout=_CONNECT_TIMEOUT,
            request_timeout=_REQUEST_TIMEOUT,
            retry_strategy=strategy,
            allow_delayed_open=True,  # a small file is one request
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{parts.geturl()} cannot be opened: {str(error).splitlines()[0]}") from None


def parse_options(parts: SplitResult) -> dict[str, Any]:
    """Parse the query of an S3 URI.

    Raises:
        InputError: an option is unknown or has an invalid value; or the URI contains credentials.
    """
    if parts.username or parts.password:
        raise InputError(
            f"{parts.scheme}://...@{parts.hostname}: a URI must not contain credentials, which reports would show; set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment instead"
        )
    options: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise InputError(f"{parts.geturl()}: there is no option {name!r}; known are {', '.join(_OPTIONS)}")
        if name in ("anonymous", "force_virtual_addressing"):
            if value not in _BOOLEANS:
                raise InputError(f"{parts.geturl()}: {name} must be true or false, not {value!r}")
            options[name] = _BOOLEANS[value]
        else:
            options[name] = value
    if options.get("scheme", "https") not in ("http", "https"):
        raise InputError(f"{parts.geturl()}: scheme must be http or https, not {options['scheme']!r}")
    return options


def server_name(parts: SplitResult) -> str:
    """Return the name of the server of a URI, for messages."""
    if parts.scheme != "s3":
        return f"{parts.scheme}://{parts.netloc}"
    endpoint = dict(parse_qsl(parts.query)).get("endpoint_override") or os.environ.get("AWS_ENDPOINT_URL")
    return f"the S3 server {endpoint}" if endpoint else "S3"
