"""The command `ocrmill evaluate`."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias, TypeVar

import typer

from pipelines.cli import options
from pipelines.cli.output import print_table, write_json, write_output
from synthtext.core import InputError, Level

if TYPE_CHECKING:
    from models.detection_metric import DetectionScores
    from models.metrics import RecognitionScores
    from pipelines.datasets.open import LineDataset, SceneDataset
    from pipelines.inference.engine import Precision
    from pipelines.inference.predictors import TextDetector, TextRecognizer
    from pipelines.inference.resolve import Model, Resolved

    DatasetT = TypeVar("DatasetT", LineDataset, SceneDataset)

_Sources: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE...", help="Datasets, label files or LMDBs: of lines, or of scenes for a detector."),
]
_Report: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="HTML", help="Write a page: errors by attribute, and the worst lines or images.")
]
_Slices: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the numbers of that page as JSON, by source.")
]
_Level: TypeAlias = Annotated[
    Literal["word", "line", "block"],
    typer.Option(help="Detector: level of the labels, in datasets that label blocks, lines and words."),
]


def evaluate_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A run directory or an ONNX file.")],
    sources: _Sources,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write {source: scores} to this file.")] = None,
    report: _Report = None,
    slices: _Slices = None,
    charset: options.CharsetFile = None,
    min_side: options.MinSide = None,
    max_side: options.MaxSide = None,
    level: _Level = "word",
    batch_size: Annotated[int, typer.Option(min=1, help="Maximum of the lines in a batch.")] = 64,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16 (run directories only).")] = False,
    allow_outside: options.AllowOutside = False,
    last: options.Last = False,
) -> None:
    """Score a recognizer on labelled lines, or a detector on labelled scenes.

    All scores are from 0 to 1. Scores of a recognizer: accuracy is the share of lines that are read exactly;
    alphanumeric ignores case and everything but ASCII letters and digits, as papers do; without spaces ignores spaces;
    similarity is 1 minus the mean normalised edit distance. Scores of a detector: precision, recall and hmean are those
    of ICDAR 2015; covered is the share of texts of which at least 70 % lie inside detections; on text is the share of
    detections that lie on labelled text. A detection over more than a few lines of text is not on text and covers none.

    --report writes a page about the errors. For a recognizer: accuracy by length, size, contrast, script, font, corpus
    and effect, the confused characters, and the worst lines. For a detector: false negatives, merged texts and false
    positives by size, angle, contrast, length and origin, and the worst images.

    Example: ocrmill evaluate runs/first data/heldout photos/labels.tsv --json scores.json --report page.html

    Example: ocrmill evaluate runs/stopped data/heldout --last
    """
    for path in filter(None, (json, report, slices)):
        options.check_writable_file(path)

    from pipelines.datasets.open import LineDataset, SceneDataset
    from pipelines.inference.resolve import open_detector, open_recognizer

    precision: Precision = "bf16" if bf16 else "fp32"
    title = f"{model} on {', '.join(sources)}" if report or slices else None
    resolved = _resolve_model(model, last=last)
    if resolved.kind == "detector":
        if charset is not None:
            raise InputError(f"{model} is a detector: --charset is for recognizers")
        scenes = _resolve_all(sources, SceneDataset)
        detector = open_detector(resolved, runtime="torch", precision=precision).with_input_limits(min_side, max_side)
        _evaluate_detector(detector, scenes, level, title).write(json, slices, report)
    else:
        if min_side is not None or max_side is not None:
            raise InputError(f"{model} is a recognizer: --min-side and --max-side are for detectors")
        lines = _resolve_all(sources, LineDataset)
        recognizer = open_recognizer(resolved, runtime="torch", charset=charset, precision=precision)
        _evaluate_recognizer(recognizer, lines, batch_size, title).write(json, slices, report)


def _resolve_model(model: Path, *, last: bool) -> "Model":
    """Resolve a network, with the last weights of its training instead of the best ones if `last`."""
    from pipelines.inference.resolve import OnnxModel, resolve_model

    resolved = resolve_model(model)
    if not last:
        return resolved
    if isinstance(resolved, OnnxModel):
        raise InputError(f"{model} is an ONNX file: --last is for run directories")
    return replace(resolved, last=True)


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
    """Scores by source, the columns of their table, the slices for JSON, and the page."""

    scores: "Mapping[str, RecognitionScores | DetectionScores]"
    columns: Mapping[str, str]
    slices: Mapping[str, Any] = {}
    page: str = ""

    def write(self, json: Path | None, slices: Path | None, report: Path | None) -> None:
        """Print the scores, and write the files that are wanted."""
        rows = [(name, *(_format(row, key) for key in self.columns.values())) for name, row in self.scores.items()]
        print_table(("source", *self.columns), rows)
        if json is not None:
            write_json(json, {name: row.as_dict() for name, row in self.scores.items()}, indent=2)
        if slices is not None:
            write_json(slices, self.slices, indent=2)
        if report is not None:
            write_output(report, self.page)


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


def _format(scores: "RecognitionScores | DetectionScores", key: str) -> str:
    if key == "alphanumeric_accuracy" and not getattr(scores, "alphanumeric_samples", 0):
        return "-"
    value = getattr(scores, key)
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"


def _evaluate_recognizer(
    recognizer: "TextRecognizer", datasets: "Mapping[str, LineDataset]", batch_size: int, title: str | None
) -> _Result:
    """Evaluate a recognizer on all datasets; with a title, analyse its errors as well."""
    from pipelines.evaluation.recognizer import analyse_recognizer, evaluate_recognizer
    from pipelines.evaluation.slice_report import recognizer_slices
    from pipelines.progress import progress_bar
    from pipelines.reports.recognizer_report import recognizer_report

    with progress_bar("reading", total=sum(len(data.source) for data in datasets.values()), unit="lines") as bar:
        evaluations = {
            name: evaluate_recognizer(recognizer, data.source, batch_size=batch_size, advance=bar.advance)
            for name, data in datasets.items()
        }
    scores = {name: evaluation.scores for name, evaluation in evaluations.items()}
    if title is None:
        return _Result(scores, _RECOGNIZER_COLUMNS)
    analyses = {name: analyse_recognizer(evaluation) for name, evaluation in evaluations.items()}
    slices = {name: recognizer_slices(analysis) for name, analysis in analyses.items()}
    return _Result(scores, _RECOGNIZER_COLUMNS, slices, recognizer_report(title, list(analyses.values())))


def _evaluate_detector(
    detector: "TextDetector", datasets: "Mapping[str, SceneDataset]", level: Level, title: str | None
) -> _Result:
    """Evaluate a detector on all datasets; with a title, analyse its errors as well."""
    from pipelines.datasets.source import describe_label_problems
    from pipelines.evaluation.detector import analyse_detector, evaluate_detector
    from pipelines.evaluation.slice_report import detector_slices
    from pipelines.progress import progress_bar
    from pipelines.reports.detector_report import detector_report

    evaluations, analyses = {}, {}
    with progress_bar("detecting", total=sum(len(data.source) for data in datasets.values()), unit="images") as bar:
        for name, data in datasets.items():
            if title is None:
                evaluations[name] = evaluate_detector(detector, data.source, bar.advance, level)
            else:
                analyses[name] = analyse_detector(detector, data.source, bar.advance, level)
                evaluations[name] = analyses[name].evaluation
    for name, evaluation in evaluations.items():
        if evaluation.problems:
            print(f"{name}: labels {describe_label_problems(evaluation.problems)}", file=sys.stderr)
    scores = {name: evaluation.scores for name, evaluation in evaluations.items()}
    if title is None:
        return _Result(scores, _DETECTOR_COLUMNS)
    slices = {name: detector_slices(analysis) for name, analysis in analyses.items()}
    return _Result(scores, _DETECTOR_COLUMNS, slices, detector_report(title, list(analyses.values())))
