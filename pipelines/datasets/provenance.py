"""How the lines of a data set of ours came about: the columns beside picture and text."""

import json
from typing import Any, NamedTuple

import lmdb
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.lmdb import LmdbSource
from pipelines.datasets.parquet import ParquetSource, open_parquet
from pipelines.datasets.source import ConcatenatedLines, LineSource
from synthtext.core import AppliedEffect, Clusters, Provenance


class SampleProvenance(NamedTuple):
    """How a line was made; empty where nobody knows, as of a photograph. Effects are without their parameters."""

    parameters: Provenance = Provenance()
    clusters: Clusters = Clusters.empty()


_COLUMNS = ["font", "script", "corpus", "contrast", "effects", "cluster_offsets", "cluster_quads"]


def read_provenance(source: LineSource, rows: NDArray[np.int64]) -> list[SampleProvenance]:
    """How these rows were made, in this order; empty where the source does not say."""
    if isinstance(source, ConcatenatedLines):
        return _of_parts(source, rows)
    if isinstance(source, ParquetSource):
        return _of_parquet(source, rows)
    if isinstance(source, LmdbSource):
        return _of_lmdb(source, rows)
    return [SampleProvenance()] * len(rows)


def _of_parts(source: ConcatenatedLines, rows: NDArray[np.int64]) -> list[SampleProvenance]:
    starts = np.cumsum([0, *map(len, source.parts)])
    owners = np.searchsorted(starts, rows, side="right") - 1
    found: dict[int, SampleProvenance] = {}
    for owner in np.unique(owners).tolist():
        mine = rows[owners == owner]
        found |= zip(mine.tolist(), read_provenance(source.parts[owner], mine - starts[owner]), strict=True)
    return [found[row] for row in rows.tolist()]


def _of_parquet(source: ParquetSource, rows: NDArray[np.int64]) -> list[SampleProvenance]:
    groups = np.searchsorted(source.group_offsets, rows, side="right") - 1
    with open_parquet(source.path) as file:
        tables = {group: file.read_row_group(group, columns=_COLUMNS) for group in np.unique(groups).tolist()}
    return [
        _made(tables[group].slice(row, 1).to_pylist()[0])
        for group, row in zip(groups.tolist(), (rows - source.group_offsets[groups]).tolist(), strict=True)
    ]


def _of_lmdb(source: LmdbSource, rows: NDArray[np.int64]) -> list[SampleProvenance]:
    with (
        lmdb.open(str(source.path), readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        metas = [transaction.get(f"meta-{row + 1:09d}".encode()) for row in rows.tolist()]
    return [_made(json.loads(meta)) if meta else SampleProvenance() for meta in metas]


def _made(columns: dict[str, Any]) -> SampleProvenance:
    if not columns.keys() >= set(_COLUMNS):  # another tool's
        return SampleProvenance()
    contrast = columns["contrast"]
    meta = Provenance(
        font=columns["font"],
        script=columns["script"],
        corpus=columns["corpus"],
        contrast=float("nan") if contrast is None else contrast,
        effects=tuple(AppliedEffect(name, {}) for name in columns["effects"]),
    )
    offsets = np.array(columns["cluster_offsets"], np.int32)
    quads = np.array(columns["cluster_quads"], np.float32).reshape(-1, 4, 2)
    return SampleProvenance(meta, Clusters(offsets, quads))
