"""Data sets on disk: shards of rows, each finished when its mark is there, in a folder that describes itself."""

from pipelines.shards.description import Description, FontRecord, cpu_features, current_versions, read_description
from pipelines.shards.folder import DatasetFolder
from pipelines.shards.mark import Mark
from pipelines.shards.plan import SHARD_SIZE, ShardPlan, ShardSpec
from pipelines.shards.row import AnyRow, LineRow, Row, to_json
from pipelines.shards.statistics import BIN, Statistics
from pipelines.shards.write import Draft, ShardFormat, shard_format, write_shard

__all__ = [
    "BIN",
    "SHARD_SIZE",
    "AnyRow",
    "DatasetFolder",
    "Description",
    "Draft",
    "FontRecord",
    "LineRow",
    "Mark",
    "Row",
    "ShardFormat",
    "ShardPlan",
    "ShardSpec",
    "Statistics",
    "cpu_features",
    "current_versions",
    "read_description",
    "shard_format",
    "to_json",
    "write_shard",
]
