"""`ocrmill filter`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import check_writable_file, require_local_path
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.jobs.filter import FilterSummary

_CONFIDENCE, _MAX_EDITS, _KEEP_TRIVIAL = 0.95, 0.5, 0.1


def filter_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A data set of lines, a label file or an LMDB.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", callback=require_local_path, metavar="DIR", help="Folder of the data set of what is kept."
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

    from pipelines.jobs.filter import open_filter_source, summarise_decisions
    from pipelines.progress import progress_bar

    job = open_filter_source(
        source,
        weak,
        strong,
        confidence=_CONFIDENCE if confidence is None else confidence,
        max_edits=_MAX_EDITS if max_edits is None else max_edits,
        keep_trivial=_KEEP_TRIVIAL if keep_trivial is None else keep_trivial,
        charset=charset,
    )
    with progress_bar("reading", total=len(job.source), unit="lines") as bar:
        job.write(out, bar.advance)
    summary = summarise_decisions(job, out)
    _print_tables(summary)
    print(_describe(out, summary))


def _describe(out: Path, summary: "FilterSummary") -> str:
    from pipelines.errors import format_counts
    from pipelines.jobs.filter_verdicts import KEPT, KEPT_TRIVIAL

    dropped = {reason: count for reason, count in summary.decisions.items() if reason not in (KEPT, KEPT_TRIVIAL)}
    lines = [f"{out}: {summary.kept:,} of {summary.total:,} lines kept"]
    if dropped:
        lines[0] += f"; dropped: {format_counts(dropped)}"
    if summary.decisions[KEPT_TRIVIAL]:
        lines.append(f"trivial, but kept by chance: {summary.decisions[KEPT_TRIVIAL]:,}")
    return "\n".join([*summary.notes, *lines])


def _print_tables(summary: "FilterSummary") -> None:
    """Where the most lines were dropped, by corpus and by font."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from pipelines.jobs.filter_verdicts import TRIVIAL, UNREADABLE

    for measure in summary.by_column:
        cuts = summary.most_dropped(measure)
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


if TYPE_CHECKING:
    from pipelines.evaluation.rebalance_weights import WeightChange

_SHOWN = 10  # weights that rise, and that fall


def rebalance_command(
    evaluation: Annotated[
        Path, typer.Argument(metavar="EVALUATION", help="What ocrmill evaluate wrote with --slices, of a recognizer.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", callback=require_local_path, metavar="RECIPE.yaml", help="The recipe that is written."
        ),
    ],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the recipe to change first.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE", help="The recipe that is weighed anew.", show_default="that of the evaluated data set"
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(metavar="S", help="How far weights follow error rates: 0 not at all, 1 in proportion.")
    ] = 0.5,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which source of the evaluation, if there are several.")
    ] = None,
) -> None:
    """Write a recipe that draws more of what a recognizer misreads, and less of what it reads.

    New are the weights of corpora, ink styles, papers, fonts, lengths and characters, and the probabilities of effects.
    Each follows the error rate of its lines; what was seen in few lines hardly moves, none becomes more than three
    times larger or smaller, and totals stay. What is misread whatever is done is left alone and named.

    Example: ocrmill rebalance slices.json -o harder.yaml --strength 0.7 fonts.pool=32
    """
    check_writable_file(out)
    if out.suffix not in (".yaml", ".yml"):
        raise InputError(f"{out}: a recipe is a YAML file; name it so, as in {out.with_suffix('.yaml').name}")

    from pipelines.evaluation.rebalance import rebalance_recipe as run
    from pipelines.io.atomic import write_atomic

    done = run(evaluation, recipe, strength=strength, overrides=settings or (), source=source)
    if out.exists() and Path(done.base.name).exists() and out.samefile(done.base.name):
        raise InputError(f"{out} is the recipe that is weighed anew: write to another file")
    write_atomic(out, done.to_yaml())
    changes = done.changes
    rising = [change for change in changes if change.factor > 1][:_SHOWN]
    falling = [change for change in changes if change.factor < 1][-_SHOWN:]
    if rising or falling:
        _print_table([*rising, *falling])
    lines, moved = done.slices.lines, sum(change.factor != 1 for change in changes)
    print(f"{done.slices.name}: {lines.errors:,} of {lines.total:,} lines misread ({lines.errors / lines.total:.1%})")
    for note in done.notes():
        print(note)
    print(f"{out}: {moved:,} of {len(changes):,} weights of {done.base.name} changed")


def _print_table(changes: "Sequence[WeightChange]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "", "seen", "misread", "before", "after", "times")
    table.columns[1].overflow = "fold"
    for column in table.columns[2:]:
        column.justify = "right"
    for change in changes:
        share = f"{change.errors / change.total:.1%}"
        numbers = f"{change.total:,}", share, f"{change.before:.3g}", f"{change.after:.3g}", f"{change.factor:.2f}"
        table.add_row(change.part, escape(change.name), *numbers)
    Console().print(table)
