"""`ocrmill import`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.options import on_this_machine


def import_(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A label file (path, tab, text or JSON), an LMDB, a folder of ICDAR's, a COCO-Text file.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="DIR", help="Folder for the data set.")
    ],
    form: Annotated[
        Literal["paddleocr", "icdar", "lmdb", "coco-text"] | None,
        typer.Option("--from", help="What SOURCE must be; by default it is looked at."),
    ] = None,
) -> None:
    """Make a data set of ours from labelled pictures of lines or of scenes.

    Pictures are stored byte for byte. Those that cannot be used (picture missing or broken, label missing, empty or
    unreadable) are counted and left out. Polygons that cross themselves or run the wrong way are mended and counted;
    what is no polygon, or lies outside of the picture, is left out and counted. The same command again goes on where
    it stopped.

    icdar: a folder with pictures and gt_NAME.txt (x1,y1,...,x4,y4,text, or more points), in it or in folders of it.
    coco-text: a JSON file (imgs and anns, or COCO's images and annotations), pictures beside it or in images/.

    Example: ocrmill import icdar2015/train -o data/train
    """
    from pipelines.counts import describe_counts
    from pipelines.importing import open_import
    from pipelines.progress import progress
    from pipelines.reader.problems import describe_problems

    job = open_import(source, form)
    kind = job.ROW.KIND
    with progress("importing", total=len(job.source), unit=kind) as bar:
        statistics = job.write(out, bar.advance)
    left_out = describe_counts(statistics.gaps)
    print(f"{out}: {statistics.rows:,} {kind}" + (f"; left out: {left_out}" if left_out else ""))
    if kind == "scenes":
        print(f"texts: {statistics.levels.total():,}, of these to be ignored: {statistics.ignored.total():,}")
    if statistics.problems:
        print(f"labels {describe_problems(statistics.problems)}")
