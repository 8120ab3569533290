"""`ocrmill filter` and `ocrmill rebalance`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import options
from pipelines.cli.output import print_summary, print_table, write_output
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.evaluation.rebalance import RebalanceResult

_MAX_SHOWN = 10  # weights that rise, and weights that fall


def filter_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A dataset of lines, a label file or an LMDB.")],
    out: options.Out,
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
        typer.Option(metavar="C", help="Weak: confidence from which an exact reading is trivial.", show_default="0.95"),
    ] = None,
    keep_trivial: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of trivial lines that is kept.", show_default="0.1")
    ] = None,
    max_edits: Annotated[
        float | None,
        typer.Option(metavar="E", help="Strong: edit distance above which a line is unreadable.", show_default="0.5"),
    ] = None,
    charset: options.CharsetFile = None,
    workers: options.Workers = None,
    address: options.Address = None,
    shard_size: options.ShardSize = None,
    format: options.Format = "parquet",
    allow_outside: options.AllowOutside = False,
) -> None:
    """Drop lines that are not worth training on: trivial ones, and unreadable ones.

    A line is trivial if the weak recognizer reads it exactly and with confidence. It is unreadable if the strong one
    misreads more than half of it (by normalized edit distance): the label is wrong, or the text cannot be seen. The
    other lines are copied byte for byte with all that is known of them; DIR/decisions has the readings and the decision
    of every line. Re-run the same command to resume an interrupted job.

    Example: ocrmill filter data/train -o data/hard --weak runs/small --strong runs/best --keep-trivial 0.2
    """
    thresholds = {"confidence": confidence, "keep_trivial": keep_trivial, "max_edits": max_edits}
    given = {name: value for name, value in thresholds.items() if value is not None}
    if weak is None and given.keys() & {"confidence", "keep_trivial"}:
        raise InputError("--confidence and --keep-trivial are for trivial lines: name a weak model with --weak")
    if strong is None and "max_edits" in given:
        raise InputError("--max-edits is for unreadable lines: name a strong model with --strong")

    from pipelines.jobs.filtering import filter_lines
    from pipelines.jobs.line_filter import FilterSettings

    shards = options.ShardOptions(workers=workers, address=address, shard_size=shard_size, format=format)
    print_summary(filter_lines(source, out, FilterSettings(weak, strong, charset, **given), **shards))


def rebalance_command(
    evaluation: Annotated[
        Path, typer.Argument(metavar="EVALUATION", help="The JSON file of ocrmill evaluate --slices, of a recognizer.")
    ],
    out: Annotated[Path, options.output_option("RECIPE.yaml", "The new recipe.")],
    settings: Annotated[list[str] | None, options.settings_argument("Settings of the recipe to change first.")] = None,
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
    options.check_writable_recipe(out)

    from pipelines.evaluation.rebalance import rebalance_recipe

    result = rebalance_recipe(evaluation, recipe, strength=strength, overrides=settings or (), source=source)
    if out.exists() and Path(result.base.name).exists() and out.samefile(result.base.name):
        raise InputError(f"{out} is the recipe to reweight: write to another file")
    write_output(out, result.to_yaml())
    _print_changes(result)
    changed = sum(change.factor != 1 for change in result.changes)
    print(f"{out}: {changed:,} of {len(result.changes):,} weights of {result.base.name} changed")


def _print_changes(result: "RebalanceResult") -> None:
    """Print the largest changes, the error rate and the notes."""
    rising = [change for change in result.changes if change.factor > 1][:_MAX_SHOWN]
    falling = [change for change in result.changes if change.factor < 1][-_MAX_SHOWN:]
    rows = [
        (
            *(c.part, c.name, f"{c.total:,}", f"{c.errors / c.total:.1%}"),
            *(f"{c.before:.3g}", f"{c.after:.3g}", f"{c.factor:.2f}"),
        )
        for c in (*rising, *falling)
    ]
    if rows:
        headings = ("", "", "lines", "misread", "before", "after", "factor")
        print_table(headings, rows, numbers=slice(2, None), folded=1)
    lines = result.slices.lines
    print(f"{result.slices.name}: {lines.errors:,} of {lines.total:,} lines misread ({lines.errors / lines.total:.1%})")
    for note in result.notes():
        print(note)
