"""Imports labelled images of lines or scenes. Images are stored byte for byte."""

import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias, Unpack

import numpy as np
from PIL import Image as Images

from pipelines.config import SettingsDict
from pipelines.datasets.coco import CocoScenes
from pipelines.datasets.icdar import IcdarScenes
from pipelines.datasets.image import decode_image, image_suffix
from pipelines.datasets.label_file import LabelFile
from pipelines.datasets.lmdb import LmdbSceneSource
from pipelines.datasets.open import dataset_kind, open_line_source
from pipelines.datasets.scene_labels import SceneLabelFileSource
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import (
    BROKEN_IMAGE,
    MAX_NAMED,
    OUTSIDE_IMAGE,
    PARTLY_OUTSIDE_IMAGE,
    UNREADABLE_LABEL,
    EncodedLine,
    LineSource,
    read_row,
)
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.line_row import LineRow
from pipelines.io.paths import local_path
from pipelines.io.plan import ShardSpec
from pipelines.io.row import Row, to_json
from pipelines.io.scene_row import SceneRow
from pipelines.jobs.shard_job import JobOptions, JobOutput
from pipelines.jobs.shard_source import ShardSource, register_source
from pipelines.jobs.summary import JobSummary, SourceSummary
from synthtext.core import Clusters, Image, InputError, SkippedSample, TextInstance

EMPTY_LABEL = "empty label"
_MARGIN = 1.0  # pixels beyond the edge that are accepted: some labels count from 1, or name the first pixel outside

ImportFormat: TypeAlias = Literal["paddleocr", "icdar", "lmdb", "coco-text"]


def open_labelled_images(path: Path, format: ImportFormat) -> tuple[LineSource | SceneSource, str]:
    """Return labelled images, and the SHA-256 of their labels; of an LMDB, of its data.

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


@register_source("import")
@dataclass(frozen=True)
class ImportSource(ShardSource):
    """The labelled images of another tool; image i becomes sample i.

    Attributes:
        path: of the label file or folder, absolute.
        format: of the labels.
    """

    path: Path
    format: ImportFormat

    label: ClassVar[str] = "importing"
    limits_skipped: ClassVar[bool] = False
    uses_cpu: ClassVar[bool] = False
    covers_inputs: ClassVar[bool] = False  # the fingerprint covers the labels, not the images

    @classmethod
    def from_path(cls, path: str | Path, format: ImportFormat | None = None) -> Self:
        """Open labelled images.

        Args:
            path: a PaddleOCR-style label file of lines or scenes; an LMDB in the layout of
                deep-text-recognition-benchmark; a folder of ICDAR's images and label files; a JSON file of COCO-Text.
            format: of the labels; None detects it.

        Raises:
            InputError: the path has none of these formats, or not the given one.
        """
        found = local_path(path, "what is imported").absolute()
        source = cls(found, format or detect_format(found))
        source.open()
        return source

    def open(self) -> None:
        """Read the label files."""
        _ = self._opened

    @cached_property
    def _opened(self) -> tuple[LineSource | SceneSource, str]:
        return open_labelled_images(self.path, self.format)

    @property
    def images(self) -> LineSource | SceneSource:
        """The labelled images."""
        return self._opened[0]

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def kind(self) -> str:
        """What the labels describe: "lines" or "scenes"."""
        return "lines" if hasattr(self.images, "texts") else "scenes"

    @property
    def fingerprint(self) -> dict[str, str]:
        """The SHA-256 of the labels; of an LMDB, of its data."""
        return {"labels": self._opened[1]}

    def to_recipe(self) -> SettingsDict:
        """The path and the format."""
        return {"kind": "import", "path": str(self.path), "format": self.format}

    @classmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again."""
        return cls.from_path(recipe["path"], recipe["format"])

    def rows(self, spec: ShardSpec) -> Iterator[Row | SkippedSample]:
        """The rows of a shard."""
        return map(self._row, spec.samples)

    def _row(self, index: int) -> Row | SkippedSample:
        item: EncodedLine | EncodedScene | str = read_row(self.images, index, name_broken=False)
        if isinstance(item, str):
            return SkippedSample(index, (item,))
        if isinstance(item, EncodedLine) and not item.text.strip():
            return SkippedSample(index, (EMPTY_LABEL,))
        try:
            height, width = decode_complete_image(item.image, item.key).shape[:2]
        except InputError:
            return SkippedSample(index, (BROKEN_IMAGE,))
        key, meta = f"{self.digest[:8]}{index:010d}", imported_meta(self.name, item.key)
        if isinstance(item, EncodedScene):
            return _scene_row(key, item, width, height, meta)
        corpus = self.path.name if self.format == "lmdb" else self.path.parent.name
        return imported_line_row(key, item, width, height, corpus, meta)

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """Name the first labels of a label file that cannot be used."""
        skipped = read_description(folder.path / DESCRIPTION_FILE).skipped
        if not isinstance(self.images, LabelFile) or not {UNREADABLE_LABEL, EMPTY_LABEL} & skipped.keys():
            return SourceSummary()
        return SourceSummary(notes=tuple(self.images.broken_labels(MAX_NAMED)))


