"""A shard's row of one picture with many texts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Self, get_args

import numpy as np
import pyarrow as pa

from pipelines.io.row import IMAGE_TYPE, image_array, list_array, to_json
from pipelines.io.statistics import Statistics
from synthtext.core import Clusters, Level, Origin, Scene, TextInstance, as_polygon

IGNORED_TRANSCRIPTIONS = frozenset({"*", "###"})
"""Transcriptions of texts that are neither positive nor negative (PaddleOCR, ICDAR)."""

_LEVELS: tuple[str, ...] = get_args(Level)
_KINDS = ("drawn", "pasted", "real")

_ORIGIN = pa.struct([("kind", pa.string()), ("source", pa.string()), ("index", pa.int32())])
_INSTANCE = pa.struct(
    [
        ("text", pa.string()),
        ("polygon", pa.list_(pa.float32())),
        ("ignore", pa.bool_()),
        ("level", pa.string()),
        ("parent", pa.int32()),
        ("origin", _ORIGIN),
        ("cluster_offsets", pa.list_(pa.int32())),
        ("cluster_quads", pa.list_(pa.float32())),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class SceneRow:
    """One picture and the texts in it.

    Attributes:
        key: unique in its data set.
        image: the encoded picture.
        path: name of the picture, with a suffix that tells its format.
        width: of the picture, pixels.
        height: of the picture, pixels.
        instances: the texts; `parent` counts in this order.
        effects: names, in the order in which they were applied.
        meta: everything else, JSON.
        rejected: why earlier attempts at it were given up; counted in the statistics alone.
        problems: what was wrong with labels that were mended, made ignored or left out, one entry each; counted in the
            statistics alone.
    """

    key: str
    image: bytes
    path: str
    width: int
    height: int
    instances: tuple[TextInstance, ...]
    effects: tuple[str, ...] = ()
    meta: str = "{}"
    rejected: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    KIND: ClassVar[str] = "scenes"
    ROW_GROUP_SIZE: ClassVar[int] = 64
    SHARD_SIZE: ClassVar[int] = 256
    SCHEMA: ClassVar[pa.Schema] = pa.schema(
        [
            ("key", pa.string()),
            ("image", IMAGE_TYPE),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("instances", pa.list_(_INSTANCE)),
            ("effects", pa.list_(pa.string())),
            ("meta", pa.string()),
        ]
    )
    DICTIONARY_COLUMNS: ClassVar[tuple[str, ...]] = (
        "effects.list.element",
        "instances.list.element.level",
        "instances.list.element.origin.kind",
        "instances.list.element.origin.source",
    )

    @classmethod
    def from_scene(cls, scene: Scene, image: bytes, suffix: str) -> Self:
        """The row of a scene whose picture has been encoded; `suffix` tells how (".jpg")."""
        height, width = scene.image.shape[:2]
        meta = scene.meta
        return cls(
            key=scene.key,
            image=image,
            path=scene.key + suffix,
            width=width,
            height=height,
            instances=scene.instances,
            effects=tuple(applied.name for applied in meta.effects),
            meta=to_json({"effects": [list(applied) for applied in meta.effects], "parameters": meta.parameters}),
            rejected=meta.rejected,
        )

    @property
    def label(self) -> str:
        """The instances that no other one is a part of, as PaddleOCR writes them."""
        return paddleocr_label(leaf_instances(self.instances))

    def meta_json(self) -> str:
        """The other columns by name, `meta` as the object that it is."""
        return to_json(
            {
                "key": self.key,
                "width": self.width,
                "height": self.height,
                "instances": [instance_to_dict(instance) for instance in self.instances],
                "effects": self.effects,
                "meta": json.loads(self.meta),
            }
        )

    @staticmethod
    def columns(rows: Sequence["SceneRow"]) -> list[pa.Array]:
        """The columns, in the order of `SCHEMA`."""
        return [
            pa.array([row.key for row in rows], pa.string()),
            image_array([row.image for row in rows], [row.path for row in rows]),
            pa.array([row.width for row in rows], pa.int32()),
            pa.array([row.height for row in rows], pa.int32()),
            _instance_lists([row.instances for row in rows]),
            pa.array([row.effects for row in rows], pa.list_(pa.string())),
            pa.array([row.meta for row in rows], pa.string()),
        ]

    def add_to(self, statistics: Statistics) -> None:
        """Add this row to the statistics of its shard."""
        statistics.add_image(self.width, self.height)
        statistics.add_instances(self.instances)
        statistics.effects.update(set(self.effects))
        statistics.rejections.update(self.rejected)
        statistics.problems.update(self.problems)


def leaf_instances(instances: Sequence[TextInstance]) -> list[TextInstance]:
    """The instances that no other one is a part of."""
    parents = {instance.parent for instance in instances}
    return [instance for place, instance in enumerate(instances) if place not in parents]


def paddleocr_label(instances: Sequence[TextInstance]) -> str:
    """Instances as PaddleOCR writes them, coordinates to a thousandth of a pixel; one to ignore is "###"."""
    return to_json(
        [{"transcription": "###" if i.ignore else i.text, "points": _rounded(i.polygon).tolist()} for i in instances]
    )


def instance_to_dict(instance: TextInstance) -> dict[str, Any]:
    """An instance as JSON, coordinates to a thousandth of a pixel; the fields of the Parquet column by name."""
    origin, clusters = instance.origin, instance.clusters
    return {
        "text": instance.text,
        "polygon": _rounded(instance.polygon).ravel(),
        "ignore": instance.ignore,
        "level": instance.level,
        "parent": instance.parent,
        "origin": {"kind": origin.kind, "source": origin.source, "index": origin.index},
        "cluster_offsets": clusters.offsets,
        "cluster_quads": _rounded(clusters.quads).ravel(),
    }


def instance_from_dict(tree: dict[str, Any]) -> TextInstance:
    """What `instance_to_tree` or the Parquet column gives, as an instance again.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    quads = np.array(tree["cluster_quads"], np.float32).reshape(-1, 4, 2)
    origin = Origin(**tree["origin"])
    for name, known in ((tree["level"], _LEVELS), (origin.kind, _KINDS)):
        if name not in known:
            raise ValueError(f"{name!r} is none of {', '.join(known)}")
    return TextInstance(
        text=tree["text"],
        polygon=as_polygon(np.array(tree["polygon"], np.float32).reshape(-1, 2)),
        clusters=Clusters(np.array(tree["cluster_offsets"], np.int32), quads),
        ignore=tree["ignore"],
        level=tree["level"],
        parent=tree["parent"],
        origin=origin,
    )


def _rounded(points: np.ndarray) -> np.ndarray:
    return points.astype(np.float64).round(3)


def _instance_lists(rows: Sequence[tuple[TextInstance, ...]]) -> pa.ListArray:
    ends = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    every = list(chain.from_iterable(rows))
    origins = [
        pa.array([instance.origin.kind for instance in every], pa.string()),
        pa.array([instance.origin.source for instance in every], pa.string()),
        pa.array([instance.origin.index for instance in every], pa.int32()),
    ]
    fields = [
        pa.array([instance.text for instance in every], pa.string()),
        list_array([instance.polygon.ravel() for instance in every], np.float32),
        pa.array([instance.ignore for instance in every], pa.bool_()),
        pa.array([instance.level for instance in every], pa.string()),
        pa.array([instance.parent for instance in every], pa.int32()),
        pa.StructArray.from_arrays(origins, fields=list(_ORIGIN)),
        list_array([instance.clusters.offsets for instance in every], np.int32),
        list_array([instance.clusters.quads.ravel() for instance in every], np.float32),
    ]
    return pa.ListArray.from_arrays(pa.array(ends), pa.StructArray.from_arrays(fields, fields=list(_INSTANCE)))
