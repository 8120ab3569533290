"""The base of shard sources whose rows are lines of another source, with everything that is known of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import EncodedLine, LineSource
from pipelines.io.line_row import LineRow
from pipelines.jobs.importing import imported_line_row, imported_meta
from pipelines.jobs.shard_source import ShardSource
from pipelines.jobs.stored_lines import StoredLines


@dataclass(frozen=True)
class StoredLineSource(ShardSource):
    """Lines of another source: a dataset, a label file or an LMDB; line i becomes sample i.

    Attributes:
        path: Of the other source, absolute.
    """

    path: Path

    kind = "lines"
    limits_skipped: ClassVar[bool] = False
    covers_inputs: ClassVar[bool] = False  # the images of a label file

    @property
    def name(self) -> str:
        """The path of the lines."""
        return str(self.path)

    @cached_property
    def lines(self) -> LineSource:
        """The lines."""
        return open_line_source(self.path)

    @cached_property
    def stored(self) -> StoredLines:
        """The rows of the lines as they are stored."""
        return StoredLines(self.lines)

    def new_key(self, index: int) -> str:
        """Return the key of sample `index` in the new dataset."""
        return f"{self.digest[:8]}{index:010d}"

    def imported_row(self, index: int, line: EncodedLine, width: int, height: int) -> LineRow:
        """Return the row of a line of which nothing but the image, with this size in pixels, and the label is known."""
        corpus = self.path.parent.name if self.path.is_file() else self.path.name
        meta = imported_meta(self.name, line.key)
        return imported_line_row(self.new_key(index), line, width, height, corpus, meta)
