"""The stored rows of a source of lines with everything that is known of them, and the outlines of their texts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.datasets.image import image_size, image_suffix
from pipelines.datasets.open import local_shards
from pipelines.datasets.provenance import read_provenance
from pipelines.datasets.scene_labels import repair_polygon
from pipelines.datasets.source import ConcatenatedLines, EncodedLine, LineSource
from pipelines.io.atomic import file_sha256
from pipelines.io.commit import MANIFESTS_FOLDER
from pipelines.io.line_row import LineRow
from pipelines.io.plan import read_manifest
from pipelines.io.row import to_json
from pipelines.recipes.digest import fingerprint_digest
from synthtext.core import Clusters, Points, Polygon

_MAX_DEVIATION = 0.08  # of an outline from the quad of its corners, relative to the height of the line, to be that quad
_COLUMNS = (
    *("key", "width", "height", "cluster_offsets", "cluster_quads"),
    *("font", "script", "corpus", "contrast", "effects", "meta"),
)


@dataclass(eq=False)
class StoredLines:
    """Reads the rows of a source as they are stored; the columns of one shard are in memory.

    A label file or an LMDB of another tool has no columns beside image and label.

    Attributes:
        source: of the lines.
    """

    source: LineSource
    _start: int = 0
    _stop: int = 0
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    def key(self, index: int) -> str | None:
        """The key of a line; None if the source has no keys."""
        return self._stored(index).get("key") or None

    def row(self, index: int, line: EncodedLine) -> LineRow | None:
        """The row of a line, which was read; None if the source has no columns beside image and label."""
        stored = self._stored(index)
        if not stored.get("key"):
            return None
        size = (stored["width"], stored["height"]) if stored.get("width") else image_size(line.image, line.key)
        meta, contrast = stored.get("meta") or {}, stored.get("contrast")
        return LineRow(
            key=stored["key"],
            image=line.image,
            path=stored["key"] + image_suffix(line.image),
            text=line.text,
            width=int(size[0]),
            height=int(size[1]),
            clusters=_clusters(stored),
            font=stored.get("font") or "",
            script=stored.get("script") or "",
            corpus=stored.get("corpus") or "",
            contrast=float("nan") if contrast is None else contrast,
            effects=tuple(stored.get("effects") or ()),
            meta=meta if isinstance(meta, str) else to_json(meta),
        )

    def _stored(self, index: int) -> dict[str, Any]:
        if not self._start <= index < self._stop:
            self._load(index)
        return {name: values[index - self._start] for name, values in self._columns.items()}

    def _load(self, index: int) -> None:
        part, start = self.source, 0
        if isinstance(part, ConcatenatedLines):
            number = int(np.searchsorted(part.part_offsets, index, side="right")) - 1
            start, part = int(part.part_offsets[number]), part.parts[number]
        self._columns = part.columns(_COLUMNS)
        self._start, self._stop = start, start + len(part)


def _clusters(stored: dict[str, Any]) -> Clusters:
    if not stored.get("cluster_offsets"):
        return Clusters.empty()
    quads = np.array(stored.get("cluster_quads") or [], np.float32).reshape(-1, 4, 2)
    return Clusters(np.array(stored["cluster_offsets"], np.int32), quads)


def lines_digest(path: Path) -> str:
    """SHA-256 of the content of a source of lines: of its file, or of the manifests of its shards."""
    if path.is_file():
        return file_sha256(path)
    if (path / "data.mdb").is_file():
        return file_sha256(path / "data.mdb")
    manifests = {
        shard.name: read_manifest(path / MANIFESTS_FOLDER / f"{shard.stem}.json")
        for shard in local_shards(path, "lines")
    }
    return fingerprint_digest({name: found.sha256 if found else "" for name, found in manifests.items()})


def line_outline(source: LineSource, row: int, text: str) -> Polygon | None:
    """Return the outline of the clusters of a line, with half of the points along the top.

    Returns:
        (P, 2), four points if the line is straight; None if the clusters are unknown, as in datasets of other tools.
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
    """Return the clusters of a line; none if the source has none."""
    return read_provenance(source, np.array([row]))[0].clusters


def _deviation(points: Points, ends: Points) -> float:
    """The maximum distance of points (N, 2) from the straight line through two ends (2, 2)."""
    direction = ends[1] - ends[0]
    length = max(float(np.hypot(*direction)), 1e-6)
    offsets = points - ends[0]
    return float(np.abs(direction[0] * offsets[:, 1] - direction[1] * offsets[:, 0]).max()) / length
