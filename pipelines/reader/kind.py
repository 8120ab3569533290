"""Whether a source labels lines or scenes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from pipelines.reader.folder import DESCRIPTION
from pipelines.reader.label_file import line_begins, rows_at
from pipelines.reader.lmdb import count_of, opened
from pipelines.shards import read_description

Kind: TypeAlias = Literal["lines", "scenes"]

_LOOKED_AT = 1000
"""Labels that are read to find one that tells; a scene without text does not."""


def kind_of(spec: str | Path) -> Kind:
    """Look at what a user names.

    Args:
        spec: a data set's folder of ours, a PaddleOCR-style label file, or an LMDB.

    Returns:
        "scenes" if the labels are JSON lists of texts; "lines" of anything else.

    Raises:
        InputError: a label file, an LMDB or a description cannot be read at all.
    """
    path = Path(spec)
    if path.is_file():
        return _kind(label for _, label in rows_at(path, line_begins(path)[:_LOOKED_AT]))
    if (path / "data.mdb").is_file():
        count = min(count_of(path, "labelled pictures"), _LOOKED_AT)
        with opened(path) as transaction:
            keys = (f"label-{number:09d}".encode() for number in range(1, count + 1))
            return _kind(bytes(transaction.get(key) or b"").decode(errors="replace") for key in keys)
    if (path / DESCRIPTION).is_file() and read_description(path / DESCRIPTION).kind == "scenes":
        return "scenes"
    return "lines"


def _kind(labels: Iterable[str]) -> Kind:
    empty = 0
    for label in labels:
        try:
            read = json.loads(label)
        except (ValueError, RecursionError):
            return "lines"
        if not isinstance(read, list):
            return "lines"
        if read:
            return "scenes" if isinstance(read[0], dict) else "lines"
        empty += 1
    return "scenes" if empty else "lines"
