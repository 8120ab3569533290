"""The file of changes that a person saves in the page of `ocrmill inspect --edit`."""

import json
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import validate_model
from pipelines.datasets.source import LineSource
from synthtext.core import InputError

CHANGES_FORMAT: Literal["ocrmill label changes 1"] = "ocrmill label changes 1"
"""Value of `format` in a file of changes."""


class LabelChange(BaseModel):
    """A line that a person inspected.

    Attributes:
        row: Of the line in its source.
        key: Of the line, for people.
        old: Label in the source.
        new: Label of the person; equal to `old` if that is right.
        ignored: The text cannot be read, or the line is not to be used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    row: Annotated[int, Field(ge=0)]
    key: str
    old: str
    new: str
    ignored: bool = False


class LabelChanges(BaseModel):
    """The inspected lines of a source.

    Attributes:
        format: Of the file.
        source: Path of the source, for people.
        digest: SHA-256 of the content of the source, see `lines_digest`.
        lines: In any order; each row once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    format: Literal["ocrmill label changes 1"]
    source: str
    digest: str
    lines: tuple[LabelChange, ...]

    @cached_property
    def by_row(self) -> dict[int, LabelChange]:
        """The lines by row."""
        return {line.row: line for line in self.lines}

    @property
    def counts(self) -> Counter[str]:
        """Number of lines that were corrected, accepted, and marked as unreadable."""
        return Counter(
            "unreadable" if line.ignored else "accepted" if line.new == line.old else "corrected" for line in self.lines
        )

    @classmethod
    def read(cls, path: Path) -> "LabelChanges":
        """Read a file of changes.

        Raises:
            InputError: It is missing or is no file of changes, or has a row twice.
        """
        try:
            settings = json.loads(path.read_bytes())
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise InputError(f"{path} is not JSON: name the file that the page of `inspect --edit` saved") from None
        if not isinstance(settings, dict) or settings.get("format") != CHANGES_FORMAT:
            raise InputError(f"{path} is no file of changes: name the file that the page of `inspect --edit` saved")
        changes = validate_model(cls, settings, str(path))
        if len(changes.by_row) != len(changes.lines):
            row = Counter(line.row for line in changes.lines).most_common(1)[0][0]
            raise InputError(f"{path} has row {row} twice: save the page again")
        return changes

    def check(self, source: LineSource, digest: str, path: Path) -> None:
        """Check that these are changes of a source.

        Args:
            source: The lines.
            digest: Of the source.
            path: Of this file, for the message.

        Raises:
            InputError: The source has other content, or other labels than the old ones.
        """
        if digest != self.digest:
            raise InputError(
                f"{path} has changes of {self.source} with the digest {self.digest[:12]}, but {source.name} has "
                f"{digest[:12]}: it is another source, or was changed; write its page again with `inspect --edit`"
            )
        labels = dict(zip(range(len(source)), source.texts(), strict=True))
        wrong = [line for line in self.lines if labels.get(line.row) != line.old]
        if wrong:
            raise InputError(
                f"{path}: {len(wrong):,} of {len(self.lines):,} old labels differ from those in {source.name}; the "
                f"first is that of {wrong[0].key}, {wrong[0].old!r} instead of {labels.get(wrong[0].row)!r}"
            )
