"""`ocrmill filter`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import on_this_machine
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.filtering import FilterSummary

_CONFIDENCE, _MAX_EDITS, _KEEP_TRIVIAL = 0.95, 0.5, 0.1


def filter_(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A data set of lines, a label file or an LMDB.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", callback=on_this_machine, metavar="DIR", help="Folder of the data set of what is kept."
        ),
    ],
    weak: Annotated[
        Path | None, typer.Option(metavar="RUN_OR_ONNX", help="A recognizer that reads easy lines: drops those.")
    ] = None,
    strong: Annotated[
        Path | None,
        typer.Option(metavar="RUN_OR_ONNX", help="The best recognizer there is: drops what it cannot read."),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(metavar="C", help="Of the weak one, from which a right reading is trivial.", show_default="0.95"),
    ] = None,
    keep_trivial: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of trivial lines that is kept.", show_default="0.1")
    ] = None,
    max_edits: Annotated[
        float | None,
        typer.Option(
            metavar="E",
            help="Of the strong one: lines are unreadable where more of the label is misread, as a share.",
            show_default="0.5",
        ),
    ] = None,
    charset: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Dictionary of an ONNX recognizer that does not name its own.")
    ] = None,
) -> None:
    """Leave out lines that teach nothing: those that are trivial, and those that cannot be read.

    Trivial is what the weak recognizer reads exactly, and surely. Unreadable is what the strong one gets wrong by more
    than half: the label is another text, or nothing can be seen. The lines that stay are copied byte for byte with all
    that is known of them; DIR/verdicts tells what was read and decided of every line. The same command again goes on
    where an interrupted one stopped.

    Example: ocrmill filter data/train -o data/hard --weak runs/small --strong runs/best --keep-trivial 0.2
    """
    if weak is None and (confidence is not None or keep_trivial is not None):
        raise InputError("--confidence and --keep-trivial are about trivial lines: name a weak model with --weak")
    if strong is None and max_edits is not None:
        raise InputError("--max-edits is about unreadable lines: name a strong model with --strong")

    from pipelines.filtering import open_filter, summarise
    from pipelines.progress import progress

    job = open_filter(
        source,
        weak,
        strong,
        confidence=_CONFIDENCE if confidence is None else confidence,
        max_edits=_MAX_EDITS if max_edits is None else max_edits,
        keep_trivial=_KEEP_TRIVIAL if keep_trivial is None else keep_trivial,
        charset=charset,
    )
    with progress("reading", total=len(job.source), unit="lines") as bar:
        job.write(out, bar.advance)
    summary = summarise(job, out)
    _print_tables(summary)
    print(_describe(out, summary))


def _describe(out: Path, summary: "FilterSummary") -> str:
    from pipelines.counts import describe_counts
    from pipelines.filtering import SPARED
    from pipelines.filtering.judge import KEPT

    dropped = {reason: count for reason, count in summary.verdicts.items() if reason not in (KEPT, SPARED)}
    lines = [f"{out}: {summary.kept:,} of {summary.total:,} lines kept"]
    if dropped:
        lines[0] += f"; dropped: {describe_counts(dropped)}"
    if summary.verdicts[SPARED]:
        lines.append(f"trivial, but kept by chance: {summary.verdicts[SPARED]:,}")
    return "\n".join([*summary.notes, *lines])


def _print_tables(summary: "FilterSummary") -> None:
    """Where the most lines were dropped, by corpus and by font."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from pipelines.filtering import TRIVIAL, UNREADABLE

    for measure in summary.by:
        cuts = summary.largest(measure)
        if not cuts:
            continue
        table = Table(measure, "lines", TRIVIAL, UNREADABLE, "kept")
        table.columns[0].overflow = "fold"
        for column in table.columns[1:]:
            column.justify = "right"
        for name, counts in cuts:
            lost = counts[TRIVIAL], counts[UNREADABLE]
            kept = (counts.total() - sum(lost)) / counts.total()
            table.add_row(escape(name), f"{counts.total():,}", *(f"{count:,}" for count in lost), f"{kept:.0%}")
        Console().print(table)
