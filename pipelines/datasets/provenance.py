"""The provenance of lines in a dataset: reads the columns beside image and text into typed values."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from pipelines.datasets.lmdb import LmdbSource
from pipelines.datasets.parquet import ParquetSource, open_parquet
from pipelines.datasets.source import ConcatenatedLines, LineSource
from synthtext.core import AppliedEffect, Clusters, Parameters, Provenance


class SampleProvenance(NamedTuple):
    """How a line was made.

    Attributes:
        meta: Empty where it is unknown, as for a photograph. It has neither `parameters` nor those of effects.
        clusters: Where each cluster of the text is; empty where unknown.
    """

    meta: Provenance = Provenance()
    clusters: Clusters = Clusters.empty()


class _Columns(BaseModel):
    """The columns of a row beside image and text, as a Parquet file or the `meta-%09d` of an LMDB has them."""

    font: str
    script: str
    corpus: str
    contrast: float | None
    effects: list[str]
    cluster_offsets: list[int]
    cluster_quads: list[float]


def read_provenance(source: LineSource, rows: NDArray[np.int64]) -> list[SampleProvenance]:
    """Read how rows were made, in the given order; empty where the source does not tell."""
    if isinstance(source, ConcatenatedLines):
        owners, found = source.part_of(rows), dict[int, SampleProvenance]()
        for owner in np.unique(owners).tolist():
            of_part = rows[owners == owner]
            read = read_provenance(source.parts[owner], of_part - source.part_offsets[owner])
            found |= zip(of_part.tolist(), read, strict=True)
        return [found[row] for row in rows.tolist()]
    if isinstance(source, ParquetSource):
        return [_parse(columns) for columns in _read_parquet(source, rows)]
    if isinstance(source, LmdbSource):
        return [_parse(columns) for columns in source.read_meta(rows)]
    return [SampleProvenance()] * len(rows)


def _read_parquet(source: ParquetSource, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    groups = np.searchsorted(source.group_offsets, rows, side="right") - 1
    names = list(_Columns.model_fields)
    with open_parquet(source.path) as file:
        tables = {group: file.read_row_group(group, columns=names) for group in np.unique(groups).tolist()}
    return [
        tables[group].slice(row, 1).to_pylist()[0]
        for group, row in zip(groups.tolist(), (rows - source.group_offsets[groups]).tolist(), strict=True)
    ]


def _parse(row: dict[str, Any]) -> SampleProvenance:
    try:
        columns = _Columns.model_validate(row)
    except ValidationError:  # written by another tool
        return SampleProvenance()
    contrast = float("nan") if columns.contrast is None else columns.contrast
    effects = tuple(AppliedEffect(name, {}) for name in columns.effects)
    quads = np.array(columns.cluster_quads, np.float32).reshape(-1, 4, 2)
    return SampleProvenance(
        Provenance(columns.font, columns.script, columns.corpus, contrast=contrast, effects=effects),
        Clusters(np.array(columns.cluster_offsets, np.int32), quads),
    )


class _Meta(BaseModel):
    """The column `meta`: JSON in Parquet, an object in an LMDB."""

    parameters: Parameters = {}


def read_parameters(source: LineSource) -> Iterator[Parameters]:
    """Iterate over the parameters that were drawn for each row of a source; empty where a row has none."""
    return map(_parse_parameters, source.columns(["meta"]).get("meta", [{}] * len(source)))


def _parse_parameters(meta: Any) -> Parameters:
    try:
        return (_Meta.model_validate_json if isinstance(meta, str) else _Meta.model_validate)(meta).parameters
    except ValidationError:
        return {}
