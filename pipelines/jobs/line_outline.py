"""The outline of the text in the image of a stored line."""

import json
from functools import lru_cache

import numpy as np
import pyarrow as pa

from pipelines.datasets.lmdb import LmdbSource, read_transaction
from pipelines.datasets.parquet import ParquetSource, open_parquet
from pipelines.datasets.scene_labels import repair_polygon
from pipelines.datasets.source import ConcatenatedLines, LineSource
from pipelines.io.paths import AnyPath
from synthtext.core import Clusters, Points, Polygon

_MAX_DEVIATION = 0.08  # of an outline from the quad of its corners, relative to the height of the line, to be that quad


def line_outline(source: LineSource, row: int, text: str) -> Polygon | None:
    """The outline of the clusters of a line.

    Args:
        source: of the line; only datasets of this package have clusters.
        row: of the line.
        text: the label of the line.

    Returns:
        (P, 2), half of the points along the top, four points if the line is straight; None if the clusters are unknown.
    """
    clusters = line_clusters(source, row)
    if not len(clusters) or clusters.offsets[-1] != len(text):
        return None
    outline = clusters.outline(text)
    half = len(outline) // 2
    corners = outline[[0, half - 1, half, -1]]
    limit = _MAX_DEVIATION * float(np.hypot(*(corners[3] - corners[0])))
    if max(_deviation(outline[:half], corners[:2]), _deviation(outline[half:], corners[2:])) < limit:
        outline = corners
    repaired = repair_polygon(outline)
    return outline if repaired.polygon is not None and not repaired.problem else None


def line_clusters(source: LineSource, row: int) -> Clusters:
    """The clusters of a line; none if the source has none."""
    if isinstance(source, ConcatenatedLines):
        part = int(np.searchsorted(source.part_offsets, row, side="right")) - 1
        return line_clusters(source.parts[part], row - int(source.part_offsets[part]))
    if isinstance(source, ParquetSource):
        group = int(np.searchsorted(source.group_offsets, row, side="right")) - 1
        columns = _cluster_columns(source.path, group)
        index = row - int(source.group_offsets[group])
        return _clusters(*(column[index].values for column in columns)) if columns else Clusters.empty()
    if isinstance(source, LmdbSource):
        with read_transaction(source.path) as transaction:
            meta = json.loads(bytes(transaction.get(f"meta-{row + 1:09d}".encode()) or b"{}"))
        if "cluster_quads" in meta:
            return _clusters(meta["cluster_offsets"], meta["cluster_quads"])
    return Clusters.empty()


def _clusters(offsets: "pa.Array | list[int]", quads: "pa.Array | list[float]") -> Clusters:
    return Clusters(np.asarray(offsets, np.int32), np.asarray(quads, np.float32).reshape(-1, 4, 2))


@lru_cache(maxsize=4)
def _cluster_columns(path: AnyPath, group: int) -> "tuple[pa.Array, ...]":
    """Offsets and quads of a row group; empty if the file has no such columns."""
    names = ["cluster_offsets", "cluster_quads"]
    with open_parquet(path) as file:
        if not set(names) <= set(file.schema_arrow.names):
            return ()
        table = file.read_row_group(group, columns=names)
    return tuple(table[name].combine_chunks() for name in names)


def _deviation(points: Points, ends: Points) -> float:
    """The maximum distance of points (N, 2) from the straight line through two ends (2, 2)."""
    direction = ends[1] - ends[0]
    length = max(float(np.hypot(*direction)), 1e-6)
    offsets = points - ends[0]
    return float(np.abs(direction[0] * offsets[:, 1] - direction[1] * offsets[:, 0]).max()) / length
