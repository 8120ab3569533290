"""Cuts the texts out of scenes: a dataset of lines."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self, Unpack

import numpy as np
from numpy.typing import NDArray

from pipelines.config import SettingsDict
from pipelines.datasets.image import decode_image, image_size
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_rows
from pipelines.errors import JobError, format_counts
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ImageFormat
from pipelines.io.paths import AnyPath, absolute_path, parse_path
from pipelines.io.row import to_json
from pipelines.io.scene_row import instance_to_dict
from pipelines.jobs.crop_cutting import CropLevel, crop_line, select_instances
from pipelines.jobs.shard_job import JobOptions, JobOutput
from pipelines.jobs.shard_source import SampleSource, code_fingerprint, register_source
from pipelines.jobs.summary import JobSummary, SourceSummary
from pipelines.progress import progress_bar
from synthtext.core import Charset, Image, InputError, Sample, Size, SkippedSample

_CODE = ("datasets/rectify.py", "jobs/crop_cutting.py")
_LIBRARIES = ("numpy", "opencv-python")
_BATCH_SIZE = 16  # scenes in memory


@dataclass(frozen=True, eq=False)
class CropIndex:
    """The lines of N scenes.

    Attributes:
        line_offsets: (N + 1,) int64, the index of the first line of every scene, and the number of lines.
        characters: of the lines, in the order of code points.
        left_out: texts that become no line, by reason; repaired labels are not among them.
        scenes_left_out: scenes that cannot be read, by reason.
        digest: SHA-256 of images and labels, independent of the file format.
    """

    line_offsets: NDArray[np.int64]
    characters: str
    left_out: Counter[str]
    scenes_left_out: Counter[str]
    digest: str

    @property
    def charset(self) -> Charset | None:
        """The characters as a charset; None without any."""
        return Charset(tuple(self.characters)) if self.characters else None


def index_crops(
    source: SceneSource, level: CropLevel, on_progress: Callable[[int], None] = lambda amount: None
) -> CropIndex:
    """Read all scenes once, without decoding an image; `on_progress` gets the number of scenes that were read."""
    counts: list[int] = []
    characters: set[str] = set()
    left_out, scenes_left_out = Counter[str](), Counter[str]()
    total = hashlib.sha256()
    for begin in range(0, len(source), _BATCH_SIZE):
        for scene in read_rows(source, np.arange(begin, min(begin + _BATCH_SIZE, len(source)))):
            reason, selected = scene if isinstance(scene, str) else "", tuple[int, ...]()
            if isinstance(scene, EncodedScene):
                total.update(_digest(scene))
                try:
                    size = Size(*image_size(scene.image, scene.key))
                except InputError:
                    reason = BROKEN_IMAGE
                else:
                    selected, reasons = select_instances(scene.instances, size, level)
                    left_out.update(reasons)
                    characters.update(*(scene.instances[index].text for index in selected))
            if reason:
                scenes_left_out[reason] += 1
                total.update(reason.encode())
            counts.append(len(selected))
            on_progress(1)
    offsets = np.cumsum([0, *counts]).astype(np.int64)
    return CropIndex(offsets, "".join(sorted(characters)), left_out, scenes_left_out, total.hexdigest())


def _digest(scene: EncodedScene) -> bytes:
    """SHA-256 of an image and its labels, coordinates to a thousandth of a pixel."""
    labels = to_json([instance_to_dict(instance) for instance in scene.instances])
    return hashlib.sha256(hashlib.sha256(scene.image).digest() + labels.encode()).digest()


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
        if not index.line_offsets[-1]:
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
        settings = {"scenes": self.index.digest, "level": self.level, "image format": self.encoding}
        return settings | code_fingerprint(_CODE, _LIBRARIES)

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
    **options: Unpack[JobOptions],
) -> JobSummary:
    """Cut the texts out of scenes into a dataset of lines, or resume an interrupted job.

    Args:
        scenes: a dataset of scenes, a label file of scenes, or an LMDB.
        out: folder of the dataset, or its URI.
        level: "word", "line" or "block"; or "leaves", the texts that contain no other text.
        image_format: "jpeg" (of quality 95) or "png".
        options: `workers`, `address`, `shard_size` and `format`, as for `generate`.

    Raises:
        InputError: an argument is invalid, or the folder holds another dataset; nothing was written.
        JobError: the disk is full, or another job is writing to the folder.
    """
    output = JobOutput(out, **options)
    source = CropsSource.from_scenes(scenes, level, image_format)
    return output.run(source, int(source.index.line_offsets[-1]))
