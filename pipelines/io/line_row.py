"""Rows of text lines."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from pipelines.io.plan import SHARD_SIZE
from pipelines.io.row import IMAGE_TYPE, image_array, list_array, provenance_json, to_json
from pipelines.io.statistics import Statistics
from synthtext.core import Clusters, Sample


@dataclass(frozen=True, slots=True, eq=False)
class LineRow:
    """One text line.

    Attributes:
        key: unique in the dataset.
        image: the encoded image.
        path: file name of the image; its suffix gives the format.
        text: in logical order, NFC.
        width: of the image, pixels.
        height: of the image, pixels.
        clusters: quads of the grapheme clusters; empty when unknown.
        font: family and style, or empty.
        script: Unicode script code, or empty.
        corpus: source of the text, or empty.
        contrast: smallest local difference in luminance, 0 to 255; NaN if not measured.
        effects: names, in the order of their application.
        meta: everything else, JSON.
        rejected: reasons of rejected attempts; only counted in the statistics, not stored.
        coverage_outcome: how a required character came into the text, or why it did not; empty without one; only
            counted in the statistics, not stored.
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
        height, width = sample.image.shape[:2]
        meta = sample.meta
        return cls(
            key=sample.key,
            image=image,
            path=sample.key + suffix,
            text=sample.text,
            width=width,
            height=height,
            clusters=sample.clusters,
            font=meta.font,
            script=meta.script,
            corpus=meta.corpus,
            contrast=meta.contrast,
            effects=tuple(applied.name for applied in meta.effects),
            meta=provenance_json(meta.effects, meta.parameters),
            rejected=meta.rejected,
            coverage_outcome=str(meta.parameters.get("coverage_outcome", "")),
        )

    @property
    def label(self) -> str:
        """The text."""
        return self.text

    def meta_json(self) -> str:
        """Return the other columns by name, `meta` as an object; a contrast that was not measured is null."""
        return to_json(
            {
                "key": self.key,
                "width": self.width,
                "height": self.height,
                "cluster_offsets": self.clusters.offsets,
                "cluster_quads": self.clusters.quads.astype(np.float64).round(3).ravel(),
                "font": self.font,
                "script": self.script,
                "corpus": self.corpus,
                "contrast": None if np.isnan(self.contrast) else self.contrast,
                "effects": self.effects,
                "meta": json.loads(self.meta),
            }
        )

    @staticmethod
    def columns(rows: Sequence["LineRow"]) -> list[pa.Array]:
        """Return the columns, in the order of `SCHEMA`."""
        return [
            pa.array([row.key for row in rows], pa.string()),
            image_array([row.image for row in rows], [row.path for row in rows]),
            pa.array([row.text for row in rows], pa.string()),
            pa.array([row.width for row in rows], pa.int32()),
            pa.array([row.height for row in rows], pa.int32()),
            list_array([row.clusters.offsets for row in rows], np.int32),
            list_array([row.clusters.quads.ravel() for row in rows], np.float32),
            pa.array([row.font for row in rows], pa.string()),
            pa.array([row.script for row in rows], pa.string()),
            pa.array([row.corpus for row in rows], pa.string()),
            pa.array([row.contrast for row in rows], pa.float32()),
            pa.array([row.effects for row in rows], pa.list_(pa.string())),
            pa.array([row.meta for row in rows], pa.string()),
        ]

    def add_to(self, statistics: Statistics) -> None:
        """Add this row to the statistics of its shard."""
        statistics.add_image(self.width, self.height)
        statistics.add_text(self.text)
        statistics.add_provenance(font=self.font, script=self.script, corpus=self.corpus)
        statistics.add_appearance(contrast=self.contrast, effects=self.effects)
        statistics.rejections.update(self.rejected)
        if self.coverage_outcome:
            statistics.coverage_outcomes[self.coverage_outcome] += 1
