"""`ocrmill rebalance`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import on_this_machine
from pipelines.cli.out import check_file
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.rebalance import Change

_SHOWN = 10  # weights that rise, and that fall


def rebalance(
    evaluation: Annotated[
        Path, typer.Argument(metavar="EVALUATION", help="What ocrmill evaluate wrote with --slices, of a recognizer.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", callback=on_this_machine, metavar="RECIPE.yaml", help="The recipe that is written."
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
    check_file(out)
    if out.suffix not in (".yaml", ".yml"):
        raise InputError(f"{out}: a recipe is a YAML file; name it so, as in {out.with_suffix('.yaml').name}")

    from pipelines.rebalance import rebalance as run
    from pipelines.shards.files import write_file

    done = run(evaluation, recipe, strength=strength, overrides=settings or (), source=source)
    if out.exists() and Path(done.base.name).exists() and out.samefile(done.base.name):
        raise InputError(f"{out} is the recipe that is weighed anew: write to another file")
    write_file(out, done.to_yaml())
    changes = done.changes
    rising = [change for change in changes if change.factor > 1][:_SHOWN]
    falling = [change for change in changes if change.factor < 1][-_SHOWN:]
    if rising or falling:
        _print_table([*rising, *falling])
    lines, moved = done.slices.lines, sum(change.factor != 1 for change in changes)
    print(f"{done.slices.name}: {lines.wrong:,} of {lines.total:,} lines misread ({lines.wrong / lines.total:.1%})")
    for note in done.notes():
        print(note)
    print(f"{out}: {moved:,} of {len(changes):,} weights of {done.base.name} changed")


def _print_table(changes: "Sequence[Change]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "", "seen", "misread", "before", "after", "times")
    table.columns[1].overflow = "fold"
    for column in table.columns[2:]:
        column.justify = "right"
    for change in changes:
        share = f"{change.wrong / change.total:.1%}"
        numbers = f"{change.total:,}", share, f"{change.before:.3g}", f"{change.after:.3g}", f"{change.factor:.2f}"
        table.add_row(change.part, escape(change.name), *numbers)
    Console().print(table)
