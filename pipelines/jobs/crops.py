"""One pass over scenes, before any line is cut out: how many there are, and what identifies them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipelines.config import dump_yaml
from pipelines.datasets.image import decode_image, image_size
from pipelines.datasets.open import open_scene_source
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_rows
from pipelines.errors import JobError, format_counts
from pipelines.io.atomic import file_sha256
from pipelines.io.paths import AnyPath, absolute_path, parse_path
from pipelines.io.row import to_json
from pipelines.io.scene_row import instance_to_dict
from pipelines.jobs.crop_cutting import CropLevel, crop_line, select_instances
from pipelines.jobs.encode import ImageFormat
from pipelines.recipes.digest import fingerprint_digest
from synthtext.core import Charset, Generator, Image, InputError, Sample, Size, SkippedSample
from synthtext.fonts import FontFile

_BATCH_SIZE = 16  # pictures that are held


@dataclass(frozen=True, eq=False)
class CropIndex:
    """What N scenes hold for one level.

    Attributes:
        line_offsets: (N + 1,) int64, the number of the first line of every scene, and the number of lines.
        characters: of the lines, in their order of code points.
        left_out: texts that become no line, by reason; mended labels are not among them.
        scenes_left_out: scenes that cannot be read, by reason.
        digest: SHA-256 of pictures and labels, whatever they are stored in.
    """

    line_offsets: NDArray[np.int64]
    characters: str
    left_out: Counter[str]
    scenes_left_out: Counter[str]
    digest: str

    @property
    def line_count(self) -> int:
        """Texts that become lines."""
        return int(self.line_offsets[-1])

    @property
    def charset(self) -> Charset | None:
        """The characters as a charset; None without any."""
        return Charset(tuple(self.characters)) if self.characters else None


def index_crops(source: SceneSource, level: CropLevel, advance: Callable[[int], None] = lambda _: None) -> CropIndex:
    """Read all scenes once; no picture is decoded.

    Args:
        source: the scenes.
        level: of the texts that become lines.
        advance: is told after every scene.
    """
    counts: list[int] = []
    characters: set[str] = set()
    left_out: Counter[str] = Counter()
    scenes_left_out: Counter[str] = Counter()
    total = hashlib.sha256()
    for scene in _scenes(source):
        reason, count = scene if isinstance(scene, str) else "", 0
        if isinstance(scene, EncodedScene):
            total.update(_digest(scene))
            try:
                choice = select_instances(scene.instances, Size(*image_size(scene.image, scene.key)), level)
            except InputError:
                reason = BROKEN_IMAGE
            else:
                count = len(choice.selected)
                left_out.update(choice.left_out)
                characters.update(*(scene.instances[place].text for place in choice.selected))
        if reason:
            scenes_left_out[reason] += 1
            total.update(reason.encode())
        counts.append(count)
        advance(1)
    starts = np.cumsum([0, *counts]).astype(np.int64)
    return CropIndex(starts, "".join(sorted(characters)), left_out, scenes_left_out, total.hexdigest())


def _scenes(source: SceneSource) -> Iterator[EncodedScene | str]:
    """The scenes in order, some read together; of those that cannot be read, why."""
    for begin in range(0, len(source), _BATCH_SIZE):
        rows = np.arange(begin, min(begin + _BATCH_SIZE, len(source)))
        yield from read_rows(source, rows)


def _digest(scene: EncodedScene) -> bytes:
    """Of a picture and its labels, coordinates to a thousandth of a pixel."""
    labels = to_json([instance_to_dict(instance) for instance in scene.instances])
    return hashlib.sha256(hashlib.sha256(scene.image).digest() + labels.encode()).digest()


_HOME = Path(__file__).parents[1]
_CODE = ("datasets/rectify.py", "jobs/crop_cutting.py")
_LIBRARIES = ("numpy", "opencv-python")


@dataclass(frozen=True, eq=False)
class CropsSource:
    """Cuts texts out of scenes; can be sent to another process that sees the scenes under the same path.

    Attributes:
        scenes: where they are, absolute.
        level: of the texts that become lines.
        picture_format: how the lines' pictures are stored.
        found: by the one pass over the scenes.
    """

    scenes: AnyPath
    level: CropLevel
    image_format: ImageFormat
    index: CropIndex

    @classmethod
    def from_scenes(
        cls,
        scenes: str | Path,
        level: CropLevel = "leaves",
        picture_format: ImageFormat = "jpeg",
        advance: Callable[[int], None] = lambda _: None,
    ) -> Self:
        """Look the scenes through.

        Args:
            scenes: anything that `open_scenes` takes.
            level: "word", "line" or "block"; or "leaves", the texts that no other one is a part of.
            picture_format: "jpeg" or "png".
            advance: is told after every scene.

        Raises:
            InputError: the scenes cannot be opened, or not one text in them can be used.
        """
        path = parse_path(absolute_path(scenes))
        found = index_crops(open_scene_source(path), level, advance)
        if not found.line_count:
            reasons = format_counts(found.left_out + found.scenes_left_out)
            raise InputError(f"{scenes}: not one text can be cut out: {reasons or 'there is none'}")
        return cls(path, level, picture_format, found)

    @property
    def name(self) -> str:
        """For messages."""
        return f"crops of {self.scenes}"

    @property
    def kind(self) -> str:
        """What it makes."""
        return "lines"

    @property
    def charset(self) -> Charset | None:
        """The characters of the texts."""
        return self.index.charset

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """None: the pictures are there."""
        return ()

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """Everything that decides the bytes: the scenes' content, the settings, the code, the libraries."""
        parts = {"scenes": self.index.digest, "level": self.level, "picture format": self.image_format}
        parts |= {f"code {file}": file_sha256(_HOME / file) for file in _CODE}
        return parts | {f"version of {library}": version(library) for library in _LIBRARIES}

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return fingerprint_digest(self.fingerprint)

    def to_yaml(self) -> str:
        """What was asked for."""
        return dump_yaml(
            {"kind": "crops", "scenes": str(self.scenes), "level": self.level, "picture_format": self.image_format}
        )

    def generator(self, seed: int) -> Generator[Sample]:
        """Cuts lines out; nothing is left to chance, so the seed does not matter."""
        return CropGenerator(self, open_scene_source(self.scenes))

    def __getstate__(self) -> dict[str, object]:
        names = ("scenes", "level", "picture_format", "found")
        return {name: self.__dict__[name] for name in names}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


