"""`ocrmill evaluate`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.evaluate import Evaluation
    from pipelines.reader import RecognitionSource
    from pipelines.run import Run


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a trained recognizer.")],
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Data sets, label files or LMDBs.")],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write {source: scores} there.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="HTML", help="Write a page of the worst lines there.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Most lines read at once.")] = 64,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16 where that is safe.")] = False,
) -> None:
    """Score a trained recognizer on labelled lines.

    Scores run from 0 to 1. accuracy: share of lines read exactly. alphanumeric: the same for ASCII letters and digits
    alone, case ignored, which is what papers report. without spaces: exact but for spaces. similarity: 1 less the mean
    normalised edit distance.

    Example: ocrmill evaluate runs/first data/heldout photos/labels.tsv --json scores.json --report worst.html
    """
    if run.suffix.lower() == ".onnx":
        raise InputError(f"{run}: only a RUN folder can be evaluated, not an ONNX file; name the folder it came from")
    for path in (json, report):
        if path is not None and not path.absolute().parent.is_dir():
            raise InputError(f"{path} cannot be written: there is no folder {path.absolute().parent}")

    from pipelines.evaluate import worst_report
    from pipelines.reader import open_source
    from pipelines.run import Run
    from pipelines.shards.files import write_file

    recognizer, opened = Run.open(run), {name: open_source(name) for name in sources}
    evaluations = _evaluate_all(recognizer, opened, batch_size, bf16)
    _print_table(evaluations)
    if json is not None:
        write_file(json, _to_json(evaluations))
    if report is not None:
        write_file(report, worst_report(f"{run} on {', '.join(evaluations)}", list(evaluations.values())))


def _evaluate_all(
    run: "Run", sources: Mapping[str, "RecognitionSource"], batch_size: int, bf16: bool
) -> dict[str, "Evaluation"]:
    from models.ctc import CTCCodec
    from pipelines.evaluate import evaluate_recognizer
    from pipelines.progress import progress

    model, codec = run.load_recognizer(), CTCCodec(run.charset)
    with progress("reading", total=sum(map(len, sources.values())), unit="lines") as bar:
        return {
            name: evaluate_recognizer(
                model,
                codec,
                source,
                run.preprocessing,
                batch_size=batch_size,
                precision="bf16" if bf16 else "fp32",
                advance=bar.advance,
            )
            for name, source in sources.items()
        }


def _print_table(evaluations: Mapping[str, "Evaluation"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("source", "samples", "accuracy", "alphanumeric", "without spaces", "similarity")
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for name, evaluation in evaluations.items():
        scores = evaluation.scores
        letters = f"{scores.alphanumeric_accuracy:.4f}" if scores.alphanumeric_samples else "-"
        rest = (scores.accuracy_without_spaces, scores.normalized_edit_similarity)
        table.add_row(name, f"{scores.samples:,}", f"{scores.accuracy:.4f}", letters, *(f"{s:.4f}" for s in rest))
    Console().print(table)


def _to_json(evaluations: Mapping[str, "Evaluation"]) -> str:
    import json

    scores = {name: evaluation.scores.as_dict() for name, evaluation in evaluations.items()}
    return json.dumps(scores, indent=2, ensure_ascii=False) + "\n"
