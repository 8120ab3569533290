"""`ocrmill compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import options
from pipelines.cli.output import write_json, write_output

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.domain_gap.comparison import Comparison
    from pipelines.domain_gap.line_set import LineSet


def compare_command(
    real: Annotated[
        str, typer.Argument(metavar="REAL", help="Real lines: a dataset, label file, LMDB or folder of images.")
    ],
    drawn: Annotated[
        str, typer.Argument(metavar="DATA|RECIPE", help="Generated lines: the same, or a recipe, which is drawn.")
    ],
    settings: Annotated[list[str] | None, options.settings_argument("Settings of the recipe that change.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a page: what differs, and why.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all numbers to this file.")] = None,
    count: Annotated[
        int, typer.Option("-n", "--count", min=10, metavar="N", help="Maximum number of lines of each side.")
    ] = 2000,
    seed: options.Seed = 0,
    rec: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Also compare features of a recognizer: a run, ONNX file or published."),
    ] = None,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Measure how generated lines differ from real ones, and which settings of the recipe change it.

    The real lines need no labels. Every line is measured: margins, tilt, strokes, contrast, colours, background, blur,
    noise, resolution and more, and with labels the texts. AUC is from a classifier that tells real from generated
    lines: 0.5 if they cannot be told apart, 1 if always. The page shows the distributions of every feature, what to
    change, and the real lines that no generated line resembles.

    Example: ocrmill compare photos/labels.tsv lines --report compare.html

    Example: ocrmill compare crops lines-receipt -n 1000 effects.12.probability=0.9 --json compare.json
    """
    for path in filter(None, (report, json)):
        options.check_writable_file(path)

    from pipelines.domain_gap.comparison import compare_lines
    from pipelines.domain_gap.line_set import load_lines, open_real_lines, read_lines

    source = open_real_lines(real)
    generated = load_lines(drawn, count, seed, settings or ())
    lines = read_lines(source, count, seed)
    comparison = compare_lines(
        lines, generated, seed, None if rec is None else _recognizer_features(rec, lines, generated)
    )
    _print_comparison(comparison)
    if json is not None:
        write_json(json, comparison.to_dict(), indent=2)
    if report is not None:
        from pipelines.reports.comparison_page import comparison_page

        write_output(report, comparison_page(comparison))
        print(f"page: {report} ({report.stat().st_size / 2**20:.1f} MB)")


def _print_comparison(comparison: "Comparison") -> None:
    """Print the largest differences with what to change, and the results of the classifiers."""
    from pipelines.domain_gap.advice import describe_difference
    from pipelines.reports.comparison_page import MAX_CHANGES, changed_features, verdict

    for found in changed_features(comparison)[:MAX_CHANGES]:
        difference, change = describe_difference(found)
        numbers = f"distance {found.distance:.2f}, {found.share_outside:.0%} outside"
        print(f"{found.name}: {difference} ({numbers}) To change: {change.replace('`', '')}.")
    for name, test in comparison.tests.items():
        print(f"AUC on {name}: {test.auc:.3f} ({test.interval[0]:.3f} to {test.interval[1]:.3f})")
    sizes = f"{len(comparison.real):,} real, {len(comparison.drawn):,} generated"
    print(f"{verdict(comparison.tests['images'])}: {sizes}")


def _recognizer_features(
    name: str, real: "LineSet", drawn: "LineSet"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    from pipelines.domain_gap.recognizer_features import backbone_features, open_backbone, reduce_features
    from pipelines.progress import progress_bar

    model, preprocessing = open_backbone(name)
    with progress_bar("recognizer", total=len(real) + len(drawn), unit="lines") as bar:
        features = [backbone_features(model, preprocessing, lines.images, bar.advance) for lines in (real, drawn)]
    return reduce_features(features[0], features[1])
