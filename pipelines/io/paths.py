"""Paths that users give: local ones and URIs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from pipelines.io.connection import parse_options
from pipelines.io.location import RemotePath
from synthtext.core import InputError

AnyPath: TypeAlias = Path | RemotePath

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_URI_OF_PATHLIB = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")  # pathlib merges the two slashes of a URI


@contextmanager
def wrap_read_errors(path: str | Path) -> Iterator[None]:
    """Turn an OSError, such as a denied permission, into an InputError of one line; `path` names what is being read."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be read: {reason}; check its permissions, or use another path") from None


def parse_path(spec: str | AnyPath) -> AnyPath:
    """Parse a path or URI without accessing it.

    Args:
        spec: a path, with `~` for the home folder; `file:///...`; or the URI of a storage that pyarrow opens, such as
            `s3://bucket/folder?endpoint_override=127.0.0.1:9000&scheme=http`.

    Raises:
        InputError: the URI is incomplete or malformed; or `~name` names no user.
    """
    if isinstance(spec, RemotePath):
        return spec
    text = str(spec)
    if not _URI.match(text):
        if match := _URI_OF_PATHLIB.match(text):
            raise InputError(f"{text}: a URI has two slashes, {match[1]}://...; pass it as a str, not as a Path")
        return expand_user(text)
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise InputError(f"{text} is not a valid URI: {error}") from None
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise InputError(f"{text}: the URI of a local file is file:///..., with three slashes")
        return Path(unquote(parts.path))
    if parts.scheme == "s3":
        parse_options(parts)
    if not parts.netloc or re.search(r"\s", text) or parts.fragment:
        raise InputError(f"{text} is not the URI of a storage: write scheme://bucket/folder, without spaces")
    return RemotePath(text)


def expand_user(path: str | Path) -> Path:
    """Expand `~` or `~name` at the beginning of a local path. Raises InputError if there is no such home folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(f"{path}: there is no such home folder; write the path out, or set HOME") from None


def local_path(spec: str | AnyPath, noun: str) -> Path:
    """Parse a path or `file:///...` that must be local; `noun` says what it names, such as "a run directory".

    Raises:
        InputError: it is the URI of a storage.
    """
    if not _URI_OF_PATHLIB.match(str(spec)) or _URI.match(str(spec)):
        path = parse_path(spec)
        if isinstance(path, Path):
            return path
    raise InputError(f"{spec}: {noun} must be on this machine, not at a URI; give a local path and copy it afterwards")


def absolute_path(spec: str | Path) -> str:
    """Return an absolute path, or the URI, which does not depend on the working directory."""
    path = parse_path(spec)
    return str(path.absolute()) if isinstance(path, Path) else str(path)
