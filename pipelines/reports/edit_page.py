"""The page in which a person corrects the labels of lines."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.label_changes import CHANGES_FORMAT
from pipelines.datasets.label_file import LabelFileSource
from pipelines.datasets.source import LineSource, read_rows
from pipelines.reports.page import render_page, source_title
from pipelines.reports.picture import line_image
from synthtext.core import Charset

_CHUNK_SIZE = 256  # lines in memory


class Reading(NamedTuple):
    """The reading of a line by a recognizer, shown beside its label, with its confidence from 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, eq=False)
class EditedSource:
    """The lines of a source that a page shows.

    Attributes:
        source: The lines.
        digest: SHA-256 of the content of the source; the saved file of changes has it.
        rows: (N,) rows to show, in their order on the page.
        charset: Characters that labels may have; None: any.
        readings: Of a recognizer, by row.
    """

    source: LineSource
    digest: str
    rows: NDArray[np.int64]
    charset: Charset | None = None
    readings: Mapping[int, Reading] = field(default_factory=dict)


class EditPage(NamedTuple):
    """A page, the number of lines on it, and the number of lines that cannot be read, by reason."""

    html: str
    lines: int
    left_out: Counter[str]


def edit_page(edited: EditedSource) -> EditPage:
    """Render the page in which labels are corrected and saved as a file of changes.

    The labels of a label file can be saved as another label file, too. If the source has the column `confidence`, its
    labels are suggestions, which only count once they are accepted.
    """
    source, charset, left_out = edited.source, edited.charset, Counter[str]()
    confidences = source.columns(["confidence"]).get("confidence")
    lines = list(_lines(edited, confidences, left_out))
    data = {
        "format": CHANGES_FORMAT,
        "source": source.name,
        "digest": edited.digest,
        "page": _page_id(edited.digest, lines),
        "charset": "".join(charset) if charset else None,
        "foldsCase": charset is not None and charset.folds_case,
        "isLabelFile": isinstance(source, LabelFileSource),
        "isSuggested": confidences is not None,
        "lines": lines,
    }
    facts = {"lines": f"{len(lines):,}" + (f" of {len(source):,}" if len(lines) < len(source) else "")}
    if charset:
        facts["charset"] = f"{len(charset):,} characters"
    facts |= {"digest": edited.digest[:16], "path": source.name}
    title = source_title(source.name)
    return EditPage(render_page("edit.html", "ocrmill inspect --edit", title, facts, data=data), len(lines), left_out)


def _lines(
    edited: EditedSource, confidences: Sequence[float] | None, left_out: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Yield the values of each line for the script; the reasons of lines that cannot be read are counted."""
    for start in range(0, len(edited.rows), _CHUNK_SIZE):
        rows = edited.rows[start : start + _CHUNK_SIZE]
        for row, line in zip(rows.tolist(), read_rows(edited.source, rows), strict=True):
            if isinstance(line, str):
                left_out[line] += 1
                continue
            image, reading = line_image(line.image), edited.readings.get(row)
            yield {
                "row": row,
                "key": line.key,
                "text": line.text,
                "image": image and {"src": image.src, "width": image.width, "height": image.height},
                "confidence": None if confidences is None else confidences[row],
                "reading": reading and reading._asdict(),
            }


def _page_id(digest: str, lines: list[dict[str, Any]]) -> str:
    """Return a name for the content of a page, under which the browser stores what was typed."""
    rows = ",".join(str(line["row"]) for line in lines)
    return hashlib.sha256(f"{digest}:{rows}".encode()).hexdigest()[:32]
