"""Where the text of a generated line lies in its picture."""

import json
from functools import lru_cache

import numpy as np
import pyarrow as pa

from pipelines.reader import Concatenation, RecognitionSource, mend_polygon
from pipelines.reader.lmdb import LmdbSource, opened
from pipelines.reader.parquet import ParquetSource, opened_parquet
from pipelines.storage import Place
from synthtext.core import Clusters, Points, Polygon

_STRAIGHT = 0.08  # of a line's height: an outline that strays no farther from the quad of its corners is that quad
_NONE = Clusters.empty()


def line_outline(source: RecognitionSource, row: int, text: str) -> Polygon | None:
    """The outline of a line's clusters, or None where nobody knows them: labels of photographs have no clusters.

    Args:
        source: of the line; data sets of ours hold clusters.
        row: of the line.
        text: of the line, as it is labelled.

    Returns:
        (P, 2), half of the points along the top; four of them if the line is straight.
    """
    clusters = line_clusters(source, row)
    if not len(clusters) or clusters.offsets[-1] != len(text):
        return None
    outline = clusters.outline(text)
    half = len(outline) // 2
    corners = outline[[0, half - 1, half, -1]]
    height = float(np.hypot(*(corners[3] - corners[0])))
    if _strays(outline[:half], corners[:2]) < _STRAIGHT * height > _strays(outline[half:], corners[2:]):
        outline = corners
    mended = mend_polygon(outline)
    return outline if mended.polygon is not None and not mended.problem else None


def line_clusters(source: RecognitionSource, row: int) -> Clusters:
    """The clusters of a line; none where its source has none."""
    if isinstance(source, Concatenation):
        part = int(np.searchsorted(source.starts, row, side="right")) - 1
        return line_clusters(source.parts[part], row - int(source.starts[part]))
    if isinstance(source, ParquetSource):
        group = int(np.searchsorted(source.groups, row, side="right")) - 1
        columns = _columns(source.path, group)
        place = row - int(source.groups[group])
        return _clusters(*(column[place].values for column in columns)) if columns else _NONE
    if isinstance(source, LmdbSource):
        with opened(source.path) as transaction:
            meta = json.loads(bytes(transaction.get(f"meta-{row + 1:09d}".encode()) or b"{}"))
        return _clusters(meta["cluster_offsets"], meta["cluster_quads"]) if "cluster_quads" in meta else _NONE
    return _NONE


def _clusters(offsets: "pa.Array | list[int]", quads: "pa.Array | list[float]") -> Clusters:
    return Clusters(np.asarray(offsets, np.int32), np.asarray(quads, np.float32).reshape(-1, 4, 2))


@lru_cache(maxsize=4)
def _columns(path: Place, group: int) -> "tuple[pa.Array, ...]":
    """Offsets and quads of a row group; nothing if the file has no such columns."""
    names = ["cluster_offsets", "cluster_quads"]
    with opened_parquet(path) as file:
        if not set(names) <= set(file.schema_arrow.names):
            return ()
        table = file.read_row_group(group, columns=names)
    return tuple(table[name].combine_chunks() for name in names)


def _strays(points: Points, ends: Points) -> float:
    """How far points (N, 2) are from the line through two ends, at most."""
    along = ends[1] - ends[0]
    length = max(float(np.hypot(*along)), 1e-6)
    to = points - ends[0]
    return float(np.abs(along[0] * to[:, 1] - along[1] * to[:, 0]).max()) / length
