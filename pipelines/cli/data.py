"""`ocrmill import`, `ocrmill export-data`, `ocrmill crops` and `ocrmill check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli import options
from pipelines.cli.output import print_summary
from pipelines.errors import format_counts
from synthtext.core import InputError

if TYPE_CHECKING:
    from pipelines.io.paths import AnyPath
    from pipelines.jobs.check_dataset import CheckReport


def import_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A label file (path, tab, text or JSON), an LMDB, a folder of ICDAR's, a COCO-Text file.",
        ),
    ],
    out: options.Out,
    source_format: Annotated[
        Literal["paddleocr", "icdar", "lmdb", "coco-text"] | None,
        typer.Option(help="Format of SOURCE.", show_default="detected"),
    ] = None,
    workers: options.Workers = None,
    address: options.Address = None,
    shard_size: options.ShardSize = None,
    format: options.Format = "parquet",
    changes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Correct labels of lines by the file that a page of inspect --edit saved."),
    ] = None,
    checked_only: Annotated[
        bool, typer.Option("--checked-only", help="With --changes: leave out the lines that were not checked.")
    ] = False,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Import labelled images of lines or scenes as a dataset.

    Images are stored byte for byte. Those that cannot be used (image missing or broken, label missing, empty or
    unreadable) are skipped and counted. Polygons that cross themselves or run counterclockwise are repaired and
    counted; invalid ones, and those outside of the image, are left out and counted. Re-run the same command to resume.

    icdar: a folder with images and gt_NAME.txt (x1,y1,...,x4,y4,text, or more points), in it or in its subfolders.
    coco-text: a JSON file (imgs and anns, or COCO's images and annotations), images beside it or in images/.

    --changes: SOURCE is the source of that page, also a dataset of lines. Lines marked as unreadable are left out; all
    that is known of the other lines is kept. Changes of another source are refused.

    Example: ocrmill import icdar2015/train -o data/train

    Example: ocrmill import data/train --changes changes.json -o data/corrected
    """
    shards = options.ShardOptions(workers=workers, address=address, shard_size=shard_size, format=format)
    if changes is not None:
        if source_format is not None:
            raise InputError("--source-format excludes --changes: the page of inspect --edit has the format of SOURCE")

        from pipelines.jobs.corrections import import_corrected

        print_summary(import_corrected(source, changes, out, checked_only=checked_only, **shards))
        return
    if checked_only:
        raise InputError("--checked-only needs the file of a page of inspect --edit: name it with --changes")

    from pipelines.jobs.importing import import_data

    print_summary(import_data(source, out, source_format=source_format, **shards))


def export_data_command(
    source: Annotated[
        str, typer.Argument(metavar="DIR", help="A dataset of lines or scenes, a label file or an LMDB.")
    ],
    out: Annotated[Path, options.output_option("OUT", "New or empty folder.")],
    format: Annotated[
        Literal["paddleocr", "icdar", "lmdb", "doctr", "coco", "coco-text", "webdataset"],
        typer.Option("--to", help="The format."),
    ],
    allow_outside: options.AllowOutside = False,
) -> None:
    """Write a dataset in the format of other tools, and report what that format does not support.

    Images are written byte for byte. paddleocr: labels.tsv and images/. icdar (scenes): gt/gt_NAME.txt with four
    corners and a text on each line, and images/NAME. lmdb: image-%09d, label-%09d and, with all that is known of the
    texts, meta-%09d. doctr: labels.json and images/, for RecognitionDataset or DetectionDataset. coco (scenes):
    annotations.json and images/. coco-text (scenes): cocotext.json and images/. webdataset: shard-%06d.tar with
    KEY.jpg, KEY.txt of lines, and KEY.json.

    Of nested texts those that contain no other text are written; LMDB and WebDataset have all. Provenance is not
    written. Images that are missing or broken, and labels that cannot be read, are left out and counted. OUT appears
    when it is complete.

    Example: ocrmill export-data data/receipts -o receipts-icdar --to icdar

    Example: ocrmill export-data data/lines -o lines-tar --to webdataset
    """
    from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
    from pipelines.datasets.source import describe_label_problems
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
    out: options.Out,
    level: Annotated[
        Literal["leaves", "word", "line", "block"],
        typer.Option(help="Texts to cut out; leaves: those that contain no other text."),
    ] = "leaves",
    image_format: Annotated[
        Literal["jpeg", "png"], typer.Option(help="Format of the images; jpeg: of quality 95.")
    ] = "jpeg",
    workers: options.Workers = None,
    address: options.Address = None,
    shard_size: options.ShardSize = None,
    format: options.Format = "parquet",
    allow_outside: options.AllowOutside = False,
) -> None:
    """Cut the texts out of scenes: a dataset of upright lines for recognizers.

    A text is cut out along its polygon and straightened, curved ones too. A text that is 1.5 times as high as wide is
    taken to run downwards and is rotated, as in inference. Ignored texts and texts without characters are left out and
    counted. Re-run the same command to resume an interrupted job.

    Example: ocrmill crops data/receipts -o data/receipt-lines
    """
    from pipelines.jobs.crops import crops

    shards = options.ShardOptions(workers=workers, address=address, shard_size=shard_size, format=format)
    print_summary(crops(scenes, out, level=level, image_format=image_format, **shards))


