"""What is said when something of the user's cannot be looked at."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from pipelines.io.connection import parse_options
from pipelines.io.location import RemotePath
from synthtext.core import InputError


@contextmanager
def wrap_read_errors(path: str | Path) -> Iterator[None]:
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


AnyPath: TypeAlias = Path | RemotePath

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_FLATTENED = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")  # what pathlib makes of a URI


def parse_path(spec: "str | Path | RemotePath") -> AnyPath:
    """What a user's words mean; nothing is looked at.

    Args:
        spec: a path, with `~` for the home folder; `file:///...`; or the URI of a storage that pyarrow opens, such as
            `s3://bucket/folder?endpoint_override=127.0.0.1:9000&scheme=http`.

    Raises:
        InputError: it is a URI, but not a whole one; or `~name` with no such user.
    """
    if isinstance(spec, RemotePath):
        return spec
    text = str(spec)
    found = _URI.match(text)
    if found is None:
        if flattened := _FLATTENED.match(text):
            raise InputError(f"{text}: a URI has two slashes, {flattened[1]}://...; give it as text, not as a Path")
        return expand_user(text)
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise InputError(f"{text} is no URI: {error}") from None
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise InputError(f"{text}: a file of this machine is file:///..., with three slashes")
        return Path(unquote(parts.path))
    if parts.scheme == "s3":
        parse_options(parts)
    if not parts.netloc or re.search(r"\s", text) or parts.fragment:
        raise InputError(f"{text} is no URI of a storage: it is scheme://bucket/folder, without spaces")
    return RemotePath(text)


def expand_user(path: str | Path) -> Path:
    """A path of this machine with the home folder that `~` or `~name` stands for.

    Raises:
        InputError: nobody knows that folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InputError(f"{path}: nobody knows that home folder; write the path out, or set HOME") from None


def local_path(spec: "str | Path", what: str) -> Path:
    """A path of this machine.

    Args:
        spec: a path or `file:///...`.
        what: it is to be, for the sentence, such as "a RUN".

    Raises:
        InputError: it is a URI of a storage.
    """
    try:
        found = parse_path(spec)
    except InputError:
        if not _FLATTENED.match(str(spec)):
            raise
        found = None
    if not isinstance(found, Path):
        raise InputError(f"{spec}: {what} lies on this machine, not at a URI; name a path and copy it there afterwards")
    return found


def absolute_path(spec: "str | Path") -> str:
    """An absolute path or a URI: the same words in another folder mean another place."""
    found = parse_path(spec)
    return str(found.absolute()) if isinstance(found, Path) else str(found)
