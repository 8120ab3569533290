"""Real recognition data as a data set of ours."""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

from pipelines.importing.job import Import, whole_picture
from pipelines.reader import EncodedLine, RecognitionSource, read_row
from pipelines.reader.picture import suffix_of
from pipelines.reader.source import BROKEN
from pipelines.shards import LineRow, to_json
from synthtext.core import Clusters, Gap, InputError

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
