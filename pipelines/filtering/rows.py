"""Whole rows of a source of lines: all that is known of a line, not only its picture and its label."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.reader import Concatenation, EncodedLine, RecognitionSource, picture_size
from pipelines.reader.picture import suffix_of
from pipelines.shards import LineRow, to_json
from synthtext.core import Clusters

_COLUMNS = (
    *("key", "width", "height", "cluster_offsets", "cluster_quads"),
    *("font", "script", "corpus", "contrast", "effects", "meta"),
)


@dataclass(eq=False)
class Rows:
    """Rows of a source of ours; other sources know nothing but picture and label. One shard's columns are at hand."""

    source: RecognitionSource
    _start: int = 0
    _stop: int = 0
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    def key(self, index: int) -> str | None:
        """Of a line, if the source is one of ours."""
        return self._known(index).get("key") or None

    def row(self, index: int, line: EncodedLine) -> LineRow | None:
        """The row of a line that was read, if the source is one of ours."""
        known = self._known(index)
        if not known.get("key"):
            return None
        size = (known["width"], known["height"]) if known.get("width") else picture_size(line.image, line.key)
        meta = known.get("meta") or {}
        contrast = known.get("contrast")
        return LineRow(
            key=known["key"],
            image=line.image,
            path=known["key"] + suffix_of(line.image),
            text=line.text,
            width=int(size[0]),
            height=int(size[1]),
            clusters=_clusters(known.get("cluster_offsets"), known.get("cluster_quads")),
            font=known.get("font") or "",
            script=known.get("script") or "",
            corpus=known.get("corpus") or "",
            contrast=float("nan") if contrast is None else contrast,
            effects=tuple(known.get("effects") or ()),
            meta=meta if isinstance(meta, str) else to_json(meta),
        )

    def _known(self, index: int) -> dict[str, Any]:
        if not self._start <= index < self._stop:
            self._load(index)
        return {name: values[index - self._start] for name, values in self._columns.items()}

    def _load(self, index: int) -> None:
        part, start = self.source, 0
        if isinstance(part, Concatenation):
            number = int(np.searchsorted(part.starts, index, side="right")) - 1
            start, part = int(part.starts[number]), part.parts[number]
        self._columns = part.columns(_COLUMNS)
        self._start, self._stop = start, start + len(part)


def _clusters(offsets: list[int] | None, quads: list[float] | None) -> Clusters:
    if not offsets:
        return Clusters.empty()
    return Clusters(np.array(offsets, np.int32), np.array(quads or [], np.float32).reshape(-1, 4, 2))
