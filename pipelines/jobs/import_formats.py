"""Opens labelled images in the formats of other tools."""

from pathlib import Path
from typing import Literal, TypeAlias

from pipelines.datasets.coco import CocoScenes
from pipelines.datasets.icdar import IcdarScenes
from pipelines.datasets.lmdb import LmdbSceneSource
from pipelines.datasets.open import dataset_kind, open_line_source
from pipelines.datasets.scene_labels import SceneLabelFileSource
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import LineSource
from pipelines.io.atomic import file_sha256
from pipelines.io.description import DESCRIPTION_FILE
from synthtext.core import InputError

ImportFormat: TypeAlias = Literal["paddleocr", "icdar", "lmdb", "coco-text"]


def open_labelled_images(path: Path, format: ImportFormat) -> tuple[LineSource | SceneSource, str]:
    """Open labelled images.

    Args:
        path: of the label file or folder.
        format: of the labels.

    Returns:
        The images, and the SHA-256 of their labels; of an LMDB, of its data.

    Raises:
        InputError: the path has another format.
    """
    if format == "icdar":
        scenes = IcdarScenes(path)
        return scenes, scenes.digest
    if format == "coco-text":
        return CocoScenes(path), file_sha256(path)
    if format == "paddleocr" and path.is_dir():
        raise InputError(f"{path} is a folder: name the label file in it")
    if format == "lmdb" and not (path / "data.mdb").is_file():
        raise InputError(f"{path} is no LMDB: there is no data.mdb in it")
    data = path / "data.mdb" if format == "lmdb" else path
    if dataset_kind(path) == "lines":
        return open_line_source(path), file_sha256(data)
    return LmdbSceneSource(path) if format == "lmdb" else SceneLabelFileSource(path), file_sha256(data)


def detect_format(path: Path) -> ImportFormat:
    """The format of a label file or folder.

    Raises:
        InputError: there is nothing at the path, or a dataset of this package.
    """
    if path.is_file():
        return "coco-text" if path.suffix.lower() == ".json" else "paddleocr"
    if (path / "data.mdb").is_file():
        return "lmdb"
    if (path / DESCRIPTION_FILE).is_file():
        raise InputError(f"{path} is an ocrmill dataset already: it needs no import")
    if not path.is_dir():
        raise InputError(f"{path}: there is no such label file or folder")
    return "icdar"
