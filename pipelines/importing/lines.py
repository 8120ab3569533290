"""Real recognition data as a data set of ours."""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pipelines.importing.job import BROKEN, Import, whole_picture
from pipelines.reader import EncodedLine, RecognitionSource
from pipelines.reader.picture import suffix_of
from pipelines.reader.source import NO_PICTURE
from pipelines.shards import SHARD_SIZE, LineRow, to_json
from synthtext.core import Clusters, Gap, InputError

EMPTY = "empty label"


@dataclass(frozen=True)
class LinesImport(Import):
    """Copies the lines of a source.

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

    ROW: ClassVar[type[LineRow]] = LineRow

    @property
    def name(self) -> str:
        """Of the source."""
        return self.source.name

    @property
    def count(self) -> int:
        """Lines in the source."""
        return len(self.source)

    def item(self, index: int) -> LineRow | Gap:
        """The row of a line, or why there is none."""
        try:
            (line,) = self.source.read(np.array([index]))
        except InputError:
            return Gap(index, (NO_PICTURE,))
        if not line.text.strip():
            return Gap(index, (EMPTY,))
        try:
            height, width = whole_picture(line.image, line.key).shape[:2]
        except InputError:
            return Gap(index, (BROKEN,))
        return self._row(index, line, width, height)

    def _row(self, index: int, line: EncodedLine, width: int, height: int) -> LineRow:
        key = f"{self.digest[:8]}{index:010d}"
        return LineRow(
            key=key,
            image=line.image,
            path=key + suffix_of(line.image),
            text=unicodedata.normalize("NFC", line.text),
            width=width,
            height=height,
            clusters=Clusters.empty(),
            corpus=self.corpus,
            meta=to_json({"origin": "real", "source": self.source.name, "name": line.key}),
        )
