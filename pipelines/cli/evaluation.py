"""The command `ocrmill evaluate`."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeVar

import typer

from pipelines.cli.options import check_writable_file
from synthtext.core import InputError, Level

if TYPE_CHECKING:
    from models.detection_metric import DetectionScores
    from models.metrics import RecognitionScores
    from pipelines.datasets.open import LineDataset, SceneDataset
    from pipelines.datasets.scene_source import SceneSource
    from pipelines.datasets.source import LineSource
    from pipelines.inference.engine import Precision
    from pipelines.inference.predictors import TextDetector, TextRecognizer
    from pipelines.inference.resolve import Resolved

    DatasetT = TypeVar("DatasetT", LineDataset, SceneDataset)


def evaluate_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A run directory or an ONNX file.")],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Datasets, label files or LMDBs: of lines, or of scenes for a detector."
        ),
    ],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write {source: scores} to this file.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="HTML", help="Write a page: errors by attribute, and the worst lines or images."),
    ] = None,
    slices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the numbers of that page as JSON, by source.")
    ] = None,
    charset: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Dictionary for an ONNX recognizer that does not contain one.")
    ] = None,
    min_side: Annotated[
        int | None, typer.Option(min=32, help="Detector: enlarge images whose shorter side is below it. \\[736]")
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(min=32, help="Detector: shrink images whose longer side is above it, instead.")
    ] = None,
    level: Annotated[
        Literal["word", "line", "block"],
        typer.Option(help="Detector: level of the labels, in datasets that label blocks, lines and words."),
    ] = "word",
    batch_size: Annotated[int, typer.Option(min=1, help="Maximum of the lines in a batch.")] = 64,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16 (run directories only).")] = False,
) -> None:
    """Score a recognizer on labelled lines, or a detector on labelled scenes.

    All scores are from 0 to 1. Scores of a recognizer: accuracy is the share of lines that are read exactly;
    alphanumeric ignores case and everything but ASCII letters and digits, as papers do; without spaces ignores spaces;
    similarity is 1 minus the mean normalised edit distance. Scores of a detector: precision, recall and hmean are those
    of ICDAR 2015; covered is the share of texts of which at least 70 % lie inside detections; on text is the share of
    detections that lie on labelled text.

    --report writes a page about the errors. For a recognizer: accuracy by length, size, contrast, script, font, corpus
    and effect, the confused characters, and the worst lines. For a detector: false negatives, merged texts and false
    positives by size, angle, contrast, length and origin, and the worst images.

    Example: ocrmill evaluate runs/first data/heldout photos/labels.tsv --json scores.json --report page.html
    """
    for path in (json, report, slices):
        if path is not None:
            check_writable_file(path)

    from pipelines.datasets.open import LineDataset, SceneDataset
    from pipelines.inference.resolve import open_detector, open_recognizer, resolve_model

    precision: Precision = "bf16" if bf16 else "fp32"
    title = f"{model} on {', '.join(sources)}" if report or slices else None
    resolved = resolve_model(model)
    if resolved.kind == "detector":
        if charset is not None:
            raise InputError(f"{model} is a detector: --charset is for recognizers")
        scenes = _resolve_all(sources, SceneDataset)
        detector = open_detector(resolved, runtime="torch", precision=precision).with_input_limits(min_side, max_side)
        result = _evaluate_detector(detector, {k: d.source for k, d in scenes.items()}, level, title)
        _print_table(_DETECTOR_COLUMNS, result.scores)
    else:
        if min_side is not None or max_side is not None:
            raise InputError(f"{model} is a recognizer: --min-side and --max-side are for detectors")
        lines = _resolve_all(sources, LineDataset)
        recognizer = open_recognizer(resolved, runtime="torch", charset=charset, precision=precision)
        result = _evaluate_recognizer(recognizer, {k: d.source for k, d in lines.items()}, batch_size, title)
        _print_table(_RECOGNIZER_COLUMNS, result.scores)
    _write(json, _to_json({name: row.as_dict() for name, row in result.scores.items()}))
    _write(slices, _to_json(result.slices))
    _write(report, result.page)


def _resolve_all(specs: Iterable[str], kind: "type[DatasetT]") -> "dict[str, DatasetT]":
    from pipelines.inference.resolve import resolve

    datasets = {}
    for spec in specs:
        dataset = resolve(spec)
        if not isinstance(dataset, kind):
            raise InputError(f"{spec} is {_describe(dataset)}; evaluate recognizers on lines, and detectors on scenes")
        datasets[spec] = dataset
    return datasets


def _describe(resolved: "Resolved") -> str:
    from pipelines.datasets.open import LineDataset, SceneDataset

    if isinstance(resolved, LineDataset | SceneDataset):
        return f"a dataset of {'lines' if isinstance(resolved, LineDataset) else 'scenes'}"
    return f"a {resolved.kind}, not a dataset"


class _Result(NamedTuple):
    """Scores by source, the slices for JSON, and the page."""

    scores: "Mapping[str, RecognitionScores | DetectionScores]"
    slices: dict[str, Any]
    page: str


def _evaluate_recognizer(
    recognizer: "TextRecognizer", sources: "Mapping[str, LineSource]", batch_size: int, title: str | None
) -> _Result:
    """Evaluate a recognizer on all sources; with a title, analyse its errors as well."""
    from pipelines.evaluation.recognizer import analyse_recognizer, evaluate_recognizer
    from pipelines.evaluation.slice_report import recognizer_slices
    from pipelines.progress import progress_bar
    from pipelines.reports.recognizer_report import recognizer_report

    with progress_bar("reading", total=sum(map(len, sources.values())), unit="lines") as bar:
        evaluations = {
            name: evaluate_recognizer(recognizer, source, batch_size=batch_size, advance=bar.advance)
            for name, source in sources.items()
        }
    scores = {name: evaluation.scores for name, evaluation in evaluations.items()}
    if title is None:
        return _Result(scores, {}, "")
    analyses = {name: analyse_recognizer(evaluation) for name, evaluation in evaluations.items()}
    slices = {name: recognizer_slices(analysis) for name, analysis in analyses.items()}
    return _Result(scores, slices, recognizer_report(title, list(analyses.values())))


def _evaluate_detector(
    detector: "TextDetector", sources: "Mapping[str, SceneSource]", level: Level, title: str | None
) -> _Result:
    """Evaluate a detector on all sources; with a title, analyse its errors as well."""
    from pipelines.datasets.source import describe_label_problems
    from pipelines.evaluation.detector import analyse_detector, evaluate_detector
    from pipelines.evaluation.slice_report import detector_slices
    from pipelines.progress import progress_bar
    from pipelines.reports.detector_report import detector_report

    analyses = {}
    with progress_bar("detecting", total=sum(map(len, sources.values())), unit="images") as bar:
        if title is None:
            evaluations = {
                name: evaluate_detector(detector, source, bar.advance, level) for name, source in sources.items()
            }
        else:
            analyses = {
                name: analyse_detector(detector, source, bar.advance, level) for name, source in sources.items()
            }
            evaluations = {name: analysis.evaluation for name, analysis in analyses.items()}
    for name, evaluation in evaluations.items():
        if evaluation.problems:
            print(f"{name}: labels {describe_label_problems(evaluation.problems)}", file=sys.stderr)
    scores = {name: evaluation.scores for name, evaluation in evaluations.items()}
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
        table.add_row(name, *(_format(values[key]) for key in columns.values()))
    Console().print(table)


def _format(value: float | str) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return value if isinstance(value, str) else f"{value:,}"


def _to_json(content: Mapping[str, Any]) -> str:
    import json

    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path | None, content: str) -> None:
    from pipelines.io.atomic import write_atomic

    if path is not None:
        write_atomic(path, content)
