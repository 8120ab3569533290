"""Whether a source labels lines or scenes."""

from pathlib import Path

from pipelines.reader.folder import DESCRIPTION
from pipelines.reader.label_file import line_begins, rows_at
from pipelines.reader.label_kind import LOOKED_AT, Kind, kind_of_labels
from pipelines.reader.lmdb import count_of, opened
from pipelines.reader.remote import remote_description
from pipelines.shards import read_description
from pipelines.storage import Location, place, readable


def kind_of(spec: str | Path) -> Kind:
    """Look at what a user names.

    Args:
        spec: a data set's folder of ours or its URI, a PaddleOCR-style label file, or an LMDB.

    Returns:
        What `kind_of_labels` makes of its labels, or what its description says; "lines" of anything else.

    Raises:
        InputError: a label file, an LMDB or a description cannot be read at all.
    """
    path = place(spec)
    if isinstance(path, Location):
        return "scenes" if remote_description(path).kind == "scenes" else "lines"
    with readable(path):
        return _kind_of(path)


def _kind_of(path: Path) -> Kind:
    if path.is_file():
        return kind_of_labels(label for _, label in rows_at(path, line_begins(path)[:LOOKED_AT]))
    if (path / "data.mdb").is_file():
        count = min(count_of(path, "labelled pictures"), LOOKED_AT)
        with opened(path) as transaction:
            values = (transaction.get(f"label-{number:09d}".encode()) for number in range(1, count + 1))
            return kind_of_labels(bytes(value).decode(errors="replace") for value in values if value is not None)
    if (path / DESCRIPTION).is_file() and read_description(path / DESCRIPTION).kind == "scenes":
        return "scenes"
    return "lines"
