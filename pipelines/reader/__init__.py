"""From data sets to batches."""

from pipelines.reader.collation import collate
from pipelines.reader.lines import LinesDataset
from pipelines.reader.opening import open_source
from pipelines.reader.picture import decode, media_type, picture_size
from pipelines.reader.scenes import EncodedScene, SceneLabels, open_scenes
from pipelines.reader.selection import Discards, Selection, select
from pipelines.reader.source import Concatenation, EncodedLine, RecognitionSource
from pipelines.reader.stream import RecognitionStream, make_loader

__all__ = [
    "Concatenation",
    "Discards",
    "EncodedLine",
    "EncodedScene",
    "LinesDataset",
    "RecognitionSource",
    "RecognitionStream",
    "SceneLabels",
    "Selection",
    "collate",
    "decode",
    "make_loader",
    "media_type",
    "open_scenes",
    "open_source",
    "picture_size",
    "select",
]
