"""From data sets to batches."""

from pipelines.reader.collation import collate
from pipelines.reader.levels import of_level
from pipelines.reader.lines import LinesDataset
from pipelines.reader.loader import make_loader
from pipelines.reader.opening import open_source
from pipelines.reader.picture import check_picture, decode, media_type, picture_size
from pipelines.reader.polygons import Mended, mend_polygon
from pipelines.reader.rows import read_row, read_rows
from pipelines.reader.scene_source import EncodedScene, SceneSource, iterate_scenes
from pipelines.reader.scenes import open_scenes
from pipelines.reader.selection import Discards, Selection, select
from pipelines.reader.source import Concatenation, EncodedLine, MissingError, RecognitionSource
from pipelines.reader.stream import RecognitionStream

__all__ = [
    "Concatenation",
    "Discards",
    "EncodedLine",
    "EncodedScene",
    "LinesDataset",
    "Mended",
    "MissingError",
    "RecognitionSource",
    "RecognitionStream",
    "SceneSource",
    "Selection",
    "check_picture",
    "collate",
    "decode",
    "iterate_scenes",
    "make_loader",
    "media_type",
    "mend_polygon",
    "of_level",
    "open_scenes",
    "open_source",
    "picture_size",
    "read_row",
    "read_rows",
    "select",
]
