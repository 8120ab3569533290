"""The rows of a shard as they are stored, the same of either format."""

import io
import json
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, get_args

import lmdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image as Pictures

from pipelines.cluster.connect import capture_stderr
from pipelines.datasets.image import image_size
from pipelines.datasets.lmdb import read_transaction, read_value, sample_count
from pipelines.io.row import Row
from pipelines.io.shard_writer import ShardFormat
from pipelines.jobs.importing import decode_complete_image
from synthtext.core import Charset, InputError, Level

StoredRow: TypeAlias = dict[str, Any]
"""The columns that `docs/formats.md` lists, by name; `image` is the encoded picture, bytes."""


def read_row_groups(path: Path, kind: type[Row], form: ShardFormat) -> Iterator[list[StoredRow]]:
    """The rows of a shard in order, a row group at a time.

    Args:
        path: of the shard's file, or of its LMDB folder.
        kind: of its rows.
        form: how it is stored.

    Raises:
        InputError: it cannot be read, or lacks a column; the sentence says where.
    """
    return _lmdb_groups(path, kind) if form == "lmdb" else _parquet_groups(path, kind)


def _parquet_groups(path: Path, kind: type[Row]) -> Iterator[list[StoredRow]]:
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(kind.SCHEMA):
                raise InputError("its columns are not those of such a data set")
            for group in range(file.metadata.num_row_groups):
                rows = file.read_row_group(group).to_pylist()
                yield [row | {"image": (row["image"] or {}).get("bytes")} for row in rows]
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"it cannot be read as Parquet: {_first_line(error)}") from None


def _lmdb_groups(path: Path, kind: type[Row]) -> Iterator[list[StoredRow]]:
    count = sample_count(path, kind.KIND)
    for begin in range(0, count, kind.ROW_GROUP_SIZE):
        try:
            with read_transaction(path) as transaction:
                numbers = range(begin + 1, min(begin + kind.ROW_GROUP_SIZE, count) + 1)
                rows = [_lmdb_row(transaction, number, path) for number in numbers]
        except (lmdb.Error, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"it cannot be read as LMDB: {_first_line(error)}") from None
        yield rows


def _lmdb_row(transaction: lmdb.Transaction, number: int, path: Path) -> StoredRow:
    image = read_value(transaction, f"image-{number:09d}", path)
    label = read_value(transaction, f"label-{number:09d}", path).decode()
    meta = json.loads(read_value(transaction, f"meta-{number:09d}", path))
    return {"text": label, **meta, "image": image}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


Flaw: TypeAlias = tuple[str, str]
"""What is wrong in words that can be counted, and what exactly."""

LABEL_OUTSIDE_CHARSET = "label outside of the charset"
LABEL_NOT_TEXT = "label is no text"
BAD_CLUSTERS = "clusters do not fit the text"
BAD_QUAD = "cluster quad is wrong"
BAD_POLYGON = "polygon is wrong"
BAD_INSTANCES = "texts of the scene are wrong"

_EDGE = 1.0  # pixels that a drawn polygon may reach over the picture's edge
_SHOWN = 40  # characters of a label that are told
_LEVELS: tuple[str, ...] = get_args(Level)


def check_line(row: dict[str, Any], charset: Charset | None) -> Iterator[Flaw]:
    """The flaws of a stored line.

    Args:
        row: its columns by name.
        charset: that its text must fit, once folded; None if nobody knows it.
    """
    yield from _check_text(row["text"], charset)
    yield from _check_clusters(row, row, inside=True)


def check_scene(row: dict[str, Any], charset: Charset | None) -> Iterator[Flaw]:
    """The flaws of a stored scene; of texts to be ignored the charset is not asked.

    Args:
        row: its columns by name.
        charset: that its texts must fit, once folded; None if nobody knows it.
    """
    instances = row["instances"]
    if not isinstance(instances, list) or not all(isinstance(instance, dict) for instance in instances):
        yield BAD_INSTANCES, "they are no list"
        return
    for place, instance in enumerate(instances):
        for kind, detail in _check_instance(instance, place, row, charset):
            yield kind, f"text {place}: {detail}"


def _check_instance(
    instance: dict[str, Any], place: int, row: dict[str, Any], charset: Charset | None
) -> Iterator[Flaw]:
    text = instance["text"]
    if instance["level"] == "block" and isinstance(text, str):
        text = text.replace("\n", "")  # between its lines
    yield from _check_text(text, None if instance["ignore"] else charset)
    inside = instance["origin"]["kind"] != "real"  # people's labels may reach over the edge
    yield from _check_clusters(instance, row, inside)
    points = _points(instance["polygon"], 1)
    count = 0 if points is None else len(points)
    if points is None or count < 3:
        yield BAD_POLYGON, f"{count} points"
    elif reason := _flaw_of(points[:, 0][None], row, inside):
        yield BAD_POLYGON, reason
    if instance["level"] not in _LEVELS:
        yield BAD_INSTANCES, f"level {instance['level']!r}"
    if not -1 <= instance["parent"] < len(row["instances"]) or instance["parent"] == place:
        yield BAD_INSTANCES, f"parent {instance['parent']}"


