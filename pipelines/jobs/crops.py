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
from pipelines.datasets.image import decode, picture_size
from pipelines.datasets.open import open_scenes
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN, read_rows
from pipelines.errors import JobError, describe_counts
from pipelines.io.atomic import sha256
from pipelines.io.paths import Place, absolute, place
from pipelines.io.row import to_json
from pipelines.io.scene_row import instance_to_tree
from pipelines.jobs.crop_cutting import CropLevel, choose, cut
from pipelines.jobs.encode import PictureFormat
from pipelines.recipes.digest import digest_of
from synthtext.core import Charset, Gap, Generator, Image, InputError, Sample, Size
from synthtext.fonts import FontFile

_TOGETHER = 16  # pictures that are held


@dataclass(frozen=True, eq=False)
class Survey:
    """What N scenes hold for one level.

    Attributes:
        starts: (N + 1,) int64, the number of the first line of every scene, and the number of lines.
        characters: of the lines, in their order of code points.
        left_out: texts that become no line, by reason; mended labels are not among them.
        scenes_left_out: scenes that cannot be read, by reason.
        digest: SHA-256 of pictures and labels, whatever they are stored in.
    """

    starts: NDArray[np.int64]
    characters: str
    left_out: Counter[str]
    scenes_left_out: Counter[str]
    digest: str

    @property
    def lines(self) -> int:
        """Texts that become lines."""
        return int(self.starts[-1])

    @property
    def charset(self) -> Charset | None:
        """The characters as a charset; None without any."""
        return Charset(tuple(self.characters)) if self.characters else None


def survey(source: SceneSource, level: CropLevel, advance: Callable[[int], None] = lambda _: None) -> Survey:
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
                choice = choose(scene.instances, Size(*picture_size(scene.image, scene.key)), level)
            except InputError:
                reason = BROKEN
            else:
                count = len(choice.usable)
                left_out.update(choice.left_out)
                characters.update(*(scene.instances[place].text for place in choice.usable))
        if reason:
            scenes_left_out[reason] += 1
            total.update(reason.encode())
        counts.append(count)
        advance(1)
    starts = np.cumsum([0, *counts]).astype(np.int64)
    return Survey(starts, "".join(sorted(characters)), left_out, scenes_left_out, total.hexdigest())


def _scenes(source: SceneSource) -> Iterator[EncodedScene | str]:
    """The scenes in order, some read together; of those that cannot be read, why."""
    for begin in range(0, len(source), _TOGETHER):
        rows = np.arange(begin, min(begin + _TOGETHER, len(source)))
        yield from read_rows(source, rows)


def _digest(scene: EncodedScene) -> bytes:
    """Of a picture and its labels, coordinates to a thousandth of a pixel."""
    labels = to_json([instance_to_tree(instance) for instance in scene.instances])
    return hashlib.sha256(hashlib.sha256(scene.image).digest() + labels.encode()).digest()


_HOME = Path(__file__).parents[1]
_CODE = ("datasets/rectify.py", "jobs/crop_cutting.py")
_LIBRARIES = ("numpy", "opencv-python")


@dataclass(frozen=True, eq=False)
class CropsRecipe:
    """Cuts texts out of scenes; can be sent to another process that sees the scenes under the same path.

    Attributes:
        scenes: where they are, absolute.
        level: of the texts that become lines.
        picture_format: how the lines' pictures are stored.
        found: by the one pass over the scenes.
    """

    scenes: Place
    level: CropLevel
    picture_format: PictureFormat
    found: Survey

    @classmethod
    def of(
        cls,
        scenes: str | Path,
        level: CropLevel = "leaves",
        picture_format: PictureFormat = "jpeg",
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
        path = place(absolute(scenes))
        found = survey(open_scenes(path), level, advance)
        if not found.lines:
            reasons = describe_counts(found.left_out + found.scenes_left_out)
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
        return self.found.charset

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """None: the pictures are there."""
        return ()

    @cached_property
    def ingredients(self) -> dict[str, str]:
        """Everything that decides the bytes: the scenes' content, the settings, the code, the libraries."""
        parts = {"scenes": self.found.digest, "level": self.level, "picture format": self.picture_format}
        parts |= {f"code {file}": sha256(_HOME / file) for file in _CODE}
        return parts | {f"version of {library}": version(library) for library in _LIBRARIES}

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits."""
        return digest_of(self.ingredients)

    def to_yaml(self) -> str:
        """What was asked for."""
        return dump_yaml(
            {"kind": "crops", "scenes": str(self.scenes), "level": self.level, "picture_format": self.picture_format}
        )

    def generator(self, seed: int) -> Generator[Sample]:
        """Cuts lines out; nothing is left to chance, so the seed does not matter."""
        return CropGenerator(self, open_scenes(self.scenes))

    def __getstate__(self) -> dict[str, object]:
        names = ("scenes", "level", "picture_format", "found")
        return {name: self.__dict__[name] for name in names}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


class CropGenerator:
    """Cuts line i out of its scene; the last picture is kept, for neighbouring lines come from one."""

    def __init__(self, recipe: CropsRecipe, source: SceneSource) -> None:
        self._recipe, self._source = recipe, source
        self._row, self._scene, self._image = -1, EncodedScene("", b"", ()), np.zeros((1, 1, 3), np.uint8)
        self._usable: tuple[int, ...] = ()

    def draw_many(self, indices: Sequence[int]) -> Iterator[Sample | Gap]:
        """Cut lines out, in this order."""
        return map(self.draw, indices)

    def draw(self, index: int) -> Sample | Gap:
        """Cut one line out; a gap if its picture cannot be decoded."""
        starts = self._recipe.found.starts
        row = int(np.searchsorted(starts, index, side="right")) - 1
        try:
            self._load(row, int(starts[row + 1] - starts[row]))
        except InputError:
            return Gap(index, (BROKEN,))
        place = self._usable[index - int(starts[row])]
        drawn = {"scene": self._scene.key, "instance": place}
        key = f"{self._recipe.digest[:8]}{index:010d}"
        return cut(self._image, self._scene.instances[place], key, self._recipe.scenes.name, drawn)

    def _load(self, row: int, expected: int) -> None:
        if row == self._row:
            return
        (scene,) = self._source.read(np.array([row]))
        image: Image = decode(scene.image, scene.key)
        usable = choose(scene.instances, Size(image.shape[1], image.shape[0]), self._recipe.level).usable
        if len(usable) != expected:
            raise JobError(
                f"{self._recipe.scenes}: {scene.key} has other texts than when the job began; start it again"
            )
        self._row, self._scene, self._image, self._usable = row, scene, image, usable
