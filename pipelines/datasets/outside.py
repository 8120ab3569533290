"""Images outside of the folder of their label file, which are refused unless the user allows them."""

import os
import re
from functools import lru_cache
from pathlib import Path

from pipelines.datasets.source import OUTSIDE_FOLDER, MissingDataError
from synthtext.core import InputError

ALLOW_OUTSIDE = "OCRMILL_ALLOW_OUTSIDE"
"""Environment variable that allows such images if it is "1"; set by `--allow-outside`, inherited by child processes."""

_SUSPICIOUS = re.compile(rb"^(?:\xef\xbb\xbf)?(/[^\t\r\n]*|[^\t\r\n]*\.\.[^\t\r\n]*)", re.MULTILINE)
_FIX = f"move it there, or use --allow-outside ({ALLOW_OUTSIDE}=1) if you trust the file"


def outside_allowed() -> bool:
    """Return whether label files may name images outside of their folders."""
    return os.environ.get(ALLOW_OUTSIDE) == "1"


def check_label_names(labels: Path, content: bytes) -> None:
    """Check that the names of a label file (`name<TAB>label`) do not lead out of its folder; links are not followed.

    Raises:
        InputError: One does; the message names its line.
    """
    if outside_allowed():
        return
    for found in _SUSPICIOUS.finditer(content):
        name = found[1].decode(errors="replace")
        if _leads_out(labels.parent, name):
            line = content.count(b"\n", 0, found.start(1)) + 1
            raise InputError(f"{labels}, line {line}: {name} lies outside of the folder of the label file; {_FIX}")


def check_image_name(labels: Path, name: str) -> None:
    """Check a name in another file, as `check_label_names` does; raises InputError."""
    if not outside_allowed() and _leads_out(labels.parent, name):
        raise InputError(f"{labels}: {name} lies outside of the folder of the label file; {_FIX}")


def check_image_path(folder: Path, path: Path) -> None:
    """Check that a file lies in a folder after all symbolic links are followed.

    Raises:
        MissingDataError: It does not; its reason is `OUTSIDE_FOLDER`.
    """
    if outside_allowed():
        return
    if not os.path.realpath(path).startswith(_real_folder(os.path.abspath(folder))):  # noqa: PTH100
        message = f"{path} is a symbolic link out of the folder of its label file; {_FIX}"
        raise MissingDataError(message, OUTSIDE_FOLDER)


def _leads_out(folder: Path, name: str) -> bool:
    base = os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118 - without following links
    return not os.path.normpath(os.path.join(base, name)).startswith(base)  # noqa: PTH118


@lru_cache(maxsize=256)
def _real_folder(folder: str) -> str:
    return os.path.join(os.path.realpath(folder), "")  # noqa: PTH118
