"""Cuts the texts out of scenes: a dataset of lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from pipelines.config import SettingsDict
from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE
from pipelines.errors import JobError, format_counts
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ImageFormat
from pipelines.io.line_row import LineRow
from pipelines.io.paths import AnyPath, absolute_path, parse_path
from pipelines.io.plan import ShardPlan
from pipelines.io.shard_writer import check_shard_format
from pipelines.jobs.crop_cutting import CropLevel, crop_line, select_instances
from pipelines.jobs.crop_index import CropIndex, index_crops
from pipelines.jobs.executor import Executor
from pipelines.jobs.shard_job import ShardJob
from pipelines.jobs.shard_source import SampleSource, register_source
from pipelines.jobs.summary import JobSummary, SourceSummary
from pipelines.progress import progress_bar
from synthtext.core import Charset, Image, InputError, Sample, Size, SkippedSample

_HOME = Path(__file__).parents[1]
_CODE = ("datasets/rectify.py", "jobs/crop_cutting.py")
_LIBRARIES = ("numpy", "opencv-python")


@register_source("crops")
@dataclass(frozen=True, eq=False)
class CropsSource(SampleSource):
    """Lines that are cut out of scenes.

    Attributes:
        scenes: path or URI of the scenes, absolute.
        level: of the texts that become lines.
        encoding: of the images: "jpeg" or "png".
        index: of the lines.
    """

    scenes: AnyPath
    level: CropLevel
    encoding: ImageFormat
    index: CropIndex

    label: ClassVar[str] = "cutting"
    kind = "lines"
    seed = 0  # no random numbers are drawn

    @classmethod
    def from_scenes(cls, scenes: str | Path, level: CropLevel = "leaves", image_format: ImageFormat = "jpeg") -> Self:
        """Scan scenes.

        Args:
            scenes: anything that `open_scene_source` accepts.
            level: "word", "line" or "block"; or "leaves", the texts that contain no other text.
            image_format: "jpeg" or "png".

        Raises:
            InputError: the scenes cannot be opened, or not one text in them can be used.
        """
        path = parse_path(absolute_path(scenes))
        source = open_scene_source(path)
        with progress_bar("scanning", total=len(source), unit="scenes") as bar:
            index = index_crops(source, level, bar.advance)
        if not index.line_count:
            reasons = format_counts(index.left_out + index.scenes_left_out)
            raise InputError(f"{scenes}: not one text can be cut out: {reasons or 'there is none'}")
        return cls(path, level, image_format, index)

    @property
    def name(self) -> str:
        """The path of the scenes."""
        return f"crops of {self.scenes}"

    @property
    def image_format(self) -> ImageFormat:
        """The format of the encoded images."""
        return self.encoding

    @property
    def charset(self) -> Charset | None:
        """The characters of the texts."""
        return self.index.charset

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """The content of the scenes, the settings, the code, the libraries."""
        found = {"scenes": self.index.digest, "level": self.level, "image format": self.encoding}
        found |= {f"code {file}": file_sha256(_HOME / file) for file in _CODE}
        return found | {f"version of {library}": version(library) for library in _LIBRARIES}

    def to_recipe(self) -> SettingsDict:
        """The path of the scenes, and the settings."""
        return {"kind": "crops", "scenes": str(self.scenes), "level": self.level, "image_format": self.encoding}

    @classmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again."""
        return cls.from_scenes(recipe["scenes"], recipe["level"], recipe["image_format"])

    def open_generator(self) -> "CropGenerator":
        """Open the scenes."""
        return CropGenerator(self, open_scene_source(self.scenes))

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """The texts and scenes that were left out."""
        left_out = (("texts", self.index.left_out), ("scenes", self.index.scenes_left_out))
        return SourceSummary(tuple(f"{name} left out: {format_counts(c)}" for name, c in left_out if c))


class CropGenerator:
    """Cuts line i out of its scene; the last image is kept, as consecutive lines come from the same scene."""

    def __init__(self, crops: CropsSource, scenes: SceneSource) -> None:
        self._crops, self._scenes = crops, scenes
        self._row, self._scene, self._image = -1, EncodedScene("", b"", ()), np.zeros((1, 1, 3), np.uint8)
        self._selected: tuple[int, ...] = ()

    def generate_many(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        """Cut lines out, in this order."""
        return map(self.generate, indices)

    def generate(self, index: int) -> Sample | SkippedSample:
        """Cut one line out; it is skipped if its image cannot be decoded.

        Raises:
            JobError: the labels of the scene have changed since they were scanned.
        """
        offsets = self._crops.index.line_offsets
        row = int(np.searchsorted(offsets, index, side="right")) - 1
        try:
            self._load(row, int(offsets[row + 1] - offsets[row]))
        except InputError:
            return SkippedSample(index, (BROKEN_IMAGE,))
        instance = self._selected[index - int(offsets[row])]
        parameters = {"scene": self._scene.key, "instance": instance}
        key = f"{self._crops.digest[:8]}{index:010d}"
        return crop_line(self._image, self._scene.instances[instance], key, self._crops.scenes.name, parameters)

    def _load(self, row: int, expected: int) -> None:
        if row == self._row:
            return
        (scene,) = self._scenes.read(np.array([row]))
        image: Image = decode_image(scene.image, scene.key)
        selected = select_instances(scene.instances, Size(image.shape[1], image.shape[0]), self._crops.level).selected
        if len(selected) != expected:
            raise JobError(
                f"{self._crops.scenes}: the texts of {scene.key} have changed since the job began; re-run the command"
            )
        self._row, self._scene, self._image, self._selected = row, scene, image, selected


def crops(
    scenes: str | Path,
    out: str | Path,
    *,
    level: CropLevel = "leaves",
    image_format: ImageFormat = "jpeg",
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    format: str = "parquet",
) -> JobSummary:
    """Cut the texts out of scenes into a dataset of lines, or resume an interrupted job.

    Args:
        scenes: a dataset of scenes, a label file of scenes, or an LMDB.
        out: folder of the dataset, or its URI.
        level: "word", "line" or "block"; or "leaves", the texts that contain no other text.
        image_format: "jpeg" (of quality 95) or "png".
        workers: as for `generate`, and so are the following.
        address: of a Ray cluster to join.
        shard_size: lines in a shard; None: 4,096.
        format: "parquet" or "lmdb".

    Raises:
        InputError: an argument is invalid, or the folder holds another dataset; nothing was written.
        JobError: the disk is full, or another job is writing to the folder.
    """
    size = LineRow.SHARD_SIZE if shard_size is None else shard_size
    ShardPlan(1, size=size)
    folder, checked_format, executor = DatasetFolder(out), check_shard_format(format), Executor(workers, address)
    folder.check_usable()
    source = CropsSource.from_scenes(scenes, level, image_format)
    return ShardJob(source, ShardPlan(source.index.line_count, size=size), folder, executor, checked_format).run()
