"""`ocrmill evaluate`."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from pipelines.cli.options import check_writable_file
from synthtext.core import InputError, Level

if TYPE_CHECKING:
    from models.detection_metric import DetectionScores
    from models.metrics import RecognitionScores
    from pipelines.inference.engine import Precision
    from pipelines.inference.predictors import TextDetector, TextRecognizer


def evaluate_command(
    network: Annotated[
        Path, typer.Argument(metavar="RUN_OR_ONNX", help="Folder of a trained network, or an ONNX file.")
    ],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Data sets, label files or LMDBs: of lines, or of scenes for a detector."
        ),
    ],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write {source: scores} there.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="HTML", help="Write a page there: where it fails, and the worst lines or pictures."),
    ] = None,
    slices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the counts behind that page there, as JSON by source.")
    ] = None,
    charset: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Dictionary of an ONNX recognizer that does not name its own.")
    ] = None,
    min_side: Annotated[
        int | None, typer.Option(min=32, help="Detector: enlarge pictures whose shorter side is below it. \\[736]")
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(min=32, help="Detector: shrink pictures whose longer side is above it, instead.")
    ] = None,
    level: Annotated[
        Literal["word", "line", "block"],
        typer.Option(help="Detector: the texts to be found in data sets that label blocks, lines and words."),
    ] = "word",
    batch_size: Annotated[int, typer.Option(min=1, help="Most lines read at once.")] = 64,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16 where that is safe (of a RUN).")] = False,
) -> None:
    """Score a recognizer on labelled lines, or a detector on labelled pictures.

    Scores run from 0 to 1. Of a recognizer: accuracy is the share of lines read exactly; alphanumeric the same for
    ASCII letters and digits alone, case ignored, which is what papers report; without spaces exact but for spaces;
    similarity 1 less the mean normalised edit distance. Of a detector: precision, recall and hmean are those of ICDAR
    2015; covered is the share of texts of which 70 % lie inside detections, on text the share of detections that lie on
    labelled text.

    The page shows where a network fails. A recognizer: accuracy by length, size, contrast, script, font, corpus and
    effect, which characters are read for which, and the worst lines. A detector: which texts are missed or merged into
    one box and which detections are invented, by size, angle, contrast, length and origin, and the worst pictures.

    Example: ocrmill evaluate runs/first data/heldout photos/labels.tsv --json scores.json --report page.html
    """
    for path in (json, report, slices):
        if path is not None:
            check_writable_file(path)

    from pipelines.inference.resolve import model_kind, open_detector, open_recognizer

    precision: Precision = "bf16" if bf16 else "fp32"
    title = f"{network} on {', '.join(sources)}"
    if model_kind(network) == "detector":
        if charset is not None:
            raise InputError(f"{network} is a detector: --charset is for recognizers")
        detector = open_detector(network, runtime="torch", precision=precision).with_input_limits(min_side, max_side)
        result = _evaluate_detector(detector, sources, level, title if report or slices else None)
        _print_table(_DETECTOR_COLUMNS, result.scores)
    else:
        if min_side is not None or max_side is not None:
            raise InputError(f"{network} is a recognizer: --min-side and --max-side are for detectors")
        recognizer = open_recognizer(network, runtime="torch", charset=charset, precision=precision)
        result = _evaluate_recognizer(recognizer, sources, batch_size, title if report or slices else None)
        _print_table(_RECOGNIZER_COLUMNS, result.scores)
    _write(json, _tree({name: row.as_dict() for name, row in result.scores.items()}))
    _write(slices, _tree(result.slices))
    _write(report, result.page)


class _Result(NamedTuple):
    """What is printed and written."""

    scores: "Mapping[str, RecognitionScores | DetectionScores]"
    slices: dict[str, Any]
    page: str


def _evaluate_recognizer(
    recognizer: "TextRecognizer", names: Iterable[str], batch_size: int, title: str | None
) -> _Result:
    """Read every source, and analyse too where there is to be a page of this title."""
    from pipelines.datasets.open import open_line_source
    from pipelines.evaluation.recognizer import analyse_recognizer, evaluate_recognizer
    from pipelines.evaluation.slice_report import recognizer_slices
    from pipelines.progress import progress_bar
    from pipelines.reports.recognizer_report import recognizer_report

    sources = {name: open_line_source(name) for name in names}
    with progress_bar("reading", total=sum(map(len, sources.values())), unit="lines") as bar:
        found = {
            name: evaluate_recognizer(recognizer, source, batch_size=batch_size, advance=bar.advance)
            for name, source in sources.items()
        }
    scores = {name: evaluation.scores for name, evaluation in found.items()}
    if title is None:
        return _Result(scores, {}, "")
    analyses = {name: analyse_recognizer(evaluation) for name, evaluation in found.items()}
    slices = {name: recognizer_slices(analysis) for name, analysis in analyses.items()}
    return _Result(scores, slices, recognizer_report(title, list(analyses.values())))


def _evaluate_detector(detector: "TextDetector", names: Iterable[str], level: Level, title: str | None) -> _Result:
    """Evaluate on every source, and analyse too where there is to be a page of this title."""
    from pipelines.datasets.open import open_scene_source
    from pipelines.datasets.source import describe_label_problems
    from pipelines.evaluation.detector import analyse_detector, evaluate_detector
    from pipelines.evaluation.slice_report import detector_slices
    from pipelines.progress import progress_bar
    from pipelines.reports.detector_report import detector_report

    sources = {name: open_scene_source(name) for name in names}
    with progress_bar("looking", total=sum(map(len, sources.values())), unit="pictures") as bar:
        if title is None:
            found = {name: evaluate_detector(detector, source, bar.advance, level) for name, source in sources.items()}
        else:
            analyses = {
                name: analyse_detector(detector, source, bar.advance, level) for name, source in sources.items()
            }
            found = {name: analysis.evaluation for name, analysis in analyses.items()}
    for name, evaluation in found.items():
        if evaluation.problems:
            print(f"{name}: labels {describe_label_problems(evaluation.problems)}", file=sys.stderr)
    scores = {name: evaluation.scores for name, evaluation in found.items()}
    if title is None:
        return _Result(scores, {}, "")
    slices = {name: detector_slices(analysis) for name, analysis in analyses.items()}
    return _Result(scores, slices, detector_report(title, list(analyses.values())))


_RECOGNIZER_COLUMNS = {
    "samples": "samples",
    "accuracy": "accuracy",
    "alphanumeric": "alphanumeric_accuracy",
    "without spaces": "accuracy_without_spaces",
    "similarity": "normalized_edit_similarity",
}
_DETECTOR_COLUMNS = {
    "images": "images",
    "texts": "instances",
    "precision": "precision",
    "recall": "recall",
    "hmean": "hmean",
    "on text": "coverage_precision",
    "covered": "coverage_recall",
}


def _print_table(columns: Mapping[str, str], scores: "Mapping[str, RecognitionScores | DetectionScores]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("source", *columns)
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for name, row in scores.items():
        values: dict[str, Any] = {**row.as_dict()}
        if values.get("alphanumeric_accuracy") == 0 and not getattr(row, "alphanumeric_samples", 1):
            values["alphanumeric_accuracy"] = "-"
        table.add_row(name, *(_shown(values[key]) for key in columns.values()))
    Console().print(table)


def _shown(value: float | str) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return value if isinstance(value, str) else f"{value:,}"


def _tree(tree: Mapping[str, Any]) -> str:
    import json

    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path | None, content: str) -> None:
    from pipelines.io.atomic import write_atomic

    if path is not None:
        write_atomic(path, content)
