"""Writes the most useful lines of a source as a label file whose texts are suggestions."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.active.selection import SelectionSettings, select_to_label
from pipelines.active.views import LineReadings, read_views
from pipelines.datasets.image import image_suffix
from pipelines.datasets.source import LineSource
from pipelines.inference.run import RecognizerRun
from pipelines.io.staged_folder import check_new_folder, staged_folder

TO_LABEL_FILE = "to_label.tsv"
"""On each line: path of the image, suggested text, confidence of the suggestion, and key of the line in its source."""

IMAGES_FOLDER = "images"

_BREAK = re.compile(r"[\t\r\n]")


@dataclass(frozen=True)
class SelectedLines:
    """What `select_lines` wrote.

    Attributes:
        labels: The label file.
        count: Number of lines in it.
        readable: Number of lines that they were chosen from.
        confidence: Mean confidence of the chosen lines and of all lines, 0 to 1.
        left_out: Lines whose image cannot be read, by reason.
    """

    labels: Path
    count: int
    readable: int
    confidence: tuple[float, float]
    left_out: Counter[str]


def select_lines(
    run: RecognizerRun,
    source: LineSource,
    out: Path,
    count: int,
    settings: SelectionSettings | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> SelectedLines:
    """Choose the most useful lines of a source and write them, the most useful first.

    The label file has the readings of the recognizer as texts, which a person corrects; images are copied byte for
    byte.

    Args:
        run: The run directory of a recognizer.
        source: The lines; their labels are not used.
        out: New or empty folder; it appears when it is complete.
        count: Maximum number of lines to choose.
        settings: See `select_to_label`.
        advance: Called with the number of lines that were read.

    Raises:
        InputError: The folder is not empty, the run has no weights, or no image can be read.
        JobError: The folder cannot be written.
    """
    check_new_folder(out)
    found = read_views(run, source, advance)
    chosen = select_to_label(found.features, found.confidence, found.agreement, count, settings)
    with staged_folder(out) as folder:
        (folder / IMAGES_FOLDER).mkdir(parents=True)
        lines = [_write_line(folder, found, source, index, number) for number, index in enumerate(chosen.tolist(), 1)]
        (folder / TO_LABEL_FILE).write_text("".join(lines), encoding="utf-8")
    means = float(found.confidence[chosen].mean()), float(found.confidence.mean())
    return SelectedLines(out / TO_LABEL_FILE, len(chosen), len(found.rows), means, found.left_out)


def _write_line(folder: Path, found: LineReadings, source: LineSource, index: int, number: int) -> str:
    """Copy an image; return its line of the label file."""
    (line,) = source.read(np.array([found.rows[index]]))
    name = f"{IMAGES_FOLDER}/{number:06d}{image_suffix(line.image)}"
    (folder / name).write_bytes(line.image)
    columns = (name, found.texts[index], f"{found.confidence[index]:.4f}", line.key)
    return "\t".join(_BREAK.sub(" ", column) for column in columns) + "\n"
