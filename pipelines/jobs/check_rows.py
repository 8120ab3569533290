"""Reads the stored rows of a shard, and checks their labels and images."""

import io
import json
import re
import struct
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, get_args

import lmdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image as Images

from pipelines.cluster.connect import capture_stderr
from pipelines.datasets.image import image_size
from pipelines.datasets.lmdb import read_transaction, read_value, sample_count
from pipelines.io.row import Row
from pipelines.io.shard_writer import ShardFormat
from pipelines.jobs.importing import decode_complete_image
from synthtext.core import Charset, InputError, Level

StoredRow: TypeAlias = dict[str, Any]
"""The columns of a row by name, see docs/formats.md; `image` is the encoded image, bytes."""


def read_row_groups(path: Path, row_type: type[Row], format: ShardFormat) -> Iterator[list[StoredRow]]:
    """Read the rows of a Parquet file or LMDB folder in order, one row group at a time.

    Raises:
        InputError: the shard cannot be read, or has other columns.
    """
    return _lmdb_groups(path, row_type) if format == "lmdb" else _parquet_groups(path, row_type)


def _parquet_groups(path: Path, row_type: type[Row]) -> Iterator[list[StoredRow]]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not file.schema_arrow.equals(row_type.SCHEMA):
                raise InputError("its columns are not those of a dataset of this kind")
            for group in range(file.metadata.num_row_groups):
                rows = file.read_row_group(group).to_pylist()
                yield [row | {"image": (row["image"] or {}).get("bytes")} for row in rows]
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"invalid Parquet: {_first_line(error)}") from None


def _lmdb_groups(path: Path, row_type: type[Row]) -> Iterator[list[StoredRow]]:
    count = sample_count(path, row_type.KIND)
    for begin in range(0, count, row_type.ROW_GROUP_SIZE):
        try:
            with read_transaction(path) as transaction:
                numbers = range(begin + 1, min(begin + row_type.ROW_GROUP_SIZE, count) + 1)
                rows = [_lmdb_row(transaction, number, path) for number in numbers]
        except (lmdb.Error, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"invalid LMDB: {_first_line(error)}") from None
        yield rows


def _lmdb_row(transaction: lmdb.Transaction, number: int, path: Path) -> StoredRow:
    image = read_value(transaction, f"image-{number:09d}", path)
    label = read_value(transaction, f"label-{number:09d}", path).decode()
    meta = json.loads(read_value(transaction, f"meta-{number:09d}", path))
    return {"text": label, **meta, "image": image}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


Flaw: TypeAlias = tuple[str, str]
"""The kind of a problem, which can be counted, and its detail."""

_BAD_CLUSTERS, _BAD_POLYGON = "clusters do not fit the text", "polygon is invalid"
_BAD_INSTANCES = "instances of the scene are invalid"

_MARGIN = 1.0  # pixels that a generated polygon may exceed the edge of the image by
_MAX_SHOWN = 40  # characters of a label in a message
_LEVELS: tuple[str, ...] = get_args(Level)


def key_flaws(key: object, prefix: str, samples: Collection[int] | None, seen: set[str]) -> list[Flaw]:
    """Check a key.

    Args:
        key: of a row.
        prefix: of the keys, 8 characters.
        samples: indices that the keys of the shard may have; None: keys of another dataset, which only must be unique.
        seen: the earlier keys of the shard, to which the key is added. Other shards have samples of other indices.
    """
    detail = ""
    if samples is not None:
        match = re.fullmatch(f"{re.escape(prefix)}([0-9]{{10}})", key) if isinstance(key, str) else None
        if match is None:
            return [("key is invalid", f"it should be {prefix} and a number of ten digits")]
        detail = f"sample {int(match[1])}"
        if int(match[1]) not in samples:
            return [("key is invalid", f"{detail} is not of this shard")]
    if not isinstance(key, str) or not key:
        return [("key is invalid", "it is missing")]
    if key in seen:
        return [("duplicate key", detail)]
    seen.add(key)
    return []


def label_flaws(row: StoredRow, kind: str, charset: Charset | None) -> list[Flaw]:
    """Check the texts, clusters and polygons of a stored line or scene.

    Args:
        row: its columns by name.
        kind: "lines" or "scenes".
        charset: of the texts that are not ignored, once folded; None if unknown.
    """
    try:
        return list(_check_line(row, charset) if kind == "lines" else _check_scene(row, charset))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return [("columns unreadable", f"{type(error).__name__}: {error}")]


def _check_line(row: StoredRow, charset: Charset | None) -> Iterator[Flaw]:
    yield from _check_text(row["text"], charset)
    yield from _check_clusters(row, row, inside=True)


def _check_scene(row: StoredRow, charset: Charset | None) -> Iterator[Flaw]:
    instances = row["instances"]
    if not isinstance(instances, list) or not all(isinstance(instance, dict) for instance in instances):
        yield _BAD_INSTANCES, "not a list"
        return
    for index, instance in enumerate(instances):
        for kind, detail in _check_instance(instance, index, row, charset):
            yield kind, f"instance {index}: {detail}"


