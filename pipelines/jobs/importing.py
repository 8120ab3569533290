"""What all imports share: a folder of shards, filled picture by picture, that can be gone on with."""

import io
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from PIL import Image as Pictures

from pipelines.datasets.image import decode, suffix_of
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN, OUTSIDE, OVER_THE_EDGE, EncodedLine, RecognitionSource, read_row
from pipelines.errors import describe_counts
from pipelines.io.atomic import remove
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import Description, current_versions
from pipelines.io.line_row import LineRow
from pipelines.io.manifest import Mark
from pipelines.io.plan import SHARD_SIZE, ShardPlan, ShardSpec
from pipelines.io.row import to_json
from pipelines.io.scene_row import SceneRow
from pipelines.io.shard_writer import write_shard
from pipelines.io.statistics import Statistics
from pipelines.recipes.digest import describe_difference
from synthtext.core import Clusters, Gap, Image, InputError, TextInstance

S = TypeVar("S", bound=RecognitionSource | SceneSource)


@dataclass(frozen=True)
class Import(ABC, Generic[S]):
    """Copies labelled pictures into a folder of shards, byte for byte.

    What cannot be used leaves its number empty, and the reason is counted. The same import again goes on where it
    stopped.

    Attributes:
        source: the pictures; picture i becomes sample i.
        digest: of the source's content, hexadecimal.
        shard_size: pictures in a shard.
    """

    source: S
    digest: str
    shard_size: int = field(default=SHARD_SIZE, kw_only=True)

    ROW: ClassVar[type[LineRow] | type[SceneRow]]
    """What a picture becomes."""

    @abstractmethod
    def item(self, index: int) -> LineRow | SceneRow | Gap:
        """The row of a picture, or why there is none."""

    def entries(self, spec: ShardSpec) -> Iterator[LineRow | SceneRow | Gap]:
        """What becomes of the pictures of a shard."""
        return map(self.item, spec.samples)

    def key(self, index: int) -> str:
        """Of a row."""
        return f"{self.digest[:8]}{index:010d}"

    def meta(self, name: str) -> dict[str, Any]:
        """Where a row comes from: the name of its picture in the source."""
        return {"origin": "real", "source": self.source.name, "name": name}

    def recipe(self) -> str:
        """What was asked for, to be kept in the folder; empty if the source says it all."""
        return ""

    def ingredients(self) -> dict[str, str]:
        """What the digest is made of, by name; empty if it is of one file."""
        return {}

    def write(self, out: Path, advance: Callable[[int], None] = lambda _: None) -> Statistics:
        """Write the data set.

        Args:
            out: folder for it.
            advance: is told now and then how many more pictures were looked at.

        Returns:
            What was written, and what was left out for which reason (`gaps`).

        Raises:
            InputError: the folder holds something else, or not one picture can be used (nothing is left then).
            JobError: the disk is full, or another job writes to the folder.
        """
        folder, is_new = DatasetFolder(out), not out.exists()
        self._check(folder)
        with folder.open():
            if self.recipe():
                folder.write_recipe(self.recipe())
            folder.write_description(self.description())
            statistics = self._write_shards(folder, advance)
            if statistics.rows:
                folder.write_statistics(statistics)
                folder.write_description(self.description(statistics))
        if not statistics.rows:
            if is_new:
                remove(out)
            reasons = describe_counts(statistics.gaps)
            raise InputError(
                f"{self.source.name}: not one of {len(self.source)} {self.ROW.KIND} can be used: {reasons}"
            )
        return statistics

    def _check(self, folder: DatasetFolder) -> None:
        existing = folder.check_usable()
        difference = existing and existing.difference(self.description(), _explain)
        if difference:
            raise InputError(f"{folder.path} holds another data set ({difference}): take another folder")

    def _write_shards(self, folder: DatasetFolder, advance: Callable[[int], None]) -> Statistics:
        plan = ShardPlan(len(self.source), size=self.shard_size)
        statistics = Statistics()
        for spec in plan:
            mark = folder.mark_of(spec, self.digest)
            if mark is None:
                mark = self._write_shard(spec, folder, advance)
            else:
                advance(spec.count)
            statistics.merge(mark.statistics)
        return statistics

    def _write_shard(self, spec: ShardSpec, folder: DatasetFolder, advance: Callable[[int], None]) -> Mark:
        """Write and commit a shard."""
        draft = write_shard(self.entries(spec), self.ROW, spec, self.digest, folder.shards, "parquet")
        folder.commit(draft)
        advance(spec.count)
        return draft.mark

    def description(self, statistics: Statistics | None = None) -> Description:
        """What the folder says of the data set; without statistics, while it is not complete."""
        found = statistics or Statistics()
        return Description(
            kind=self.ROW.KIND,
            source=self.source.name,
            digest=self.digest,
            count=len(self.source),
            shard_size=self.shard_size,
            format="parquet",
            complete=statistics is not None,
            rows=found.rows,
            gaps=dict(found.gaps),
            charset="".join(sorted(found.characters)),
            versions=current_versions(),
            ingredients=self.ingredients(),
        )


