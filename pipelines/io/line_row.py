"""Rows of text lines."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from pipelines.io.plan import SHARD_SIZE
from pipelines.io.row import IMAGE_TYPE, Row, generated_fields, rounded
from pipelines.io.statistics import BIN_WIDTH, Statistics
from synthtext.core import Clusters, Sample


@dataclass(frozen=True, slots=True, eq=False)
class LineRow(Row):
    """One text line.

    Attributes:
        text: in logical order, NFC.
        clusters: quads of the grapheme clusters; empty when unknown.
        font: family and style, or empty.
        script: Unicode script code, or empty.
        corpus: source of the text, or empty.
        contrast: smallest local difference in luminance, 0 to 255; NaN if not measured.
        coverage_outcome: how a required character came into the text, or why it did not; empty without one; only
            counted in the statistics, not stored.

    For the other attributes, see `Row`.
    """

    key: str
    image: bytes
    path: str
    text: str
    width: int
    height: int
    clusters: Clusters
    font: str = ""
    script: str = ""
    corpus: str = ""
    contrast: float = float("nan")
    effects: tuple[str, ...] = ()
    meta: str = "{}"
    rejected: tuple[str, ...] = ()
    coverage_outcome: str = ""

    KIND: ClassVar[str] = "lines"
    ROW_GROUP_SIZE: ClassVar[int] = 512
    SHARD_SIZE: ClassVar[int] = SHARD_SIZE
    SCHEMA: ClassVar[pa.Schema] = pa.schema(
        [
            ("key", pa.string()),
            ("image", IMAGE_TYPE),
            ("text", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("cluster_offsets", pa.list_(pa.int32())),
            ("cluster_quads", pa.list_(pa.float32())),
            ("font", pa.string()),
            ("script", pa.string()),
            ("corpus", pa.string()),
            ("contrast", pa.float32()),
            ("effects", pa.list_(pa.string())),
            ("meta", pa.string()),
        ]
    )
    DICTIONARY_COLUMNS: ClassVar[tuple[str, ...]] = ("font", "script", "corpus", "effects.list.element")

    @classmethod
    def from_sample(cls, sample: Sample, image: bytes, suffix: str) -> Self:
        """Return the row of a sample with its encoded image; `suffix` gives the format (".jpg")."""
        meta = sample.meta
        return cls(
            **generated_fields(sample, image, suffix),
            text=sample.text,
            clusters=sample.clusters,
            font=meta.font,
            script=meta.script,
            corpus=meta.corpus,
            contrast=meta.contrast,
            coverage_outcome=str(meta.parameters.get("coverage_outcome", "")),
        )

    @property
    def label(self) -> str:
        """The text."""
        return self.text

    @property
    def cluster_offsets(self) -> np.ndarray:
        """The offsets of the clusters, (K + 1,) int32."""
        return self.clusters.offsets.astype(np.int32, copy=False)

    @property
    def cluster_quads(self) -> np.ndarray:
        """The corners of the clusters, (8 K,) float32."""
        return self.clusters.quads.astype(np.float32, copy=False).ravel()

    def json_values(self) -> dict[str, Any]:
        """Return rounded quads, and a contrast that was not measured as None."""
        contrast = None if np.isnan(self.contrast) else self.contrast
        return Row.json_values(self) | {"cluster_quads": rounded(self.cluster_quads), "contrast": contrast}

    def add_to(self, statistics: Statistics) -> None:
        """Add this row to the statistics of its shard."""
        statistics.add_image(self.width, self.height)
        statistics.add_text(self.text)
        known = ((statistics.fonts, self.font), (statistics.scripts, self.script), (statistics.corpora, self.corpus))
        for counter, name in (*known, (statistics.coverage_outcomes, self.coverage_outcome)):
            if name:
                counter[name] += 1
        if not np.isnan(self.contrast):
            statistics.contrasts[int(self.contrast) // BIN_WIDTH * BIN_WIDTH] += 1
        statistics.effects.update(set(self.effects))
        statistics.rejections.update(self.rejected)
