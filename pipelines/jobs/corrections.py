"""Applies a file of changes to the labels of a source of lines. Images are stored byte for byte."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self, Unpack

from pipelines.config import SettingsDict
from pipelines.datasets.image import image_suffix
from pipelines.datasets.label_changes import LabelChanges
from pipelines.datasets.open import dataset_kind
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, read_row
from pipelines.errors import format_counts
from pipelines.io.atomic import file_sha256
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.paths import local_path
from pipelines.io.plan import ShardSpec
from pipelines.io.row import Row
from pipelines.jobs.importing import EMPTY_LABEL, decode_complete_image
from pipelines.jobs.shard_job import JobOptions, JobOutput
from pipelines.jobs.shard_source import register_source
from pipelines.jobs.stored_line_source import StoredLineSource
from pipelines.jobs.stored_lines import lines_digest
from pipelines.jobs.summary import JobSummary, SourceSummary
from synthtext.core import Clusters, InputError, SkippedSample

MARKED_UNREADABLE, NOT_CHECKED = "marked as unreadable", "not checked"
"""Reasons why a line is left out."""


@register_source("corrections")
@dataclass(frozen=True)
class CorrectedSource(StoredLineSource):
    """The lines of a source with the labels of a file of changes; line i becomes sample i.

    A line keeps everything that is known of it, but a corrected label has no clusters.

    Attributes:
        changes_path: Of the file of changes, absolute.
        checked_only: Leave out the lines that are not in the file of changes.
    """

    changes_path: Path
    checked_only: bool = False

    label: ClassVar[str] = "importing"
    uses_cpu: ClassVar[bool] = False

    def open(self) -> None:
        """Open the lines and check that the changes belong to them; raises InputError if they do not."""
        if dataset_kind(self.path) == "scenes":
            raise InputError(f"{self.path} holds scenes: changes correct the labels of lines")
        self.changes.check(self.lines, self.fingerprint["source"], self.changes_path)

    @cached_property
    def changes(self) -> LabelChanges:
        """The changes."""
        return LabelChanges.read(self.changes_path)

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """The SHA-256 of the lines and of the changes, and which lines are used."""
        return {
            "source": lines_digest(self.path),
            "changes": file_sha256(self.changes_path),
            "checked only": str(self.checked_only),
        }

    def to_recipe(self) -> SettingsDict:
        """The paths, and which lines are used."""
        return {
            "kind": "corrections",
            "source": str(self.path),
            "changes": str(self.changes_path),
            "checked_only": self.checked_only,
        }

    @classmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again."""
        source = cls(Path(recipe["source"]), Path(recipe["changes"]), recipe["checked_only"])
        source.open()
        return source

    def rows(self, spec: ShardSpec) -> Iterator[Row | SkippedSample]:
        """The rows of a shard."""
        return map(self._row, spec.samples)

    def _row(self, index: int) -> Row | SkippedSample:
        change = self.changes.by_row.get(index)
        if change is not None and change.ignored:
            return SkippedSample(index, (MARKED_UNREADABLE,))
        if change is None and self.checked_only:
            return SkippedSample(index, (NOT_CHECKED,))
        line = read_row(self.lines, index, name_broken=False)
        if isinstance(line, str):
            return SkippedSample(index, (line,))
        text = line.text if change is None else change.new
        if not text.strip():
            return SkippedSample(index, (EMPTY_LABEL,))
        try:
            height, width = decode_complete_image(line.image, line.key).shape[:2]
        except InputError:
            return SkippedSample(index, (BROKEN_IMAGE,))
        return self._corrected(index, line, text, width, height)

    def _corrected(self, index: int, line: EncodedLine, text: str, width: int, height: int) -> LineRow:
        stored = self.stored.row(index, line)
        if stored is None:
            return self.imported_row(index, line._replace(text=text), width, height)
        key = self.new_key(index)
        row = replace(stored, key=key, path=key + image_suffix(line.image))
        return row if text == line.text else replace(row, text=text, clusters=Clusters.empty())

    def summarize(self, folder: DatasetFolder) -> SourceSummary:
        """How many labels were corrected, accepted, and marked as unreadable."""
        counts = self.changes.counts
        return SourceSummary((f"labels checked: {format_counts(counts) or 'none'}",))


def import_corrected(
    source: str | Path, changes: Path, out: str | Path, *, checked_only: bool = False, **options: Unpack[JobOptions]
) -> JobSummary:
    """Write the lines of a source with corrected labels into a dataset folder, or resume an interrupted job.

    Args:
        source: A dataset of lines, a label file or an LMDB.
        changes: The file that the page of `ocrmill inspect --edit` saved.
        out: Folder of the dataset, or its URI.
        checked_only: Leave out the lines that were not checked.
        options: `workers`, `address`, `shard_size` and `format`, as for `generate`.

    Raises:
        InputError: An argument is invalid, the changes are of another source, or no line can be used.
        JobError: The disk is full, or another job is writing to the folder.
    """
    output = JobOutput(out, **options)
    corrected = CorrectedSource(
        local_path(source, "what is corrected").absolute(), changes.expanduser().absolute(), checked_only
    )
    corrected.open()
    return output.run(corrected, len(corrected.lines))