def imported_meta(source: str, name: str) -> dict[str, Any]:
    """The metadata of an imported image: the source, and the name of the image in it."""
    return {"origin": "real", "source": source, "name": name}


def imported_line_row(
    key: str, line: EncodedLine, width: int, height: int, corpus: str, meta: dict[str, Any]
) -> LineRow:
    """The row of a line of which only image and label are known; its text is normalised to NFC."""
    return LineRow(
        key=key,
        image=line.image,
        path=key + image_suffix(line.image),
        text=unicodedata.normalize("NFC", line.text),
        width=width,
        height=height,
        clusters=Clusters.empty(),
        corpus=corpus,
        meta=to_json(meta),
    )


def _scene_row(key: str, scene: EncodedScene, width: int, height: int, meta: dict[str, Any]) -> SceneRow:
    """The row of a scene without the texts that lie outside of its image."""
    instances, outside = instances_inside(scene.instances, width, height)
    problems = (*scene.problems, *outside)
    return SceneRow(
        key=key,
        image=scene.image,
        path=key + image_suffix(scene.image),
        width=width,
        height=height,
        instances=instances,
        meta=to_json(meta | ({"problems": list(problems)} if problems else {})),
        problems=problems,
    )


def decode_complete_image(data: bytes, name: str) -> Image:
    """Decode an image that is not truncated. OpenCV alone would fill in the missing part of a truncated file.

    Raises:
        InputError: the data are no image, or a part of one.
    """
    image = decode_image(data, name)  # refuses images that are too large
    try:
        with Images.open(io.BytesIO(data)) as encoded:
            encoded.load()
    except (OSError, SyntaxError, ValueError, Images.DecompressionBombError) as error:
        raise InputError(f"{name}: {error}") from None
    return image


def instances_inside(
    instances: Sequence[TextInstance], width: int, height: int
) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """Leave out the texts that lie outside of an image.

    A polygon that crosses the edge is kept as it is labelled: cutting it would move the ends of its text.

    Args:
        instances: the texts.
        width: of the image, pixels.
        height: of the image, pixels.

    Returns:
        The other texts, and the problems of all texts.
    """
    problems: list[str] = []
    new_index: dict[int, int] = {}
    kept: list[TextInstance] = []
    for index, instance in enumerate(instances):
        low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
        if (high <= 0).any() or (low >= (width, height)).any():
            problems.append(OUTSIDE_IMAGE)
            continue
        if (low < -_MARGIN).any() or (high > np.add((width, height), _MARGIN)).any():
            problems.append(PARTLY_OUTSIDE_IMAGE)
        new_index[index] = len(kept)
        kept.append(instance)
    moved = (replace(i, parent=new_index.get(i.parent, -1)) if i.parent >= 0 else i for i in kept)
    return tuple(moved), tuple(problems)


def import_data(
    path: str | Path,
    out: str | Path,
    *,
    source_format: ImportFormat | None = None,
    **options: Unpack[JobOptions],
) -> JobSummary:
    """Import labelled images into a dataset folder, or resume an interrupted import.

    Images that cannot be used are skipped and counted; their indices stay unused.

    Args:
        path: a label file, an LMDB, a folder of ICDAR's, or a COCO-Text file; see `ImportSource.from_path`.
        out: folder of the dataset, or its URI.
        source_format: of the labels; None detects it.
        options: `workers`, `address`, `shard_size` and `format`, as for `generate`.

    Raises:
        InputError: an argument is invalid, the folder holds another dataset, or not one image can be used.
        JobError: the disk is full, or another job is writing to the folder.
    """
    output = JobOutput(out, **options)
    source = ImportSource.from_path(path, source_format)
    return output.run(source, len(source.images))
