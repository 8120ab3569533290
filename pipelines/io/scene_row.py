"""Rows of scenes: images with any number of text instances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, get_args

import numpy as np
import pyarrow as pa

from pipelines.io.row import IMAGE_TYPE, Row, generated_fields, rounded, to_json
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
class SceneRow(Row):
    """One image with any number of text instances.

    Attributes:
        instances: the text instances; `parent` is an index into them.
        problems: one entry for each label that was repaired, ignored or left out; only counted in the statistics, not
            stored.

    For the other attributes, see `Row`.
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
        return cls(**generated_fields(scene, image, suffix), instances=scene.instances)

    @property
    def label(self) -> str:
        """The instances that are not a parent, in the format of PaddleOCR."""
        return paddleocr_label(leaf_instances(self.instances))

    def column_values(self) -> dict[str, Any]:
        """Return the value of each column of `SCHEMA`."""
        return Row.column_values(self) | {"instances": [_instance_fields(instance) for instance in self.instances]}

    def json_values(self) -> dict[str, Any]:
        """Return instances with rounded coordinates."""
        return Row.json_values(self) | {"instances": [instance_to_dict(instance) for instance in self.instances]}

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
        [{"transcription": "###" if i.ignore else i.text, "points": rounded(i.polygon).tolist()} for i in instances]
    )


def instance_to_dict(instance: TextInstance) -> dict[str, Any]:
    """Return the fields of the Parquet column by name, coordinates rounded to 0.001 pixels."""
    points = {
        "polygon": rounded(instance.polygon).ravel(),
        "cluster_quads": rounded(instance.clusters.quads).ravel(),
    }
    return _instance_fields(instance) | points


def _instance_fields(instance: TextInstance) -> dict[str, Any]:
    return {
        "text": instance.text,
        "polygon": instance.polygon.astype(np.float32, copy=False).ravel(),
        "ignore": instance.ignore,
        "level": instance.level,
        "parent": instance.parent,
        "origin": {"kind": instance.origin.kind, "source": instance.origin.source, "index": instance.origin.index},
        "cluster_offsets": instance.clusters.offsets.astype(np.int32, copy=False),
        "cluster_quads": instance.clusters.quads.astype(np.float32, copy=False).ravel(),
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
