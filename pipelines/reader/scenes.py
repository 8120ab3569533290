"""From what a user names to a source of scenes."""

from pathlib import Path

from pipelines.reader.folder import open_shards
from pipelines.reader.parts import Parts
from pipelines.reader.scene_labels import SceneLabels
from pipelines.reader.scene_shards import LmdbScenes, ParquetScenes
from pipelines.reader.scene_source import SceneSource
from pipelines.storage import Place, place, readable
from synthtext.core import InputError


def open_scenes(spec: str | Place) -> SceneSource:
    """Open detection data.

    Args:
        spec: a data set's folder of ours or its URI, of which only the committed shards count; a PaddleOCR-style label
            file of scenes; or an LMDB of them.

    Raises:
        InputError: there is nothing of that name, or it is none of the three, or it holds no scenes.
    """
    with readable(str(spec)):
        return _open(str(spec), place(spec))


def _open(spec: str, path: Place) -> SceneSource:
    if isinstance(path, Path):
        if path.is_file():
            return SceneLabels(path)
        if (path / "data.mdb").is_file():
            return LmdbScenes(path)
        if not path.exists():
            raise InputError(f"{spec}: there is no such data set, nor a label file of scenes (a path, a tab, and JSON)")
    parts: tuple[ParquetScenes | LmdbScenes, ...] = open_shards(path, "scenes", ParquetScenes, LmdbScenes)
    return Parts(spec, parts)