def check_command(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR|URI", help="A dataset of lines or scenes, or a folder of splits, on a disk or object storage."
        ),
    ],
    repair: Annotated[bool, typer.Option("--repair", help="Write damaged and missing shards again.")] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="End an unfinished dataset at its finished shards, without any other.")
    ] = False,
    workers: options.CheckWorkers = 0,
    allow_outside: options.AllowOutside = False,
) -> None:
    """Check a dataset: every shard with its manifest and checksum, every image, label, polygon and key.

    Each problem is a line: where, what, and how to fix it; of each kind the first five, then their number. Nothing is
    changed without --repair or --finish. A repair removes the damaged shards and resumes the job that created the
    dataset, which writes the same bytes; it is refused where fonts, files or library versions would give others.

    An unfinished dataset, whose job or extension was interrupted, is not damaged. --finish makes it a complete one of
    fewer samples: those before the first missing shard. Finished shards after that one are removed.

    Exit status: 0 without problems, 1 with problems (after a repair: those that are left), 2 if DIR is no dataset or
    the repair is refused.

    Example: ocrmill check data/train --repair

    Example: ocrmill check data/train --finish
    """
    if repair and finish:
        raise InputError("--repair writes the missing shards, --finish does without them: give one of the two")

    from pipelines.io.card import split_folders
    from pipelines.io.paths import parse_path
    from pipelines.jobs.splits import check_split_card

    paths = (split_folders(parse_path(folder)) or {"": parse_path(folder)}).values()
    found = sum(_check(path, workers, repair=repair, finish=finish) for path in paths)
    if problem := check_split_card(folder, repair=(repair or finish) and not found):
        print(problem)
    if found or problem:
        raise typer.Exit(1)


def _check(path: "AnyPath", workers: int, *, repair: bool, finish: bool) -> int:
    """Check a dataset, print its problems, repair or finish it, and return the number of problems that are left."""
    from pipelines.jobs.check_dataset import check_dataset
    from pipelines.jobs.finish import finish_dataset
    from pipelines.jobs.repair import repair_dataset

    report = check_dataset(path, workers)
    print_report(report)
    if repair and (report.problems.counts or report.pending):
        report = repair_dataset(report, workers)
        print("after the repair:")
        print_report(report)
    if finish:
        report, removed = finish_dataset(report)
        print(f"finished{f'; shards removed after the first missing one: {removed:,}' if removed else ''}:")
        print_report(report)
    return report.problems.counts.total()


def print_report(report: "CheckReport") -> None:
    """Print the problems of a dataset, and its content."""
    problems, description = report.problems, report.description
    for line in problems.lines("--repair writes this shard again"):
        print(line)
    content = "a dataset without description"
    if description:
        content = f"{report.statistics.rows:,} {description.kind} of digest {description.digest[:8]}"
    count, damaged = problems.counts.total(), len(problems.damaged_shards)
    shards = f" in {damaged:,} shards" if damaged else ""
    print(f"{report.path}: {content}, " + (f"{count:,} problems{shards}" if count else "no problem found"))
    if report.pending and description:
        print(
            f"unfinished: {report.samples:,} of {description.count:,} samples, {report.pending:,} shards are pending; "
            "re-run the command that made it to resume, or end it there with --finish"
        )
