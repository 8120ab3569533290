"""Prints the summary of a job."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.jobs.summary import JobSummary, SummaryTable


def print_summary(summary: "JobSummary") -> None:
    """Print the tables and then the sentences of a summary."""
    for table in summary.source.tables:
        _print_table(table)
    print("\n".join(describe_summary(summary)))


def describe_summary(summary: "JobSummary") -> list[str]:
    """A summary in a few lines."""
    from pipelines.datasets.source import describe_label_problems
    from pipelines.errors import format_counts
    from pipelines.progress import format_duration

    statistics = summary.statistics
    lines = [f"{summary.folder}: {summary.rows:,} {summary.kind} in {summary.shards:,} shards"]
    if summary.new_shards:
        rate = f"{summary.new_samples / summary.seconds:,.0f}/s"
        lines.append(f"new: {summary.new_samples:,} in {format_duration(summary.seconds)} ({rate})")
    else:
        lines.append("already complete; nothing was written")
    if summary.skipped:
        lines.append(f"skipped: {format_counts(summary.skipped)}")
    if summary.kind == "scenes":
        lines.append(f"texts: {statistics.levels.total():,}, of these ignored: {statistics.ignored.total():,}")
    if statistics.problems:
        lines.append(f"labels {describe_label_problems(statistics.problems)}")
    if summary.character_frequencies:
        lines.append(summary.character_frequencies.describe())
    if statistics.coverage_outcomes:
        outcomes = format_counts(statistics.coverage_outcomes)
        lines.append(f"lines drawn for a required character, by outcome: {outcomes}")
    if summary.lost_workers:
        lines.append(f"workers restarted: {summary.lost_workers}")
    return [*lines, *summary.excluded_nodes, *summary.source.notes]


def _print_table(table: "SummaryTable") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(*table.columns)
    shown.columns[0].overflow = "fold"
    for column in shown.columns[1:]:
        column.justify = "right"
    for name, *numbers in table.rows:
        shown.add_row(escape(name), *numbers)
    Console().print(shown)
