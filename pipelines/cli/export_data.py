"""`ocrmill export-data`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.options import on_this_machine


def export_data(
    source: Annotated[str, typer.Argument(metavar="DIR", help="A data set of lines or scenes; also other sources.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="OUT", help="New or empty folder.")
    ],
    form: Annotated[Literal["paddleocr", "icdar", "lmdb"], typer.Option("--to", help="The format.")],
) -> None:
    """Write a data set in the format of other tools, and say what that format does not hold.

    Pictures are written byte for byte. paddleocr: labels.tsv and images/. icdar (scenes): gt/gt_NAME.txt with four
    corners and a text a line, and images/NAME. lmdb: image-%09d, label-%09d and, with all that is known of the texts,
    meta-%09d. Of texts inside lines or blocks the innermost are written, but to LMDB all. How samples were drawn stays
    behind. Pictures that are missing or broken, and labels that cannot be read, are left out and counted.
    OUT is there when it is whole.

    Example: ocrmill export-data data/receipts -o receipts-icdar --to icdar
    """
    from pipelines.counts import describe_counts
    from pipelines.exporting import export_data as run
    from pipelines.progress import progress
    from pipelines.reader import open_scenes, open_source
    from pipelines.reader.kind import kind_of
    from pipelines.reader.problems import describe_problems

    kind = kind_of(source)
    total = len(open_scenes(source) if kind == "scenes" else open_source(source))
    with progress("writing", total=total, unit=kind) as bar:
        done = run(source, form, out, bar.advance)
    texts = f" with {done.texts:,} texts" if kind == "scenes" else ""
    print(f"{out}: {done.pictures:,} {kind}{texts}")
    if done.left_out:
        print(f"{kind} left out: {describe_counts(done.left_out)}")
    if done.lost:
        print(f"not in this format: {describe_counts(done.lost)}")
    if done.problems:
        print(f"labels {describe_problems(done.problems)}")
