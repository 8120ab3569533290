"""Scenes in shards: one Parquet file, or one LMDB."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.lmdb import count_of, opened, value_of
from pipelines.reader.parquet import ROW_GROUPS, row_groups
from pipelines.reader.path_source import PathSource, PlaceSource
from pipelines.reader.scene_labels import parse_label
from pipelines.reader.scene_source import EncodedScene
from pipelines.reader.source import MissingError
from pipelines.shards import SceneRow, instance_from_tree
from synthtext.core import InputError, TextInstance


@dataclass(frozen=True)
class ParquetScenes(PlaceSource):
    """One Parquet file with the columns key, image.bytes and instances; others are not read."""

    def __len__(self) -> int:
        return int(self.groups[-1])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The file's row groups."""
        return row_groups(self.path)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        groups = np.searchsorted(self.groups, rows, side="right") - 1
        scenes = []
        for group, place in zip(groups.tolist(), (rows - self.groups[groups]).tolist(), strict=True):
            keys, images, instances = ROW_GROUPS.get(self.path, group, "instances")
            try:
                key, image, trees = keys[place].as_py(), images[place].as_py(), instances[place].as_py()
            except UnicodeDecodeError:
                raise InputError(f"{self.path} is damaged: a key or a text in it is no UTF-8 text") from None
            if image is None:
                raise MissingError(f"{self.path}: {key} has no picture")
            scenes.append(EncodedScene(key, image, _instances(trees, f"{self.path}: {key}")))
        return scenes


@dataclass(frozen=True)
class LmdbScenes(PathSource):
    """An LMDB of scenes: ours, with everything in `meta-%09d`, or one with PaddleOCR's labels alone."""

    TOGETHER: ClassVar[int] = SceneRow.GROUP

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return count_of(self.path, "scenes")

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        with opened(self.path) as transaction:
            return [
                self._scene(
                    value_of(transaction, f"image-{row + 1:09d}", self.path),
                    value_of(transaction, f"label-{row + 1:09d}", self.path),
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
            return EncodedScene(where, image, *parse_label(label.decode(), where))
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"{where}: its label cannot be read ({type(error).__name__}: {error})") from None


def _instances(trees: list[dict[str, Any]], where: str) -> tuple[TextInstance, ...]:
    try:
        return tuple(instance_from_tree(tree) for tree in trees)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: these are no texts of a scene of ours ({type(error).__name__}: {error})") from None