def _check_instance(
    instance: dict[str, Any], index: int, row: dict[str, Any], charset: Charset | None
) -> Iterator[Flaw]:
    text = instance["text"]
    if instance["level"] == "block" and isinstance(text, str):
        text = text.replace("\n", "")  # between its lines
    yield from _check_text(text, None if instance["ignore"] else charset)
    inside = instance["origin"]["kind"] != "real"  # labels of people may exceed the edge
    yield from _check_clusters(instance, row, inside)
    points = _points(instance["polygon"], 1)
    if points is None or len(points) < 3:
        yield _BAD_POLYGON, f"{0 if points is None else len(points)} points"
    elif reason := _polygon_flaw(points[:, 0][None], row, inside):
        yield _BAD_POLYGON, reason
    if instance["level"] not in _LEVELS:
        yield _BAD_INSTANCES, f"level {instance['level']!r}"
    if not -1 <= instance["parent"] < len(row["instances"]) or instance["parent"] == index:
        yield _BAD_INSTANCES, f"parent {instance['parent']}"


def _check_text(text: object, charset: Charset | None) -> Iterator[Flaw]:
    if not isinstance(text, str):
        yield "label is not a text", ""
    elif charset is not None and not charset.covers(text) and not charset.covers(charset.fold(text)):
        outside = sorted(set(charset.fold(text)) - set(charset.characters))
        shown = ascii(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")
        yield "label outside of the charset", f"{shown} has {', '.join(map(ascii, outside[:5]))}"


def _check_clusters(owner: dict[str, Any], row: dict[str, Any], inside: bool) -> Iterator[Flaw]:
    """Check clusters; a text without clusters is valid, as they may be unknown."""
    quads = _points(owner["cluster_quads"], 4)
    offsets = np.asarray(owner["cluster_offsets"])
    if quads is None:
        yield _BAD_CLUSTERS, f"{len(owner['cluster_quads'])} numbers, not a multiple of 8"
        return
    if len(offsets) != len(quads) + 1:
        yield _BAD_CLUSTERS, f"{len(offsets) - 1} clusters, {len(quads)} quads"
        return
    if not len(quads):
        return
    if offsets[0] != 0 or offsets[-1] != len(owner["text"]) or (np.diff(offsets) <= 0).any():
        yield _BAD_CLUSTERS, f"offsets {offsets[:8].tolist()} for {len(owner['text'])} characters"
    if reason := _polygon_flaw(quads, row, inside):
        yield "cluster quad is invalid", reason


def _points(numbers: list[float], corners: int) -> NDArray[np.float64] | None:
    """Numbers as (K, corners, 2) pixels; None if the count is not a multiple of 2 * corners."""
    points = np.asarray(numbers, np.float64)
    return points.reshape(-1, corners, 2) if points.size % (2 * corners) == 0 else None


def _polygon_flaw(polygons: NDArray[np.float64], row: dict[str, Any], inside: bool) -> str:
    """The flaw of polygons (K, P, 2); empty for none."""
    if not np.isfinite(polygons).all():
        return "a coordinate is not finite"
    x, y = polygons[..., 0], polygons[..., 1]
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    if (area <= 0).any():
        return "no area, or counterclockwise order"
    size = np.array([row["width"], row["height"]])
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    if inside and ((low < -_MARGIN).any() or (high > size + _MARGIN).any()):
        (left, top), (right, bottom) = low.min(axis=0), high.max(axis=0)
        return f"exceeds the edge of the image, from ({left:.1f}, {top:.1f}) to ({right:.1f}, {bottom:.1f})"
    if (high <= 0).any() or (low >= size).any():
        return "outside of the image"
    return ""


_DAMAGE = (b"Corrupt JPEG data", b"Premature end of JPEG", b"libpng")
"""How the messages of the decoders about damage begin."""


def image_flaws(rows: Sequence[StoredRow], generated: bool) -> list[str]:
    """Check the images of rows.

    Some damage is only reported by messages of the decoder, and always by a different checksum.

    Args:
        rows: with `image`, `width` and `height`.
        generated: this package encoded the images, so that a message of the decoder is a flaw. Real images are stored
            as they are.

    Returns:
        The flaw of each image; empty for none.
    """
    with capture_stderr(_reports_damage) as messages:
        flaws = [_image_flaw(row) for row in rows]
    if not (messages and generated):
        return flaws
    for index, row in enumerate(rows):
        with capture_stderr(_reports_damage) as messages:
            _image_flaw(row)
        flaws[index] = flaws[index] or (messages[0] if messages else "")
    return flaws


def _reports_damage(line: bytes) -> bool:
    return line.startswith(_DAMAGE)


def _image_flaw(row: StoredRow) -> str:
    data, size = row.get("image"), (row.get("width"), row.get("height"))
    if not isinstance(data, bytes) or not data:
        return "no bytes"
    try:
        width, height = image_size(data, "")
        if (width, height) != size:
            return f"{width} x {height} pixels, {size[0]} x {size[1]} in the row"
        with Images.open(io.BytesIO(data)) as image:
            if image.format == "PNG":
                image.verify()  # the checksum of every chunk
        decode_complete_image(data, "")
    except (InputError, OSError, SyntaxError, ValueError, struct.error, Images.DecompressionBombError) as error:
        return f"not decodable ({str(error).strip(': ') or type(error).__name__})"
    return ""
