"""`ocrmill compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import options
from pipelines.cli.output import write_json, write_output
from synthtext.core import InputError, Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.datasets.label_file import DatasetKind
    from pipelines.domain_gap.comparison import Comparison, SceneComparison
    from pipelines.domain_gap.line_set import LineSet

_LINES, _SCENES = 2000, 300  # of each side that are compared by default


def compare_command(
    real: options.RealData,
    drawn: Annotated[
        str,
        typer.Argument(
            metavar="DATA|RECIPE", help="Generated ones: data of the same kind, or a recipe, whose samples are drawn."
        ),
    ],
    settings: Annotated[list[str] | None, options.settings_argument("Settings of the recipe that change.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a page: what differs, and why.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all numbers to this file.")] = None,
    count: Annotated[
        int | None,
        typer.Option(
            *("-n", "--count"),
            min=10,
            metavar="N",
            help="Maximum number of lines or scenes of each side.",
            show_default="2000 lines, 300 scenes",
        ),
    ] = None,
    seed: options.Seed = 0,
    level: options.TextLevel = "word",
    rec: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Also compare features of a recognizer: a run, ONNX file or published."),
    ] = None,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Measure how generated lines or scenes differ from real ones, and which settings of the recipe change it.

    Real lines need no labels. Every line is measured: margins, tilt, strokes, contrast, colours, background, blur,
    noise, resolution and more, and with labels the texts. Scenes need labels. Measured are their texts (heights,
    lengths, angles, gaps to neighbours, contrast, blur), and the scenes (number, density, share of ignored and tiny
    texts, background).

    AUC is from a classifier that tells real from generated ones: 0.5 if they cannot be told apart, 1 if always. The
    page shows the distributions of every feature, what to change, and what no generated line or scene resembles.

    Example: ocrmill compare crops/labels.tsv lines --report compare.html

    Example: ocrmill compare crops lines-receipt -n 1000 effects.12.probability=0.9 --json compare.json

    Example: ocrmill compare photographs/labels.tsv scenes --report compare.html
    """
    for path in filter(None, (report, json)):
        options.check_writable_file(path)
    kind = _common_kind(real, drawn, settings or ())
    comparison: Comparison | SceneComparison
    if kind == "scenes":
        if rec is not None:
            raise InputError(f"{real} holds scenes: --rec compares lines; ocrmill crops cuts lines out of scenes")
        comparison = _compare_scenes((real, drawn), settings or (), count or _SCENES, seed, level)
    else:
        comparison = _compare_lines((real, drawn), settings or (), count or _LINES, seed, rec)
    _print_comparison(comparison)
    if json is not None:
        write_json(json, comparison.to_dict(), indent=2)
    if report is not None:
        from pipelines.reports.comparison_page import comparison_page

        write_output(report, comparison_page(comparison))
        print(f"page: {report} ({report.stat().st_size / 2**20:.1f} MB)")


def _common_kind(real: str, drawn: str, settings: "Sequence[str]") -> "DatasetKind":
    """Return the kind of both sides; raises InputError if they differ."""
    from pipelines.datasets.open import dataset_kind
    from pipelines.recipes.presets import is_recipe
    from pipelines.recipes.resolve import resolve_recipe

    kind = dataset_kind(real)
    other = resolve_recipe(drawn, settings).kind if is_recipe(drawn) else dataset_kind(drawn)
    if other != kind:
        hint = "name a recipe or data of scenes" if kind == "scenes" else "name a recipe or data of lines"
        if kind == "scenes":
            hint += f", or cut out the texts first: ocrmill crops {real} -o LINES"
        raise InputError(f"{real} holds {kind}, and {drawn} {other}, which cannot be compared: {hint}")
    return kind


def _compare_lines(
    specs: tuple[str, str], settings: "Sequence[str]", count: int, seed: int, rec: str | None
) -> "Comparison":
    from pipelines.domain_gap.comparison import compare_lines
    from pipelines.domain_gap.line_set import load_lines, open_real_lines, read_lines

    real = read_lines(open_real_lines(specs[0]), count, seed)
    drawn = load_lines(specs[1], count, seed, settings)
    return compare_lines(real, drawn, seed, None if rec is None else _recognizer_features(rec, real, drawn))


def _compare_scenes(
    specs: tuple[str, str], settings: "Sequence[str]", count: int, seed: int, level: Level
) -> "SceneComparison":
    from pipelines.datasets.open import open_scene_source
    from pipelines.domain_gap.comparison import compare_scenes
    from pipelines.domain_gap.scene_set import load_scenes, read_scenes

    real = read_scenes(open_scene_source(specs[0]), count, seed, level)
    return compare_scenes(real, load_scenes(specs[1], count, seed, settings, level), seed)


def _print_comparison(comparison: "Comparison | SceneComparison") -> None:
    """Print the largest differences with what to change, and the results of the classifiers."""
    from pipelines.domain_gap.difference import describe_difference
    from pipelines.reports.comparison_page import MAX_CHANGES, changed_features, comparison_parts, verdict

    for found, _ in changed_features(comparison)[:MAX_CHANGES]:
        difference, change = describe_difference(found)
        numbers = f"distance {found.distance:.2f}, {found.share_outside:.0%} outside"
        print(f"{found.name}: {difference} ({numbers}) To change: {change.replace('`', '')}.")
    for name, test in comparison.tests.items():
        print(f"AUC on {name}: {test.auc:.3f} ({test.interval[0]:.3f} to {test.interval[1]:.3f})")
    for part in comparison_parts(comparison):
        print(f"{verdict(part)}: {len(part.real):,} real, {len(part.drawn):,} generated")


def _recognizer_features(
    name: str, real: "LineSet", drawn: "LineSet"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    from pipelines.domain_gap.recognizer_features import backbone_features, open_backbone, reduce_features
    from pipelines.progress import progress_bar

    model, preprocessing = open_backbone(name)
    with progress_bar("recognizer", total=len(real) + len(drawn), unit="lines") as bar:
        features = [backbone_features(model, preprocessing, lines.images, bar.advance) for lines in (real, drawn)]
    return reduce_features(features[0], features[1])
