"""What is imported, and what identifies it."""

from pathlib import Path
from typing import Literal, TypeAlias

from pipelines.datasets.coco import CocoScenes
from pipelines.datasets.icdar import IcdarScenes
from pipelines.datasets.lmdb import LmdbSceneSource
from pipelines.datasets.open import dataset_kind, open_line_source
from pipelines.datasets.scene_labels import SceneLabelFileSource
from pipelines.datasets.shards import DESCRIPTION_FILE
from pipelines.io.atomic import file_sha256
from pipelines.io.paths import local_path
from pipelines.jobs.importing import LineImportSource, SceneImportSource
from synthtext.core import InputError

ImportFormat: TypeAlias = Literal["paddleocr", "icdar", "lmdb", "coco-text"]


def open_import_source(path: Path, form: ImportFormat | None = None) -> LineImportSource | SceneImportSource:
    """Open what is to be imported.

    Args:
        path: a PaddleOCR-style label file of lines or scenes; an LMDB in the layout of deep-text-recognition-benchmark;
            a folder of ICDAR's pictures and label files; or a JSON file of COCO-Text.
        form: which of them it must be; None to see for oneself.

    Raises:
        InputError: it is none of them, or not the one that was asked for, or empty.
    """
    local_path(path, "what is imported")
    found = form or _form_of(path)
    if found == "icdar":
        folder = IcdarScenes(path)
        return SceneImportSource(folder, folder.digest)
    if found == "coco-text":
        return SceneImportSource(CocoScenes(path), file_sha256(path))
    if found == "paddleocr" and path.is_dir():
        raise InputError(f"{path} is a folder: name the label file in it")
    if found == "lmdb" and not (path / "data.mdb").is_file():
        raise InputError(f"{path} is no LMDB: there is no data.mdb in it")
    data = path / "data.mdb" if found == "lmdb" else path
    if dataset_kind(path) == "scenes":
        scenes = LmdbSceneSource(path) if found == "lmdb" else SceneLabelFileSource(path)
        return SceneImportSource(scenes, file_sha256(data))
    return LineImportSource(open_line_source(path), file_sha256(data), _corpus(path, found))


def _form_of(path: Path) -> ImportFormat:
    if path.is_file():
        return "coco-text" if path.suffix.lower() == ".json" else "paddleocr"
    if (path / "data.mdb").is_file():
        return "lmdb"
    if (path / DESCRIPTION_FILE).is_file():
        raise InputError(f"{path} is a data set of ours already: it needs no import")
    if not path.is_dir():
        raise InputError(f"{path}: there is no such label file or folder")
    return "icdar"


def _corpus(path: Path, form: ImportFormat) -> str:
    """What lines are called: by their LMDB, or by the folder of their label file."""
    return path.absolute().name if form == "lmdb" else path.absolute().parent.name
