"""`ocrmill import`, `ocrmill export-data`, `ocrmill crops` and `ocrmill check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.job_summary import print_summary
from pipelines.cli.options import (
    AddressOption,
    FormatOption,
    OutOption,
    ShardSizeOption,
    WorkersOption,
    require_local_path,
)

if TYPE_CHECKING:
    from pipelines.jobs.check_dataset import CheckReport

_REPAIR = "--repair writes this shard again"


def import_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A label file (path, tab, text or JSON), an LMDB, a folder of ICDAR's, a COCO-Text file.",
        ),
    ],
    out: OutOption,
    source_format: Annotated[
        Literal["paddleocr", "icdar", "lmdb", "coco-text"] | None,
        typer.Option("--from", help="Format of SOURCE.", show_default="detected"),
    ] = None,
    workers: WorkersOption = None,
    address: AddressOption = None,
    shard_size: ShardSizeOption = None,
    format: FormatOption = "parquet",
) -> None:
    """Import labelled images of lines or scenes as a dataset.

    Images are stored byte for byte. Those that cannot be used (image missing or broken, label missing, empty or
    unreadable) are skipped and counted. Polygons that cross themselves or run counterclockwise are repaired and
    counted; invalid ones, and those outside of the image, are left out and counted. Re-run the same command to resume.

    icdar: a folder with images and gt_NAME.txt (x1,y1,...,x4,y4,text, or more points), in it or in its subfolders.
    coco-text: a JSON file (imgs and anns, or COCO's images and annotations), images beside it or in images/.

    Example: ocrmill import icdar2015/train -o data/train
    """
    from pipelines.jobs.importing import import_data

    print_summary(
        import_data(
            source,
            out,
            source_format=source_format,
            workers=workers,
            address=address,
            shard_size=shard_size,
            format=format,
        )
    )


def export_data_command(
    source: Annotated[
        str, typer.Argument(metavar="DIR", help="A dataset of lines or scenes, a label file or an LMDB.")
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="OUT", help="New or empty folder.")
    ],
    format: Annotated[
        Literal["paddleocr", "icdar", "lmdb", "doctr", "coco", "coco-text", "webdataset"],
        typer.Option("--to", help="The format."),
    ],
) -> None:
    """Write a dataset in the format of other tools, and report what that format does not support.

    Images are written byte for byte. paddleocr: labels.tsv and images/. icdar (scenes): gt/gt_NAME.txt with four
    corners and a text on each line, and images/NAME. lmdb: image-%09d, label-%09d and, with all that is known of the
    texts, meta-%09d. doctr: labels.json and images/, for RecognitionDataset or DetectionDataset. coco (scenes):
    annotations.json and images/. coco-text (scenes): cocotext.json and images/. webdataset: shard-%06d.tar with
    KEY.jpg, KEY.txt of lines, and KEY.json.

    Of nested texts the innermost are written; LMDB and WebDataset have all. Provenance is not written. Images that are
    missing or broken, and labels that cannot be read, are left out and counted. OUT appears when it is complete.

    Example: ocrmill export-data data/receipts -o receipts-icdar --to icdar

    Example: ocrmill export-data data/lines -o lines-tar --to webdataset
    """
    from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
    from pipelines.datasets.source import describe_label_problems
    from pipelines.errors import format_counts
    from pipelines.jobs.export import export_data
    from pipelines.progress import progress_bar

    kind = dataset_kind(source)
    total = len(open_scene_source(source) if kind == "scenes" else open_line_source(source))
    with progress_bar("exporting", total=total, unit=kind) as bar:
        summary = export_data(source, format, out, bar.advance)
    texts = f" with {summary.texts:,} texts" if kind == "scenes" else ""
    print(f"{out}: {summary.images:,} {kind}{texts}")
    if summary.left_out:
        print(f"{kind} left out: {format_counts(summary.left_out)}")
    if summary.unsupported:
        print(f"not supported by this format: {format_counts(summary.unsupported)}")
    if summary.problems:
        print(f"labels {describe_label_problems(summary.problems)}")


def crops_command(
    scenes: Annotated[
        str, typer.Argument(metavar="SCENES", help="A dataset of scenes, a label file of scenes, or an LMDB.")
    ],
    out: OutOption,
    level: Annotated[
        Literal["leaves", "word", "line", "block"],
        typer.Option(help="Texts to cut out; leaves: those that contain no other text."),
    ] = "leaves",
    image_format: Annotated[
        Literal["jpeg", "png"], typer.Option(help="Format of the images; jpeg: of quality 95.")
    ] = "jpeg",
    workers: WorkersOption = None,
    address: AddressOption = None,
    shard_size: ShardSizeOption = None,
    format: FormatOption = "parquet",
) -> None:
    """Cut the texts out of scenes: a dataset of upright lines for recognizers.

    A text is cut out along its polygon and straightened, curved ones too. A text that is 1.5 times as high as wide is
    taken to run downwards and is rotated, as in inference. Ignored texts and texts without characters are left out and
    counted. Re-run the same command to resume an interrupted job.

    Example: ocrmill crops data/receipts -o data/receipt-lines
    """
    from pipelines.jobs.crops import crops

    print_summary(
        crops(
            scenes,
            out,
            level=level,
            image_format=image_format,
            workers=workers,
            address=address,
            shard_size=shard_size,
            format=format,
        )
    )


def check_command(
    folder: Annotated[
        str,
        typer.Argument(metavar="DIR|URI", help="A dataset of lines or scenes, on a disk or on object storage."),
    ],
    repair: Annotated[bool, typer.Option("--repair", help="Write the damaged shards again.")] = False,
    workers: Annotated[int, typer.Option(metavar="W", help="Ray processes; 0: this process alone.")] = 0,
) -> None:
    """Check a dataset: every shard with its manifest and checksum, every image, label, polygon and key.

    Each problem is a line: where, what, and how to fix it; of each kind the first five, then their number. Nothing is
    changed without --repair. A repair removes the damaged shards and resumes the job that created the dataset, which
    writes the same bytes; it is refused where fonts, files or library versions would give others.

    Exit status: 0 without problems, 1 with problems (after a repair: those that are left), 2 if DIR is no dataset or
    the repair is refused.

    Example: ocrmill check data/train --repair
    """
    from pipelines.jobs.check_dataset import check_dataset
    from pipelines.jobs.repair import repair_dataset

    report = check_dataset(folder, workers)
    _print_report(report)
    if repair and report.problems.counts:
        report = repair_dataset(report, workers)
        print("after the repair:")
        _print_report(report)
    if report.problems.counts:
        raise typer.Exit(1)


def _print_report(report: "CheckReport") -> None:
    for line in report.problems.lines(_REPAIR):
        print(line)
    count, damaged, description = (
        report.problems.counts.total(),
        len(report.problems.damaged_shards),
        report.description,
    )
    content = (
        f"{report.statistics.rows:,} {description.kind} of digest {description.digest[:8]}"
        if description
        else "a dataset without description"
    )
    shards = f" in {damaged:,} shards" if damaged else ""
    print(f"{report.path}: {content}, " + (f"{count:,} problems{shards}" if count else "no problem found"))