def _explain(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return (describe_difference(before, now) if before and now else "") or "its source was another"


def whole_picture(data: bytes, name: str) -> Image:
    """Decode a picture that has all of its bytes: OpenCV makes up what a truncated file lacks.

    Raises:
        InputError: it is no picture, or a part of one.
    """
    image = decode(data, name)  # refuses what is too large
    try:
        with Pictures.open(io.BytesIO(data)) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError, Pictures.DecompressionBombError) as error:
        raise InputError(f"{name}: {error}") from None
    return image


EMPTY = "empty label"


@dataclass(frozen=True)
class LinesImport(Import[RecognitionSource]):
    """Copies the lines of a source.

    Attributes:
        corpus: what the lines are called.
    """

    corpus: str

    ROW: ClassVar[type[LineRow]] = LineRow

    def item(self, index: int) -> LineRow | Gap:
        """The row of a line, or why there is none."""
        line = read_row(self.source, index)
        if isinstance(line, str):
            return Gap(index, (line,))
        if not line.text.strip():
            return Gap(index, (EMPTY,))
        try:
            height, width = whole_picture(line.image, line.key).shape[:2]
        except InputError:
            return Gap(index, (BROKEN,))
        return self._row(index, line, width, height)

    def _row(self, index: int, line: EncodedLine, width: int, height: int) -> LineRow:
        key = self.key(index)
        return LineRow(
            key=key,
            image=line.image,
            path=key + suffix_of(line.image),
            text=unicodedata.normalize("NFC", line.text),
            width=width,
            height=height,
            clusters=Clusters.empty(),
            corpus=self.corpus,
            meta=to_json(self.meta(line.key)),
        )


_EDGE = 1.0  # pixels: labels that count pixels from 1, or name the first one behind, reach over the edge by so much


@dataclass(frozen=True)
class ScenesImport(Import[SceneSource]):
    """Copies the scenes of a source. Texts that lie outside of their picture are left out and counted."""

    shard_size: int = field(default=SceneRow.SHARD_SIZE, kw_only=True)

    ROW: ClassVar[type[SceneRow]] = SceneRow

    def item(self, index: int) -> SceneRow | Gap:
        """The row of a scene, or why there is none."""
        scene = read_row(self.source, index)
        if isinstance(scene, str):
            return Gap(index, (scene,))
        try:
            height, width = whole_picture(scene.image, scene.key).shape[:2]
        except InputError:
            return Gap(index, (BROKEN,))
        return self._row(index, scene, width, height)

    def _row(self, index: int, scene: EncodedScene, width: int, height: int) -> SceneRow:
        key = self.key(index)
        instances, problems = inside(scene.instances, width, height)
        problems = (*scene.problems, *problems)
        return SceneRow(
            key=key,
            image=scene.image,
            path=key + suffix_of(scene.image),
            width=width,
            height=height,
            instances=instances,
            meta=to_json(self.meta(scene.key) | ({"problems": list(problems)} if problems else {})),
            problems=problems,
        )


def inside(
    instances: Sequence[TextInstance], width: int, height: int
) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """The texts of which something lies in a picture of this size, in pixels, and what was wrong with the others.

    A polygon that reaches over the edge stays as it is labelled: cutting it would move the ends of its text.
    """
    problems: list[str] = []
    places: dict[int, int] = {}
    kept: list[TextInstance] = []
    for place, instance in enumerate(instances):
        low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
        if (high <= 0).any() or (low >= (width, height)).any():
            problems.append(OUTSIDE)
            continue
        if (low < -_EDGE).any() or (high > np.add((width, height), _EDGE)).any():
            problems.append(OVER_THE_EDGE)
        places[place] = len(kept)
        kept.append(instance)
    moved = (replace(i, parent=places.get(i.parent, -1)) if i.parent >= 0 else i for i in kept)
    return tuple(moved), tuple(problems)
