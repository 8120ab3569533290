"""`ocrmill fit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli import options
from pipelines.cli.output import print_table, write_output
from synthtext.core import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.domain_gap.changes import SettingChange
    from pipelines.domain_gap.fit_result import FitResult
    from pipelines.domain_gap.line_set import LineSet

_MAX_SHOWN = 12  # changes that are printed
_EXAMPLES = 24  # lines of each kind on the page


def fit_command(
    real: Annotated[
        str, typer.Argument(metavar="REAL", help="Real lines: a dataset, label file, LMDB or folder of images.")
    ],
    settings: Annotated[list[str] | None, options.settings_argument("Settings of the recipe to change first.")] = None,
    out: Annotated[Path, options.output_option("RECIPE.yaml", "The fitted recipe.")] = Path("fitted.yaml"),
    base: Annotated[str, typer.Option(metavar="RECIPE", help="The recipe to fit: a preset or a file.")] = "lines",
    report: Annotated[
        Path | None,
        typer.Option(metavar="HTML", help="The page.", show_default="RECIPE.html"),
    ] = None,
    count: Annotated[
        int, typer.Option("-n", "--count", min=20, metavar="N", help="Maximum number of real lines.")
    ] = 2000,
    rounds: Annotated[int, typer.Option(min=1, max=100, metavar="R", help="Number of improvements.")] = 8,
    lines: Annotated[
        int, typer.Option(min=100, max=100_000, metavar="L", help="Lines that a round generates, twice.")
    ] = 1000,
    held_out: Annotated[
        float, typer.Option(min=0.1, max=0.5, metavar="SHARE", help="Share of the real lines that is only measured.")
    ] = 0.25,
    texts: Annotated[
        Literal["patterns", "words", "off"],
        typer.Option(help="What is taken from labels: statistics and patterns, also the words themselves, or nothing."),
    ] = "patterns",
    seed: options.Seed = 0,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Fit a recipe to real lines: its ranges, weights, probabilities, fonts and texts.

    A few hundred real lines are enough, without labels too; 30 already help. Each round generates lines, measures how
    they differ from real ones, and changes the settings towards those of the most realistic lines. A part of the real
    lines is held out: the recipe of the round that comes closest to these is written. The page shows every setting
    before and after. Re-run the same command to resume an interrupted fit.

    Example: ocrmill fit photos/labels.tsv --base lines-receipt -o fitted.yaml

    Example: ocrmill fit crops -o fitted.yaml --texts off --rounds 4 fonts.system=false
    """
    page = report or out.with_suffix(".html")
    for path in (out, page):
        options.check_writable_file(path)
    if out.suffix not in (".yaml", ".yml"):
        raise InputError(f"{out}: a recipe is a YAML file; name it so, as in {out.with_suffix('.yaml').name}")
    if Path(base).exists() and out.exists() and out.samefile(base):
        raise InputError(f"{out} is the recipe to fit: write to another file")

    from pipelines.domain_gap.fit import fit_recipe, number_of_rounds
    from pipelines.domain_gap.fit_store import FitSettings
    from pipelines.domain_gap.line_set import open_real_lines, read_lines
    from pipelines.progress import progress_bar
    from pipelines.recipes.resolve import resolve_recipe
    from pipelines.reports.fit_page import describe_fit

    recipe = resolve_recipe(base, settings or ())
    source = read_lines(open_real_lines(real), count, seed)
    fit_settings = FitSettings(rounds=rounds, lines=lines, held_out=held_out, texts=texts, seed=seed)
    with progress_bar("fitting", total=number_of_rounds(source, fit_settings), unit="rounds") as bar:
        result = fit_recipe(source, recipe, out, fit_settings, bar.advance)
    changes = _write(result, source, out, page)
    rows = [(r.number, r.distance, r.held_out, r.auc) for r in result.rounds]
    print_table(("round", "distance", "held out", "AUC"), [(f"{n}", *(f"{v:.3f}" for v in rest)) for n, *rest in rows])
    print_table(("setting", "before", "after"), [(c.name, c.before, c.after) for c in changes[:_MAX_SHOWN]])
    for note in result.notes():
        print(note)
    print(describe_fit(result))
    print(f"{out}: the recipe {result.base.name} fitted to {len(result.fitted):,} lines of {real}; page: {page}")


def _write(result: "FitResult", real: "LineSet", out: Path, page: Path) -> "Sequence[SettingChange]":
    """Write the recipe and the page, and return the notable changes, the largest first."""
    from pipelines.domain_gap.changes import notable
    from pipelines.domain_gap.fit_result import describe_changes, example_lines
    from pipelines.reports.fit_page import FitExamples, fit_page

    changes = describe_changes(result)
    shown = notable(changes)
    write_output(out, result.to_yaml(shown))
    step = max(len(real) // _EXAMPLES, 1)
    examples = FitExamples(
        real.images[::step][:_EXAMPLES], example_lines(result.base, _EXAMPLES), example_lines(result.recipe, _EXAMPLES)
    )
    write_output(page, fit_page(result, changes, examples))
    return shown
