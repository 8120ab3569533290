"""The finished shards in a data set's folder."""

import json
from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.lmdb import read_transaction, read_value, sample_count
from pipelines.datasets.parquet import ROW_GROUP_CACHE, remote_description, remote_shards, row_group_offsets
from pipelines.datasets.scene_labels import parse_scene_label
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import LocalSource, MissingDataError, StoredSource
from pipelines.io.description import read_description
from pipelines.io.location import RemotePath, parallel_map
from pipelines.io.manifest import read_manifest
from pipelines.io.paths import AnyPath
from pipelines.io.scene_row import SceneRow, instance_from_dict
from synthtext.core import InputError, TextInstance

DESCRIPTION_FILE = "dataset.json"

Shard = TypeVar("Shard", bound=Sized)


def open_shards(
    folder: AnyPath, kind: str, parquet: Callable[[AnyPath], Shard], lmdb: Callable[[Path], Shard]
) -> tuple[Shard, ...]:
    """The shards that are finished and hold something, opened, in order.

    Args:
        folder: of the data set, or its URI.
        kind: that it must hold: "lines" or "scenes".
        parquet: opens a shard of that format.
        lmdb: opens a shard of the other one, which is always on this machine.

    Raises:
        InputError: as `finished_shards` does, or a shard is damaged.
    """
    shards = finished_shards(folder, kind)
    parts = tuple(lmdb(s) if isinstance(s, Path) and s.suffix != ".parquet" else parquet(s) for s in shards)
    if isinstance(folder, RemotePath):
        tuple(parallel_map(len, parts))  # every footer is a request
    return parts


def finished_shards(folder: AnyPath, kind: str) -> list[AnyPath]:
    """The data of the shards that are finished and hold something, in order.

    Args:
        folder: of the data set, or its URI.
        kind: that it must hold: "lines" or "scenes".

    Raises:
        InputError: it is no data set of ours, holds something else, has no finished shard, or lacks some though it is
            called complete.
    """
    if isinstance(folder, RemotePath):
        description = remote_description(folder)
        _check_kind(folder, description.kind, kind)
        shards = remote_shards(folder, description)
    else:
        shards = [*local_shards(folder, kind)]
    if not shards:
        raise InputError(f"{folder} has no finished shard with anything in it; generate it to its end first")
    return shards


def local_shards(folder: Path, kind: str) -> list[Path]:
    """The same of a folder of this machine, which may have no finished shard; raises InputError likewise."""
    if not (folder / DESCRIPTION_FILE).is_file():
        tables = sorted(folder.glob("*.tsv")) + sorted(folder.glob("*.txt"))
        hint = f"; did you mean {tables[0]}?" if tables else ""
        raise InputError(f"{folder} is a folder without {DESCRIPTION_FILE} or data.mdb: no data set{hint}")
    description = read_description(folder / DESCRIPTION_FILE)
    _check_kind(folder, description.kind, kind)
    rows = {path: _rows_of(path) for path in sorted((folder / "shards").glob("part-*.json"))}
    description.check_rows(sum(count or 0 for count in rows.values()), folder)
    return [_data_of(path) for path, count in rows.items() if count != 0]


def _check_kind(folder: AnyPath, found: str, kind: str) -> None:
    if found != kind:
        reader = "a recognizer" if kind == "lines" else "a detector"
        raise InputError(f"{folder} holds {found}, not {kind}: {reader} cannot read it")


def _rows_of(mark: Path) -> int | None:
    read = read_manifest(mark)
    return None if read is None else read.rows


def _data_of(mark: Path) -> Path:
    parquet, lmdb = mark.with_suffix(".parquet"), mark.with_suffix(".lmdb")
    if not parquet.is_file() and not lmdb.is_dir():
        raise InputError(f"{mark} marks a finished shard, but there is neither {parquet.name} nor {lmdb.name}")
    return parquet if parquet.is_file() else lmdb


@dataclass(frozen=True)
class ParquetSceneSource(StoredSource):
    """One Parquet file with the columns key, image.bytes and instances; others are not read."""

    def __len__(self) -> int:
        return int(self.group_offsets[-1])

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """The file's row groups."""
        return row_group_offsets(self.path)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        groups = np.searchsorted(self.group_offsets, rows, side="right") - 1
        scenes = []
        for group, place in zip(groups.tolist(), (rows - self.group_offsets[groups]).tolist(), strict=True):
            keys, images, instances = ROW_GROUP_CACHE.get(self.path, group, "instances")
            try:
                key, image, trees = keys[place].as_py(), images[place].as_py(), instances[place].as_py()
            except UnicodeDecodeError:
                raise InputError(f"{self.path} is damaged: a key or a text in it is no UTF-8 text") from None
            if image is None:
                raise MissingDataError(f"{self.path}: {key} has no picture")
            scenes.append(EncodedScene(key, image, _instances(trees, f"{self.path}: {key}")))
        return scenes


@dataclass(frozen=True)
class LmdbSceneSource(LocalSource):
    """An LMDB of scenes: ours, with everything in `meta-%09d`, or one with PaddleOCR's labels alone."""

    TOGETHER: ClassVar[int] = SceneRow.ROW_GROUP_SIZE

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return sample_count(self.path, "scenes")

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        with read_transaction(self.path) as transaction:
            return [
                self._scene(
                    read_value(transaction, f"image-{row + 1:09d}", self.path),
                    read_value(transaction, f"label-{row + 1:09d}", self.path),
                    bytes(transaction.get(f"meta-{row + 1:09d}".encode()) or b""),
                    f"{self.path}:{row + 1:09d}",
                )
                for row in rows.tolist()
            ]

    @staticmethod
    def _scene(image: bytes, label: bytes, meta: bytes, where: str) -> EncodedScene:
        try:
            if meta:
                tree = json.loads(meta)
                return EncodedScene(tree["key"], image, _instances(tree["instances"], where))
            return EncodedScene(where, image, *parse_scene_label(label.decode(), where))
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{where}: its label cannot be read ({type(error).__name__}: {error})") from None


def _instances(trees: list[dict[str, Any]], where: str) -> tuple[TextInstance, ...]:
    try:
        return tuple(instance_from_dict(tree) for tree in trees)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: these are no texts of a scene of ours ({type(error).__name__}: {error})") from None
