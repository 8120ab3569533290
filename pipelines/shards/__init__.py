"""Data sets on disk: shards of rows, each finished when its mark is there, in a folder that describes itself."""

from pipelines.shards.description import Description, FontRecord, cpu_features, current_versions, read_description
from pipelines.shards.folder import DatasetFolder, dataset_folder
from pipelines.shards.line_row import LineRow
from pipelines.shards.mark import Mark, read_mark
from pipelines.shards.plan import SHARD_SIZE, ShardPlan, ShardSpec
from pipelines.shards.remote import RemoteFolder
from pipelines.shards.row import AnyRow, Row, to_json
from pipelines.shards.scene_row import (
    IGNORED,
    SceneRow,
    instance_from_tree,
    instance_to_tree,
    leaves,
    scene_label,
)
from pipelines.shards.statistics import BIN, Statistics
from pipelines.shards.write import Draft, ShardFormat, shard_format, write_shard

__all__ = [
    "BIN",
    "IGNORED",
    "SHARD_SIZE",
    "AnyRow",
    "DatasetFolder",
    "Description",
    "Draft",
    "FontRecord",
    "LineRow",
    "Mark",
    "RemoteFolder",
    "Row",
    "SceneRow",
    "ShardFormat",
    "ShardPlan",
    "ShardSpec",
    "Statistics",
    "cpu_features",
    "current_versions",
    "dataset_folder",
    "instance_from_tree",
    "instance_to_tree",
    "leaves",
    "read_description",
    "read_mark",
    "scene_label",
    "shard_format",
    "to_json",
    "write_shard",
]
