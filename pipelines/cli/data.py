"""`ocrmill import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.options import AddressOption, FormatOption, WorkersOption, require_local_path


def import_command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A label file (path, tab, text or JSON), an LMDB, a folder of ICDAR's, a COCO-Text file.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="DIR", help="Folder for the data set.")
    ],
    form: Annotated[
        Literal["paddleocr", "icdar", "lmdb", "coco-text"] | None,
        typer.Option("--from", help="What SOURCE must be; by default it is looked at."),
    ] = None,
) -> None:
    """Make a data set of ours from labelled pictures of lines or of scenes.

    Pictures are stored byte for byte. Those that cannot be used (image missing or broken, label missing, empty or
    unreadable) are counted and left out. Polygons that cross themselves or run the wrong way are mended and counted;
    what is no polygon, or lies outside of the picture, is left out and counted. The same command again goes on where
    it stopped.

    icdar: a folder with pictures and gt_NAME.txt (x1,y1,...,x4,y4,text, or more points), in it or in folders of it.
    coco-text: a JSON file (imgs and anns, or COCO's images and annotations), pictures beside it or in images/.

    Example: ocrmill import icdar2015/train -o data/train
    """
    from pipelines.datasets.source import describe_label_problems
    from pipelines.errors import format_counts
    from pipelines.jobs.import_formats import open_import_source
    from pipelines.progress import progress_bar

    job = open_import_source(source, form)
    kind = job.ROW.KIND
    with progress_bar("importing", total=len(job.source), unit=kind) as bar:
        statistics = job.write(out, bar.advance)
    left_out = format_counts(statistics.skipped)
    print(f"{out}: {statistics.rows:,} {kind}" + (f"; left out: {left_out}" if left_out else ""))
    if kind == "scenes":
        print(f"texts: {statistics.levels.total():,}, of these to be ignored: {statistics.ignored.total():,}")
    if statistics.problems:
        print(f"labels {describe_label_problems(statistics.problems)}")


def export_data_command(
    source: Annotated[str, typer.Argument(metavar="DIR", help="A data set of lines or scenes; also other sources.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="OUT", help="New or empty folder.")
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
    from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
    from pipelines.datasets.source import describe_label_problems
    from pipelines.errors import format_counts
    from pipelines.jobs.export import export_data as run
    from pipelines.progress import progress_bar

    kind = dataset_kind(source)
    total = len(open_scene_source(source) if kind == "scenes" else open_line_source(source))
    with progress_bar("writing", total=total, unit=kind) as bar:
        done = run(source, form, out, bar.advance)
    texts = f" with {done.texts:,} texts" if kind == "scenes" else ""
    print(f"{out}: {done.pictures:,} {kind}{texts}")
    if done.left_out:
        print(f"{kind} left out: {format_counts(done.left_out)}")
    if done.unsupported:
        print(f"not in this format: {format_counts(done.unsupported)}")
    if done.problems:
        print(f"labels {describe_label_problems(done.problems)}")


def crops_command(
    scenes: Annotated[
        str, typer.Argument(metavar="SCENES", help="A data set of scenes, a label file of scenes, or an LMDB.")
    ],
    out: Annotated[
        str,
        typer.Option("-o", "--out", metavar="DIR|URI", help="Folder of the data set of lines, here or on a storage."),
    ],
    level: Annotated[
        Literal["leaves", "word", "line", "block"],
        typer.Option(help="Texts to cut out; leaves: those that no other one is a part of."),
    ] = "leaves",
    image_format: Annotated[
        Literal["jpeg", "png"], typer.Option(help="How the lines are stored; jpeg: of quality 95.")
    ] = "jpeg",
    workers: WorkersOption = None,
    address: AddressOption = None,
    shard_size: Annotated[int | None, typer.Option(metavar="K", help="Lines in a shard.", show_default="4096")] = None,
    form: FormatOption = "parquet",
) -> None:
    """Cut the texts out of scenes: a data set of upright lines for recognizers.

    A text is cut out along its polygon and straightened, bent ones too; one that is 1.5 times as high as wide is taken
    to run downwards and is turned, as when pictures are read. Texts to be ignored or without characters are left out
    and counted. The same command again goes on where an interrupted one stopped.

    Example: ocrmill crops data/receipts -o data/receipt-lines
    """
    from pipelines.cli.generation import describe_summary
    from pipelines.datasets.open import open_scene_source
    from pipelines.errors import format_counts
    from pipelines.jobs.crops import CropsSource
    from pipelines.jobs.shard_job import generate as run
    from pipelines.progress import progress_bar

    with progress_bar("looking", total=len(open_scene_source(scenes)), unit="scenes") as bar:
        recipe = CropsSource.from_scenes(scenes, level, image_format, bar.advance)
    summary = run(
        recipe, out, recipe.index.line_count, workers=workers, address=address, shard_size=shard_size, form=form
    )
    print(describe_summary(summary))
    for what, counts in (("texts", recipe.index.left_out), ("scenes", recipe.index.scenes_left_out)):
        if counts:
            print(f"{what} left out: {format_counts(counts)}")


if TYPE_CHECKING:
    from pipelines.jobs.check_dataset import CheckReport

_AGAIN = "--repair makes this shard again"


def check_command(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="DIR|URI", help="A data set of ours: lines or scenes, either format, here or elsewhere."
        ),
    ],
    repair: Annotated[bool, typer.Option("--repair", help="Make exactly the damaged shards again.")] = False,
    workers: Annotated[int, typer.Option(metavar="W", help="Ray processes; 0: this process alone.")] = 0,
) -> None:
    """Look a data set through: every shard, its mark and checksum, every picture, label, polygon and key.

    Each problem is a line: where, what, what to do; of a kind the first five, then their number. Nothing is touched,
    unless a repair is asked for: then the damaged shards are removed and the job that made the data set goes on, to
    the same bytes; it is refused where fonts, files or library versions would give others.

    Exit status: 0 without problems, 1 with problems (after a repair: that are left), 2 if DIR is no data set of ours or
    a repair is refused.

    Example: ocrmill check data/train --repair
    """
    from pipelines.jobs.check_dataset import check_dataset as look
    from pipelines.jobs.repair import repair_dataset as mend

    found = look(folder, workers)
    _tell(found)
    if repair and found.problems.counts:
        found = mend(found, workers)
        print("after the repair:")
        _tell(found)
    if found.problems.counts:
        raise typer.Exit(1)


def _tell(found: "CheckReport") -> None:
    for line in found.problems.lines(_AGAIN):
        print(line)
    count, damaged = found.problems.counts.total(), len(found.problems.damaged_shards)
    about = found.description
    rows = (
        f"{found.statistics.rows:,} {about.kind} of digest {about.digest[:8]}"
        if about
        else "a data set without description"
    )
    shards = f" in {damaged:,} shards" if damaged else ""
    print(f"{found.path}: {rows}, " + (f"{count:,} problems{shards}" if count else "no problem found"))
