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

from pipelines.datasets.image import decode_image, image_suffix
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import (
    BROKEN_IMAGE,
    OUTSIDE_IMAGE,
    PARTLY_OUTSIDE_IMAGE,
    EncodedLine,
    LineSource,
    read_row,
)
from pipelines.errors import format_counts
from pipelines.io.atomic import remove_path
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription, current_versions
from pipelines.io.line_row import LineRow
from pipelines.io.manifest import ShardManifest
from pipelines.io.plan import SHARD_SIZE, ShardPlan, ShardSpec
from pipelines.io.row import to_json
from pipelines.io.scene_row import SceneRow
from pipelines.io.shard_writer import write_shard
from pipelines.io.statistics import Statistics
from pipelines.recipes.digest import describe_difference
from synthtext.core import Clusters, Image, InputError, SkippedSample, TextInstance

S = TypeVar("S", bound=LineSource | SceneSource)


@dataclass(frozen=True)
class ImportSource(ABC, Generic[S]):
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

    ROW_TYPE: ClassVar[type[LineRow] | type[SceneRow]]
    """What a picture becomes."""

    @abstractmethod
    def row_at(self, index: int) -> LineRow | SceneRow | SkippedSample:
        """The row of a picture, or why there is none."""

    def rows(self, spec: ShardSpec) -> Iterator[LineRow | SceneRow | SkippedSample]:
        """What becomes of the pictures of a shard."""
        return map(self.row_at, spec.samples)

    def row_key(self, index: int) -> str:
        """Of a row."""
        return f"{self.digest[:8]}{index:010d}"

    def meta(self, name: str) -> dict[str, Any]:
        """Where a row comes from: the name of its picture in the source."""
        return {"origin": "real", "source": self.source.name, "name": name}

    def to_recipe(self) -> str:
        """What was asked for, to be kept in the folder; empty if the source says it all."""
        return ""

    def fingerprint(self) -> dict[str, str]:
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
            if self.to_recipe():
                folder.write_recipe(self.to_recipe())
            folder.write_description(self.description())
            statistics = self._write_shards(folder, advance)
            if statistics.rows:
                folder.write_statistics(statistics)
                folder.write_description(self.description(statistics))
        if not statistics.rows:
            if is_new:
                remove_path(out)
            reasons = format_counts(statistics.skipped)
            raise InputError(
                f"{self.source.name}: not one of {len(self.source)} {self.ROW_TYPE.KIND} can be used: {reasons}"
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
            mark = folder.finished_manifest(spec, self.digest)
            if mark is None:
                mark = self._write_shard(spec, folder, advance)
            else:
                advance(spec.count)
            statistics.merge(mark.statistics)
        return statistics

    def _write_shard(self, spec: ShardSpec, folder: DatasetFolder, advance: Callable[[int], None]) -> ShardManifest:
        """Write and commit a shard."""
        draft = write_shard(self.rows(spec), self.ROW_TYPE, spec, self.digest, folder.shards, "parquet")
        folder.commit(draft)
        advance(spec.count)
        return draft.manifest

    def description(self, statistics: Statistics | None = None) -> DatasetDescription:
        """What the folder says of the data set; without statistics, while it is not complete."""
        found = statistics or Statistics()
        return DatasetDescription(
            kind=self.ROW_TYPE.KIND,
            source=self.source.name,
            digest=self.digest,
            count=len(self.source),
            shard_size=self.shard_size,
            format="parquet",
            complete=statistics is not None,
            rows=found.rows,
            skipped=dict(found.skipped),
            charset="".join(sorted(found.characters)),
            versions=current_versions(),
            fingerprint=self.fingerprint(),
        )


def _explain(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    return (describe_difference(before, now) if before and now else "") or "its source was another"


def decode_complete_image(data: bytes, name: str) -> Image:
    """Decode a picture that has all of its bytes: OpenCV makes up what a truncated file lacks.

    Raises:
        InputError: it is no picture, or a part of one.
    """
    image = decode_image(data, name)  # refuses what is too large
    try:
        with Pictures.open(io.BytesIO(data)) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError, Pictures.DecompressionBombError) as error:
        raise InputError(f"{name}: {error}") from None
    return image


EMPTY_LABEL = "empty label"


@dataclass(frozen=True)
class LineImportSource(ImportSource[LineSource]):
    """Copies the lines of a source.

    Attributes:
        corpus: what the lines are called.
    """

    corpus: str

    ROW: ClassVar[type[LineRow]] = LineRow

    def row_at(self, index: int) -> LineRow | SkippedSample:
        """The row of a line, or why there is none."""
        line = read_row(self.source, index)
        if isinstance(line, str):
            return SkippedSample(index, (line,))
        if not line.text.strip():
            return SkippedSample(index, (EMPTY_LABEL,))
        try:
            height, width = decode_complete_image(line.image, line.key).shape[:2]
        except InputError:
            return SkippedSample(index, (BROKEN_IMAGE,))
        return self._row(index, line, width, height)

    def _row(self, index: int, line: EncodedLine, width: int, height: int) -> LineRow:
        key = self.row_key(index)
        return LineRow(
            key=key,
            image=line.image,
            path=key + image_suffix(line.image),
            text=unicodedata.normalize("NFC", line.text),
            width=width,
            height=height,
            clusters=Clusters.empty(),
            corpus=self.corpus,
            meta=to_json(self.meta(line.key)),
        )


_EDGE = 1.0  # pixels: labels that count pixels from 1, or name the first one behind, reach over the edge by so much


@dataclass(frozen=True)
class SceneImportSource(ImportSource[SceneSource]):
    """Copies the scenes of a source. Texts that lie outside of their picture are left out and counted."""

    shard_size: int = field(default=SceneRow.SHARD_SIZE, kw_only=True)

    ROW: ClassVar[type[SceneRow]] = SceneRow

    def row_at(self, index: int) -> SceneRow | SkippedSample:
        """The row of a scene, or why there is none."""
        scene = read_row(self.source, index)
        if isinstance(scene, str):
            return SkippedSample(index, (scene,))
        try:
            height, width = decode_complete_image(scene.image, scene.key).shape[:2]
        except InputError:
            return SkippedSample(index, (BROKEN_IMAGE,))
        return self._row(index, scene, width, height)

    def _row(self, index: int, scene: EncodedScene, width: int, height: int) -> SceneRow:
        key = self.row_key(index)
        instances, problems = instances_inside(scene.instances, width, height)
        problems = (*scene.problems, *problems)
        return SceneRow(
            key=key,
            image=scene.image,
            path=key + image_suffix(scene.image),
            width=width,
            height=height,
            instances=instances,
            meta=to_json(self.meta(scene.key) | ({"problems": list(problems)} if problems else {})),
            problems=problems,
        )


def instances_inside(
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
            problems.append(OUTSIDE_IMAGE)
            continue
        if (low < -_EDGE).any() or (high > np.add((width, height), _EDGE)).any():
            problems.append(PARTLY_OUTSIDE_IMAGE)
        places[place] = len(kept)
        kept.append(instance)
    moved = (replace(i, parent=places.get(i.parent, -1)) if i.parent >= 0 else i for i in kept)
    return tuple(moved), tuple(problems)
