"""`ocrmill export`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import on_this_machine
from pipelines.cli.out import check_file


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a trained network.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="FILE.onnx", help="File to write.")
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
    check_file(out)

    from pipelines.exchange.export import export as write
    from pipelines.run import Run

    opened = Run.open(run)
    write(opened if network is None else opened.of_member(network), out)
