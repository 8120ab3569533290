"""Output of the commands: tables and job summaries on the terminal, and result files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import JobError, format_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.jobs.summary import JobSummary

_ALL_BUT_FIRST = slice(1, None)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: slice = _ALL_BUT_FIRST, folded: int = 0
) -> None:
    """Print a table.

    Args:
        columns: the headings.
        rows: the cells, as plain text.
        numbers: the columns that are aligned to the right.
        folded: the column that is folded if the table is too wide.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*columns)
    table.columns[folded].overflow = "fold"
    for column in table.columns[numbers]:
        column.justify = "right"
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


def print_summary(summary: "JobSummary") -> None:
    """Print the tables and then the sentences of the summary of a job."""
    from pipelines.datasets.source import describe_label_problems
    from pipelines.progress import format_duration

    for table in summary.source.tables:
        print_table(table.columns, table.rows)
    statistics = summary.statistics
    print(f"{summary.folder}: {summary.rows:,} {summary.kind} in {summary.shards:,} shards")
    if summary.new_shards:
        rate = f"{summary.new_samples / summary.seconds:,.0f}/s"
        print(f"new: {summary.new_samples:,} in {format_duration(summary.seconds)} ({rate})")
    else:
        print("already complete; nothing was written")
    if summary.skipped:
        print(f"skipped: {format_counts(summary.skipped)}")
    if summary.kind == "scenes":
        print(f"texts: {statistics.levels.total():,}, of these ignored: {statistics.ignored.total():,}")
    if statistics.problems:
        print(f"labels {describe_label_problems(statistics.problems)}")
    if summary.character_frequencies:
        print(summary.character_frequencies.describe())
    if statistics.coverage_outcomes:
        print(f"lines drawn for a required character, by outcome: {format_counts(statistics.coverage_outcomes)}")
    if unreadable := statistics.unreadable_share:
        print(f"unreadable lines, drawn again: {unreadable:.1%} of those drawn")
    if summary.lost_workers:
        print(f"workers restarted: {summary.lost_workers}")
    for sentence in (*summary.excluded_nodes, *summary.source.notes):
        print(sentence)


def write_output(path: Path, content: str | bytes) -> None:
    """Write a result file; raises JobError if it cannot be written."""
    from pipelines.io.atomic import write_atomic

    try:
        write_atomic(path, content)
    except OSError as error:
        raise JobError(f"{path} cannot be written: {error.strerror}") from None


def write_json(path: Path, content: object, indent: int) -> None:
    """Write a result file as JSON."""
    import json

    write_output(path, json.dumps(content, ensure_ascii=False, indent=indent) + "\n")


def write_png(path: Path, image: "NDArray[np.uint8]") -> None:
    """Write an image as a PNG file: (H, W) grey or (H, W, 3) RGB."""
    import cv2

    encoded: Any = cv2.imencode(".png", image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1]
    write_output(path, encoded.tobytes())
