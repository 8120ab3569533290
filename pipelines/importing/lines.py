"""Real recognition data as a data set of ours."""

import io
import mimetypes
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from pipelines.reader import EncodedLine, RecognitionSource, decode, media_type
from pipelines.shards import (
    SHARD_SIZE,
    DatasetFolder,
    Description,
    LineRow,
    ShardPlan,
    ShardSpec,
    Statistics,
    current_versions,
    to_json,
    write_shard,
)
from pipelines.shards.files import remove
from synthtext.core import Clusters, Gap, Image, InputError

MISSING = "picture missing"
BROKEN = "picture broken"
EMPTY = "empty label"


@dataclass(frozen=True)
class LinesImport:
    """Copies the lines of a source into a folder of shards, pictures byte for byte.

    A line that cannot be used leaves its number empty, and the reason is counted. The same import again goes on where
    it stopped.

    Attributes:
        source: the lines; line i becomes sample i.
        corpus: what the lines are called.
        digest: of the source's content, hexadecimal.
        shard_size: lines in a shard.
    """

    source: RecognitionSource
    corpus: str
    digest: str
    shard_size: int = SHARD_SIZE

    def write(self, out: Path, advance: Callable[[int], None] = lambda _: None) -> Statistics:
        """Write the data set.

        Args:
            out: folder for it.
            advance: is told after every shard how many lines were looked at.

        Returns:
            What was written, and what was left out for which reason (`gaps`).

        Raises:
            InputError: the folder holds something else, or not one line can be used (nothing is left then).
            JobError: the disk is full, or another job writes to the folder.
        """
        folder, is_new = DatasetFolder(out), not out.exists()
        self._check(folder)
        with folder.open():
            folder.write_description(self._description())
            statistics = self._write_shards(folder, advance)
            if statistics.rows:
                folder.write_statistics(statistics)
                folder.write_description(self._description(statistics))
        if not statistics.rows:
            if is_new:
                remove(out)
            reasons = ", ".join(f"{count} {reason}" for reason, count in statistics.gaps.most_common())
            raise InputError(f"{self.source.name}: not one of {len(self.source)} lines can be used: {reasons}")
        return statistics

    def _check(self, folder: DatasetFolder) -> None:
        existing = folder.check_usable()
        difference = existing and existing.difference(self._description(), lambda _old, _new: "its source was another")
        if difference:
            raise InputError(f"{folder.path} holds another data set ({difference}): take another folder")

    def _write_shards(self, folder: DatasetFolder, advance: Callable[[int], None]) -> Statistics:
        plan = ShardPlan(len(self.source), size=self.shard_size)
        marks = {mark.index: mark for mark in folder.finished(plan, self.digest)}
        statistics = Statistics()
        for spec in plan:
            if spec.index not in marks:
                draft = write_shard(self._items(spec), LineRow, spec, self.digest, folder.shards, "parquet")
                folder.commit(draft)
                marks[spec.index] = draft.mark
            statistics.merge(marks[spec.index].statistics)
            advance(spec.count)
        return statistics

    def _items(self, spec: ShardSpec) -> Iterator[LineRow | Gap]:
        return (self._item(index) for index in spec.samples)

    def _item(self, index: int) -> LineRow | Gap:
        try:
            (line,) = self.source.read(np.array([index]))
        except InputError:
            return Gap(index, (MISSING,))
        if not line.text.strip():
            return Gap(index, (EMPTY,))
        try:
            height, width = _whole_picture(line).shape[:2]
        except InputError:
            return Gap(index, (BROKEN,))
        return self._row(index, line, width, height)

    def _row(self, index: int, line: EncodedLine, width: int, height: int) -> LineRow:
        key = f"{self.digest[:8]}{index:010d}"
        return LineRow(
            key=key,
            image=line.image,
            path=f"{key}{mimetypes.guess_extension(media_type(line.image))}",
            text=unicodedata.normalize("NFC", line.text),
            width=width,
            height=height,
            clusters=Clusters.empty(),
            corpus=self.corpus,
            meta=to_json({"origin": "real", "source": self.source.name, "name": line.key}),
        )

    def _description(self, statistics: Statistics | None = None) -> Description:
        found = statistics or Statistics()
        return Description(
            kind="lines",
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
        )


def _whole_picture(line: EncodedLine) -> Image:
    """Decode a picture that has all of its bytes: OpenCV makes up what a truncated file lacks."""
    try:
        with Pictures.open(io.BytesIO(line.image)) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError, Pictures.DecompressionBombError) as error:
        raise InputError(f"{line.key}: {error}") from None
    return decode(line.image, line.key)
