"""Rows of scenes: images with any number of text instances."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Self, get_args

import numpy as np
import pyarrow as pa

from pipelines.io.row import IMAGE_TYPE, image_array, list_array, provenance_json, to_json
from pipelines.io.statistics import Statistics
from synthtext.core import Clusters, Level, Origin, Scene, TextInstance, as_polygon

IGNORED_TRANSCRIPTIONS = frozenset({"*", "###"})
"""Transcriptions of texts to be ignored, in PaddleOCR and ICDAR: neither positives nor negatives."""

_LEVELS: tuple[str, ...] = get_args(Level)
_ORIGINS: tuple[str, ...] = get_args(Origin.__annotations__["kind"])

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
    """One image with any number of text instances.

    Attributes:
        key: unique in the dataset.
        image: the encoded image.
        path: file name of the image; its suffix gives the format.
        width: of the image, pixels.
        height: of the image, pixels.
        instances: the text instances; `parent` is an index into them.
        effects: names, in the order of their application.
        meta: everything else, JSON.
        rejected: reasons of rejected attempts; only counted in the statistics, not stored.
        problems: one entry for each label that was repaired, ignored or left out; only counted in the statistics, not
            stored.
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
        """Return the row of a scene with its encoded image; `suffix` gives the format (".jpg")."""
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
            meta=provenance_json(meta.effects, meta.parameters),
            rejected=meta.rejected,
        )

    @property
    def label(self) -> str:
        """The instances that are not a parent, in the format of PaddleOCR."""
        return paddleocr_label(leaf_instances(self.instances))

    def meta_json(self) -> str:
        """Return the other columns by name, `meta` as an object."""
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
        """Return the columns, in the order of `SCHEMA`."""
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
    """Return the instances that are not the parent of another one."""
    parents = {instance.parent for instance in instances}
    return [instance for index, instance in enumerate(instances) if index not in parents]


def paddleocr_label(instances: Sequence[TextInstance]) -> str:
    """Return instances in the format of PaddleOCR, coordinates rounded to 0.001 pixels; ignored ones are "###"."""
    return to_json(
        [{"transcription": "###" if i.ignore else i.text, "points": _rounded(i.polygon).tolist()} for i in instances]
    )


def instance_to_dict(instance: TextInstance) -> dict[str, Any]:
    """Return the fields of the Parquet column by name, coordinates rounded to 0.001 pixels."""
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


def instance_from_dict(fields: dict[str, Any]) -> TextInstance:
    """Return the instance of the fields that `instance_to_dict` or the Parquet column gives.

    Raises:
        KeyError, TypeError, ValueError: fields are missing, unknown or invalid.
    """
    quads = np.array(fields["cluster_quads"], np.float32).reshape(-1, 4, 2)
    origin = Origin(**fields["origin"])
    for name, known in ((fields["level"], _LEVELS), (origin.kind, _ORIGINS)):
        if name not in known:
            raise ValueError(f"{name!r} is not one of {', '.join(known)}")
    return TextInstance(
        text=fields["text"],
        polygon=as_polygon(np.array(fields["polygon"], np.float32).reshape(-1, 2)),
        clusters=Clusters(np.array(fields["cluster_offsets"], np.int32), quads),
        ignore=fields["ignore"],
        level=fields["level"],
        parent=fields["parent"],
        origin=origin,
    )


def _rounded(points: np.ndarray) -> np.ndarray:
    return points.astype(np.float64).round(3)


def _instance_lists(rows: Sequence[tuple[TextInstance, ...]]) -> pa.ListArray:
    ends = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    flat = list(chain.from_iterable(rows))
    origins = [
        pa.array([instance.origin.kind for instance in flat], pa.string()),
        pa.array([instance.origin.source for instance in flat], pa.string()),
        pa.array([instance.origin.index for instance in flat], pa.int32()),
    ]
    fields = [
        pa.array([instance.text for instance in flat], pa.string()),
        list_array([instance.polygon.ravel() for instance in flat], np.float32),
        pa.array([instance.ignore for instance in flat], pa.bool_()),
        pa.array([instance.level for instance in flat], pa.string()),
        pa.array([instance.parent for instance in flat], pa.int32()),
        pa.StructArray.from_arrays(origins, fields=list(_ORIGIN)),
        list_array([instance.clusters.offsets for instance in flat], np.int32),
        list_array([instance.clusters.quads.ravel() for instance in flat], np.float32),
    ]
    return pa.ListArray.from_arrays(pa.array(ends), pa.StructArray.from_arrays(fields, fields=list(_INSTANCE)))
