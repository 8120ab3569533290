"""`ocrmill split` and `ocrmill publish`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import options
from pipelines.cli.data import print_report
from pipelines.errors import format_counts


def split_command(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS", help="A label file of lines or scenes: path, tab, text or JSON.")
    ],
    splits: Annotated[list[str], typer.Argument(metavar="NAME=SHARE...", help="Shares that add up to 1.")],
    out: Annotated[
        Path, options.output_option("DIR", "Folder of the new label files, NAME.txt, with the images below it.")
    ],
) -> None:
    """Split the labels of real images, such as into training and validation.

    A hash of the image file decides into which file a label goes: copies of an image stay together, and labels that are
    added later do not move the others. Images are not copied; labels whose image is missing are left out and counted.
    Re-running the command writes the same files.

    Example: ocrmill split photos/labels.tsv -o photos train=0.8 val=0.2
    """
    from pipelines.io.split import parse_splits
    from pipelines.jobs.splits import split_labels

    counts, missing = split_labels(labels, out, parse_splits(splits))
    for path, count in counts.items():
        print(f"{path}: {count:,} labels")
    if missing:
        print(f"labels left out: {format_counts({'image missing': missing})}")


def publish_command(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A dataset, or a folder of splits.")],
    workers: options.CheckWorkers = 0,
) -> None:
    """Prepare a dataset for the Hugging Face Hub, verify it, and print the command that uploads it.

    Nothing is uploaded. The card, README.md, is written where it is out of date: edits of its text and of other keys of
    its header, such as license, are kept. Every shard is checked as by `ocrmill check`, and the folder is loaded with
    Hugging Face `datasets` where that is installed. Exit status: 0 if it can be uploaded, 1 with problems.

    Example: ocrmill publish data/lines
    """
    from pipelines.jobs.publish import prepare_publication

    publication = prepare_publication(folder, workers)
    for report in publication.reports:
        print_report(report)
    for note in publication.notes:
        print(note)
    if not publication.command:
        raise typer.Exit(1)
    print(f"to upload it: {publication.command}")
