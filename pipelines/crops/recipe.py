"""The lines of some scenes as a job: line i is the i-th text that can be used."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Self

import numpy as np

from pipelines.config import dump_yaml
from pipelines.counts import describe_counts
from pipelines.crops.choice import CropLevel, choose
from pipelines.crops.cut import cut
from pipelines.crops.survey import Survey, survey
from pipelines.errors import JobError
from pipelines.generate.encode import PictureFormat
from pipelines.reader import EncodedScene, SceneSource, decode, open_scenes
from pipelines.reader.source import BROKEN
from pipelines.recipe.digest import digest_of
from pipelines.shards.files import sha256
from pipelines.storage import Place, absolute, place
from synthtext.core import Charset, Gap, Generator, Image, InputError, Sample, Size
from synthtext.fonts import FontFile

_HOME = Path(__file__).parents[1]
_CODE = ("read/rectify.py", "crops/choice.py", "crops/cut.py")
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
