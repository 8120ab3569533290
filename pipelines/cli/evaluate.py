"""`ocrmill evaluate`."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipelines.cli.out import check_file
from synthtext.core import InputError, Level

if TYPE_CHECKING:
    from models.detection_metric import DetectionScores
    from models.metrics import RecognitionScores
    from pipelines.evaluate import Evaluation
    from pipelines.networks import Precision, TextDetector, TextRecognizer


def evaluate(
    network: Annotated[
        Path, typer.Argument(metavar="RUN_OR_ONNX", help="Folder of a trained network, or an ONNX file.")
    ],
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="Data sets, label files or LMDBs; label files for a detector."),
    ],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write {source: scores} there.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a page of the worst lines there.")] = None,
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

    Example: ocrmill evaluate runs/first data/heldout photos/labels.tsv --json scores.json --report worst.html
    """
    for path in (json, report):
        if path is not None:
            check_file(path)

    from pipelines.exchange.opening import kind_of, open_detector, open_recognizer

    precision: Precision = "bf16" if bf16 else "fp32"
    if kind_of(network) == "detector":
        if report is not None or charset is not None:
            raise InputError(f"{network} is a detector: --report and --charset are for recognizers")
        detector = open_detector(network, runtime="torch", precision=precision).resized(min_side, max_side)
        found = _evaluate_detector(detector, sources, level)
        _print_table(_DETECTOR_COLUMNS, found)
        _write_scores(json, found)
        return
    if min_side is not None or max_side is not None:
        raise InputError(f"{network} is a recognizer: --min-side and --max-side are for detectors")
    recognizer = open_recognizer(network, runtime="torch", charset=charset, precision=precision)
    evaluations = _evaluate_recognizer(recognizer, sources, batch_size)
    scores = {name: evaluation.scores for name, evaluation in evaluations.items()}
    _print_table(_RECOGNIZER_COLUMNS, scores)
    _write_scores(json, scores)
    if report is not None:
        from pipelines.evaluate import worst_report
        from pipelines.shards.files import write_file

        write_file(report, worst_report(f"{network} on {', '.join(evaluations)}", list(evaluations.values())))


def _evaluate_recognizer(
    recognizer: "TextRecognizer", names: Iterable[str], batch_size: int
) -> "dict[str, Evaluation]":
    from pipelines.evaluate import evaluate_recognizer
    from pipelines.progress import progress
    from pipelines.reader import open_source

    sources = {name: open_source(name) for name in names}
    with progress("reading", total=sum(map(len, sources.values())), unit="lines") as bar:
        return {
            name: evaluate_recognizer(recognizer, source, batch_size=batch_size, advance=bar.advance)
            for name, source in sources.items()
        }


def _evaluate_detector(detector: "TextDetector", names: Iterable[str], level: Level) -> "dict[str, DetectionScores]":
    from pipelines.evaluate import evaluate_detector
    from pipelines.progress import progress
    from pipelines.reader import open_scenes
    from pipelines.reader.problems import describe_problems

    sources = {name: open_scenes(name) for name in names}
    with progress("looking", total=sum(map(len, sources.values())), unit="pictures") as bar:
        found = {name: evaluate_detector(detector, source, bar.advance, level) for name, source in sources.items()}
    for name, evaluation in found.items():
        if evaluation.problems:
            print(f"{name}: labels {describe_problems(evaluation.problems)}", file=sys.stderr)
    return {name: evaluation.scores for name, evaluation in found.items()}


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


def _write_scores(path: Path | None, scores: "Mapping[str, RecognitionScores | DetectionScores]") -> None:
    import json

    from pipelines.shards.files import write_file

    if path is not None:
        tree = {name: row.as_dict() for name, row in scores.items()}
        write_file(path, json.dumps(tree, indent=2, ensure_ascii=False) + "\n")
