"""`ocrmill filter` and `ocrmill rebalance`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.job_summary import print_summary
from pipelines.cli.options import (
    AddressOption,
    FormatOption,
    OutOption,
    ShardSizeOption,
    WorkersOption,
    check_writable_file,
    require_local_path,
)
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.evaluation.rebalance_weights import WeightChange

_CONFIDENCE, _MAX_EDITS, _KEEP_TRIVIAL = 0.95, 0.5, 0.1
_MAX_SHOWN = 10  # weights that rise, and weights that fall


def filter_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A dataset of lines, a label file or an LMDB.")],
    out: OutOption,
    weak: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="A run or ONNX file of a weak recognizer: lines that it reads are dropped."),
    ] = None,
    strong: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="The best recognizer available: lines that it cannot read are dropped."),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(
            metavar="C",
            help="Confidence of the weak model from which an exact reading is trivial.",
            show_default="0.95",
        ),
    ] = None,
    keep_trivial: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of trivial lines that is kept.", show_default="0.1")
    ] = None,
    max_edits: Annotated[
        float | None,
        typer.Option(
            metavar="E",
            help="Normalized edit distance of the strong model above which a line is unreadable.",
            show_default="0.5",
        ),
    ] = None,
    charset: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Dictionary of an ONNX recognizer that does not hold its own.")
    ] = None,
    workers: WorkersOption = None,
    address: AddressOption = None,
    shard_size: ShardSizeOption = None,
    format: FormatOption = "parquet",
) -> None:
    """Drop lines that are not worth training on: trivial ones, and unreadable ones.

    A line is trivial if the weak recognizer reads it exactly and with confidence. It is unreadable if the strong one
    misreads more than half of it: the label is wrong, or the text cannot be seen. The other lines are copied byte for
    byte with all that is known of them; DIR/decisions has the readings and the decision of every line. Re-run the same
    command to resume an interrupted job.

    Example: ocrmill filter data/train -o data/hard --weak runs/small --strong runs/best --keep-trivial 0.2
    """
    if weak is None and (confidence is not None or keep_trivial is not None):
        raise InputError("--confidence and --keep-trivial are for trivial lines: name a weak model with --weak")
    if strong is None and max_edits is not None:
        raise InputError("--max-edits is for unreadable lines: name a strong model with --strong")

    from pipelines.jobs.filtering import filter_lines
    from pipelines.jobs.line_filter import FilterSettings

    thresholds = (
        _CONFIDENCE if confidence is None else confidence,
        _MAX_EDITS if max_edits is None else max_edits,
        _KEEP_TRIVIAL if keep_trivial is None else keep_trivial,
    )
    settings = FilterSettings(weak, strong, charset, *thresholds)
    print_summary(
        filter_lines(source, out, settings, workers=workers, address=address, shard_size=shard_size, format=format)
    )


def rebalance_command(
    evaluation: Annotated[
        Path,
        typer.Argument(metavar="EVALUATION", help="The JSON file of ocrmill evaluate --slices, of a recognizer."),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="RECIPE.yaml", help="The new recipe.")
    ],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the recipe to change first.")
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="RECIPE", help="The recipe to reweight.", show_default="that of the evaluated dataset"),
    ] = None,
    strength: Annotated[
        float, typer.Option(metavar="S", help="How much weights follow error rates: 0 not at all, 1 in proportion.")
    ] = 0.5,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="Source of the evaluation, if there are several.")
    ] = None,
) -> None:
    """Write a recipe that generates more of what a recognizer misreads.

    The weights of corpora, ink styles, backgrounds, fonts, lengths and characters change, and the probabilities of
    effects. Each follows the error rate of its lines; a weight with few lines hardly changes, none changes by more than
    a factor of three, and totals stay. Values that are always misread are left alone and named.

    Example: ocrmill rebalance slices.json -o harder.yaml --strength 0.7 fonts.pool=32
    """
    check_writable_file(out)
    if out.suffix not in (".yaml", ".yml"):
        raise InputError(f"{out}: a recipe is a YAML file; name it so, as in {out.with_suffix('.yaml').name}")

    from pipelines.evaluation.rebalance import rebalance_recipe
    from pipelines.io.atomic import write_atomic

    result = rebalance_recipe(evaluation, recipe, strength=strength, overrides=settings or (), source=source)
    if out.exists() and Path(result.base.name).exists() and out.samefile(result.base.name):
        raise InputError(f"{out} is the recipe to reweight: write to another file")
    write_atomic(out, result.to_yaml())
    changes = result.changes
    rising = [change for change in changes if change.factor > 1][:_MAX_SHOWN]
    falling = [change for change in changes if change.factor < 1][-_MAX_SHOWN:]
    if rising or falling:
        _print_changes([*rising, *falling])
    lines, changed = result.slices.lines, sum(change.factor != 1 for change in changes)
    print(f"{result.slices.name}: {lines.errors:,} of {lines.total:,} lines misread ({lines.errors / lines.total:.1%})")
    for note in result.notes():
        print(note)
    print(f"{out}: {changed:,} of {len(changes):,} weights of {result.base.name} changed")


def _print_changes(changes: "Sequence[WeightChange]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("", "", "lines", "misread", "before", "after", "factor")
    table.columns[1].overflow = "fold"
    for column in table.columns[2:]:
        column.justify = "right"
    for change in changes:
        share = f"{change.errors / change.total:.1%}"
        numbers = f"{change.total:,}", share, f"{change.before:.3g}", f"{change.after:.3g}", f"{change.factor:.2f}"
        table.add_row(change.part, escape(change.name), *numbers)
    Console().print(table)
