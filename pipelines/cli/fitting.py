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
    from pipelines.domain_gap.fit_store import FitSettings
    from pipelines.domain_gap.measured_set import MeasuredSet
    from pipelines.recipes.resolve import ResolvedRecipe

_MAX_SHOWN = 12  # changes that are printed
_EXAMPLES = {"lines": 24, "scenes": 12}  # of each kind on the page
_COUNTS = {"lines": (2000, 1000), "scenes": (300, 200)}  # real ones, and those that a round generates


def fit_command(
    real: options.RealData,
    settings: Annotated[list[str] | None, options.settings_argument("Settings of the recipe to change first.")] = None,
    out: Annotated[Path, options.output_option("RECIPE.yaml", "The fitted recipe.")] = Path("fitted.yaml"),
    base: Annotated[
        str | None,
        typer.Option(metavar="RECIPE", help="The recipe to fit: a preset or a file.", show_default="lines or scenes"),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="HTML", help="The page.", show_default="RECIPE.html"),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            *("-n", "--count"),
            min=20,
            metavar="N",
            help="Maximum number of real lines or scenes.",
            show_default="2000 lines, 300 scenes",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=100, metavar="R", help="Number of improvements.")] = 8,
    lines: Annotated[
        int | None,
        typer.Option(
            min=20,
            max=100_000,
            metavar="L",
            help="Lines or scenes that a round generates, twice.",
            show_default="1000 lines, 200 scenes",
        ),
    ] = None,
    held_out: Annotated[
        float, typer.Option(min=0.1, max=0.5, metavar="SHARE", help="Share of the real ones that is only measured.")
    ] = 0.25,
    texts: Annotated[
        Literal["patterns", "words", "off"],
        typer.Option(
            help="Lines: what is taken from labels: statistics and patterns, also the words themselves, or nothing."
        ),
    ] = "patterns",
    level: options.TextLevel = "word",
    seed: options.Seed = 0,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Fit a recipe to real lines or scenes: its ranges, weights, probabilities, and for lines fonts and texts.

    A few hundred real lines are enough, with or without labels; 30 already help. Scenes need labels; 100 are enough.
    Each round generates lines or scenes, measures how they differ from real ones, and changes the settings towards
    those of the most realistic ones. A part of the real ones is held out: the recipe of the round that comes closest to
    them is written. The page shows every setting before and after. Re-run the same command to resume an interrupted
    fit.

    Example: ocrmill fit photos/labels.tsv --base lines-receipt -o fitted.yaml

    Example: ocrmill fit crops -o fitted.yaml --texts off --rounds 4 fonts.system=false

    Example: ocrmill fit scenes/labels.tsv --base scenes -o fitted.yaml background.photos.folder=photographs
    """
    page = report or out.with_suffix(".html")
    options.check_writable_recipe(out)
    options.check_writable_file(page)
    from pipelines.datasets.open import dataset_kind
    from pipelines.domain_gap.fit_store import FitSettings
    from pipelines.recipes.resolve import resolve_recipe

    kind = dataset_kind(real)
    base = base or kind
    if Path(base).exists() and out.exists() and out.samefile(base):
        raise InputError(f"{out} is the recipe to fit: write to another file")
    recipe = resolve_recipe(base, settings or ())
    most, drawn = count or _COUNTS[kind][0], lines or _COUNTS[kind][1]
    fit_settings = FitSettings(rounds=rounds, lines=drawn, held_out=held_out, texts=texts, level=level, seed=seed)
    fit = _fit_scenes if kind == "scenes" else _fit_lines
    source, result = fit(real, recipe, out, most, fit_settings)
    changes = _write(result, source, out, page)
    _print_rounds(result, changes)
    print(f"{out}: the recipe {result.base.name} fitted to {len(result.fitted):,} {kind} of {real}; page: {page}")


def _print_rounds(result: "FitResult", changes: "Sequence[SettingChange]") -> None:
    """Print the distance after each round, the largest changes, and the notes."""
    from pipelines.reports.fit_page import describe_fit

    rows = [(r.number, r.distance, r.held_out, r.auc) for r in result.rounds]
    print_table(("round", "distance", "held out", "AUC"), [(f"{n}", *(f"{v:.3f}" for v in rest)) for n, *rest in rows])
    print_table(("setting", "before", "after"), [(c.name, c.before, c.after) for c in changes[:_MAX_SHOWN]])
    for note in result.notes():
        print(note)
    print(describe_fit(result))


def _fit_lines(
    real: str, recipe: "ResolvedRecipe", out: Path, count: int, settings: "FitSettings"
) -> "tuple[MeasuredSet, FitResult]":
    from pipelines.domain_gap.fit import fit_recipe, number_of_rounds
    from pipelines.domain_gap.line_set import open_real_lines, read_lines
    from pipelines.progress import progress_bar

    source = read_lines(open_real_lines(real), count, settings.seed)
    with progress_bar("fitting", total=number_of_rounds(source, settings), unit="rounds") as bar:
        return source, fit_recipe(source, recipe, out, settings, bar.advance)


def _fit_scenes(
    real: str, recipe: "ResolvedRecipe", out: Path, count: int, settings: "FitSettings"
) -> "tuple[MeasuredSet, FitResult]":
    from pipelines.datasets.open import open_scene_source
    from pipelines.domain_gap.scene_fit import fit_scene_recipe
    from pipelines.domain_gap.scene_set import read_scenes
    from pipelines.progress import progress_bar

    source = read_scenes(open_scene_source(real), count, settings.seed, settings.level)
    with progress_bar("fitting", total=settings.rounds + 1, unit="rounds") as bar:
        return source, fit_scene_recipe(source, recipe, out, settings, bar.advance)


def _write(result: "FitResult", real: "MeasuredSet", out: Path, page: Path) -> "Sequence[SettingChange]":
    """Write the recipe and the page, and return the notable changes, the largest first."""
    from pipelines.domain_gap.changes import notable
    from pipelines.domain_gap.fit_result import describe_changes, example_lines
    from pipelines.reports.fit_page import FitExamples, fit_page

    changes = describe_changes(result)
    shown = notable(changes)
    write_output(out, result.to_yaml(shown))
    shown_count = _EXAMPLES[result.subject]
    step = max(len(real) // shown_count, 1)
    generated = [example_lines(recipe, shown_count) for recipe in (result.base, result.recipe)]
    examples = FitExamples(real.images[::step][:shown_count], generated[0], generated[1])
    write_output(page, fit_page(result, changes, examples))
    return shown