def _check_text(text: object, charset: Charset | None) -> Iterator[Flaw]:
    if not isinstance(text, str):
        yield LABEL_NOT_TEXT, ""
    elif charset is not None and not charset.covers(text) and not charset.covers(charset.fold(text)):
        outside = sorted(set(charset.fold(text)) - set(charset.characters))
        yield LABEL_OUTSIDE_CHARSET, f"{_shortened(text)} has {', '.join(map(ascii, outside[:5]))}"


def _shortened(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _check_clusters(owner: dict[str, Any], row: dict[str, Any], inside: bool) -> Iterator[Flaw]:
    """The flaws of clusters; no clusters are fine, then nobody knows them."""
    quads = _points(owner["cluster_quads"], 4)
    offsets = np.asarray(owner["cluster_offsets"])
    if quads is None:
        yield BAD_CLUSTERS, f"{len(owner['cluster_quads'])} numbers are no quads"
        return
    if len(offsets) != len(quads) + 1:
        yield BAD_CLUSTERS, f"{len(offsets) - 1} clusters, {len(quads)} quads"
        return
    if not len(quads):
        return
    if offsets[0] != 0 or offsets[-1] != len(owner["text"]) or (np.diff(offsets) <= 0).any():
        yield BAD_CLUSTERS, f"offsets {offsets[:8].tolist()} for {len(owner['text'])} characters"
    if reason := _flaw_of(quads, row, inside):
        yield BAD_QUAD, reason


def _points(numbers: list[float], corners: int) -> NDArray[np.float64] | None:
    """Numbers as (K, corners, 2) pixels; None if they are too many or too few."""
    points = np.asarray(numbers, np.float64)
    return points.reshape(-1, corners, 2) if points.size % (2 * corners) == 0 else None


def _flaw_of(polygons: NDArray[np.float64], row: dict[str, Any], inside: bool) -> str:
    """What is wrong with polygons (K, P, 2); empty for nothing."""
    if not np.isfinite(polygons).all():
        return "a coordinate is no finite number"
    x, y = polygons[..., 0], polygons[..., 1]
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    if (area <= 0).any():
        return "no area, or counterclockwise"
    size = np.array([row["width"], row["height"]])
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    if inside and ((low < -_EDGE).any() or (high > size + _EDGE).any()):
        return f"reaches over the picture's edge, from {_pair(low.min(axis=0))} to {_pair(high.max(axis=0))}"
    if (high <= 0).any() or (low >= size).any():
        return "outside of the picture"
    return ""


def _pair(point: NDArray[np.float64]) -> str:
    return f"({point[0]:.1f}, {point[1]:.1f})"


_DAMAGE = (b"Corrupt JPEG data", b"Premature end of JPEG", b"libpng")
"""How what the decoders say of damage begins."""


def image_flaws(rows: Sequence[StoredRow], generated: bool) -> list[str]:
    """What is wrong with the pictures of rows, one entry each; empty for nothing.

    Damage that leaves something to decode is only seen by what the decoder says of it; a checksum sees it always.

    Args:
        rows: at least their `image`, `width` and `height`.
        generated: we encoded them, and so a decoder has nothing to say; real ones are kept as they came.
    """
    with capture_stderr(_tells_of_damage) as said:
        found = [_picture_flaw(row) for row in rows]
    if not (said and generated):
        return found
    for place, row in enumerate(rows):
        with capture_stderr(_tells_of_damage) as said:
            _picture_flaw(row)
        found[place] = found[place] or (said[0] if said else "")
    return found


def _tells_of_damage(line: bytes) -> bool:
    return line.startswith(_DAMAGE)


def _picture_flaw(row: StoredRow) -> str:
    data, size = row.get("image"), (row.get("width"), row.get("height"))
    if not isinstance(data, bytes) or not data:
        return "there are no bytes"
    try:
        found = image_size(data, "")
        if found != size:
            return f"it is {found[0]} x {found[1]} pixels, the row says {size[0]} x {size[1]}"
        with Pictures.open(io.BytesIO(data)) as picture:
            if picture.format == "PNG":
                picture.verify()  # the checksum of every chunk
        decode_complete_image(data, "")
    except (InputError, OSError, SyntaxError, ValueError, struct.error, Pictures.DecompressionBombError) as error:
        return f"it cannot be decoded ({str(error).strip(': ') or type(error).__name__})"
    return ""
