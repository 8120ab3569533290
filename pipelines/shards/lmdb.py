"""Shards as LMDB folders, in the layout of deep-text-recognition-benchmark with one more key for each sample."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lmdb

from pipelines.shards.row import AnyRow

DATA = "data.mdb"
"""The file in an LMDB's folder."""

_SPARE = 2**20  # bytes of the map for the tree's inner pages


class LmdbWriter:
    """Writes one LMDB folder with nothing in it but data.mdb; the same rows give the same bytes.

    Keys: `num-samples`; `image-%09d`, `label-%09d` and `meta-%09d` (JSON), counted from 1.

    Args:
        path: of the folder.
        kind: of the rows.
    """

    def __init__(self, path: Path, kind: type[AnyRow]) -> None:
        path.mkdir()
        self._count = 0
        self._environment = lmdb.open(str(path), map_size=_SPARE, lock=False, sync=False, metasync=False)

    def write(self, rows: Sequence[Any]) -> None:
        """Write rows in one transaction."""
        values: list[tuple[str, bytes]] = []
        for number, row in enumerate(rows, self._count + 1):
            values.append((f"image-{number:09d}", row.image))
            values.append((f"label-{number:09d}", row.label.encode()))
            values.append((f"meta-{number:09d}", row.meta_json().encode()))
        self._put(values)
        self._count += len(rows)

    def close(self) -> None:
        """Write the number of samples."""
        self._put([("num-samples", str(self._count).encode())])
        self._environment.close()

    def _put(self, values: list[tuple[str, bytes]]) -> None:
        # The map grows as needed: its size is kept in the file, and every reader reserves as much address space.
        page = self._environment.stat()["psize"]
        used = (self._environment.info()["last_pgno"] + 1) * page
        self._environment.set_mapsize(used + sum(len(value) + page for _, value in values) + _SPARE)
        with self._environment.begin(write=True) as transaction:
            # In the order of their keys pages are filled from left to right.
            for key, value in sorted(values):
                transaction.put(key.encode(), value)