class CropGenerator:
    """Cuts line i out of its scene; the last picture is kept, for neighbouring lines come from one."""

    def __init__(self, recipe: CropsSource, source: SceneSource) -> None:
        self._recipe, self._source = recipe, source
        self._row, self._scene, self._image = -1, EncodedScene("", b"", ()), np.zeros((1, 1, 3), np.uint8)
        self._usable: tuple[int, ...] = ()

    def generate_many(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        """Cut lines out, in this order."""
        return map(self.generate, indices)

    def generate(self, index: int) -> Sample | SkippedSample:
        """Cut one line out; a gap if its picture cannot be decoded."""
        starts = self._recipe.index.line_offsets
        row = int(np.searchsorted(starts, index, side="right")) - 1
        try:
            self._load(row, int(starts[row + 1] - starts[row]))
        except InputError:
            return SkippedSample(index, (BROKEN_IMAGE,))
        place = self._usable[index - int(starts[row])]
        drawn = {"scene": self._scene.key, "instance": place}
        key = f"{self._recipe.digest[:8]}{index:010d}"
        return crop_line(self._image, self._scene.instances[place], key, self._recipe.scenes.name, drawn)

    def _load(self, row: int, expected: int) -> None:
        if row == self._row:
            return
        (scene,) = self._source.read(np.array([row]))
        image: Image = decode_image(scene.image, scene.key)
        usable = select_instances(scene.instances, Size(image.shape[1], image.shape[0]), self._recipe.level).selected
        if len(usable) != expected:
            raise JobError(
                f"{self._recipe.scenes}: {scene.key} has other texts than when the job began; start it again"
            )
        self._row, self._scene, self._image, self._usable = row, scene, image, usable
