"""`ocrmill import`."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def import_(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A label file (path, tab, text), or an LMDB folder.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the data set.")],
    form: Annotated[
        Literal["paddleocr", "lmdb"] | None,
        typer.Option("--from", help="What SOURCE must be; by default it is looked at."),
    ] = None,
) -> None:
    """Make a data set of ours from labelled pictures of lines.

    Pictures are stored byte for byte. Lines that cannot be used (picture missing or broken, empty label) are counted
    and left out. The same command again goes on where it stopped.

    Example: ocrmill import photos/labels.tsv -o data/photos
    """
    from pipelines.importing import open_import
    from pipelines.progress import progress

    job = open_import(source, form)
    with progress("importing", total=len(job.source), unit="lines") as bar:
        statistics = job.write(output, bar.advance)
    left_out = ", ".join(f"{count:,} {reason}" for reason, count in statistics.gaps.most_common())
    print(f"{output}: {statistics.rows:,} lines" + (f"; left out: {left_out}" if left_out else ""))
