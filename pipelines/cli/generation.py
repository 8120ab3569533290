"""`ocrmill generate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import AddressOption, FormatOption, WorkersOption, check_writable_png, require_local_path

if TYPE_CHECKING:
    from pipelines.jobs.summary import JobSummary


def generate_command(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A preset (lines, lines-document, lines-receipt, lines-screen, lines-de, lines-chinese, digits, "
            "scenes, scenes-document, ...) or a recipe file.",
        ),
    ],
    out: Annotated[
        str, typer.Option("-o", "--out", metavar="DIR|URI", help="Folder of the data set, here or on a storage.")
    ],
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", help="Samples of the whole data set.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the recipe to change.")
    ] = None,
    start: Annotated[int, typer.Option(metavar="I", help="Index of the first sample.")] = 0,
    seed: Annotated[int, typer.Option(metavar="S", help="Other seeds give other samples.")] = 0,
    workers: WorkersOption = None,
    address: AddressOption = None,
    shard_size: Annotated[
        int | None,
        typer.Option(metavar="K", help="Samples in a shard.", show_default="4096 lines or 256 scenes"),
    ] = None,
    form: FormatOption = "parquet",
) -> None:
    """Draw labelled lines, or scenes full of them, into a folder of shards.

    The same command again goes on where an interrupted one stopped; a larger N extends the data set. Same recipe, seed
    and index give the same sample, whatever the number of workers and the size of the shards.

    With --address the machines of a Ray cluster draw, into a folder that all of them see. One whose fonts, files,
    versions or CPU would give other samples is refused and named. RAY_AUTH_MODE=token and RAY_AUTH_TOKEN open a cluster
    that has a token (docs/cluster.md).

    Example: ocrmill generate lines -o data/train -n 100000 --seed 1 charset=alphanumeric fonts.system=false

    Example: ocrmill generate lines -o "s3://bucket/train?endpoint_override=127.0.0.1:9000&scheme=http" -n 100000

    Example: ocrmill generate scenes -o data/scenes -n 2000 background.photos.folder=photographs
    """
    from pipelines.jobs.shard_job import generate as run

    summary = run(
        recipe,
        out,
        count,
        overrides=settings or (),
        start=start,
        seed=seed,
        workers=workers,
        address=address,
        shard_size=shard_size,
        form=form,
    )
    print(describe_summary(summary))


def describe_summary(summary: "JobSummary") -> str:
    """What a job did, in a few lines."""
    from pipelines.errors import format_counts
    from pipelines.progress import format_duration

    lines = [f"{summary.folder}: {summary.rows:,} {summary.kind} in {summary.shards:,} shards"]
    if summary.new_shards:
        rate = f"{summary.new_samples / summary.seconds:,.0f}/s"
        lines.append(f"drawn now: {summary.new_samples:,} in {format_duration(summary.seconds)} ({rate})")
    else:
        lines.append("it was complete already; nothing was drawn")
    if summary.skipped:
        lines.append(f"could not be drawn: {format_counts(summary.skipped)}")
    if summary.character_frequencies:
        lines.append(summary.character_frequencies.describe())
    if summary.coverage_outcomes:
        lines.append(f"lines that owed a character, by how they got it: {format_counts(summary.coverage_outcomes)}")
    if summary.lost_workers:
        lines.append(f"workers that died and were replaced: {summary.lost_workers}")
    lines += summary.excluded_nodes
    return "\n".join(lines)


def preview_command(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A preset (lines, lines-document, lines-receipt, lines-screen, lines-de, lines-chinese, digits, "
            "scenes, scenes-document, ...) or a recipe file.",
        ),
    ],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the recipe to change.")
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="PNG", help="Where the page goes.")
    ] = Path("grid.png"),
    count: Annotated[
        int | None, typer.Option("-n", "--count", metavar="N", help="Samples on the page.", show_default="64")
    ] = None,
    start: Annotated[int | None, typer.Option(metavar="I", help="Index of the first sample.", show_default="0")] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Other seeds give other samples.")] = 0,
    each: Annotated[
        bool, typer.Option("--each", help="Every ink style, paper and effect there is, each on its own and named.")
    ] = False,
) -> None:
    """Draw a page of samples in seconds: lines with their labels beneath, scenes with polygons around their texts.

    They are samples of the data set that `ocrmill generate` would draw with the same seed: the first ones, or those
    from --start on, such as a later stage of a curriculum. With --each, the page shows what a recipe of lines can name,
    on the texts of this one (8 lines of each at most, as many as there is room for); parts that it names have its
    settings, and those that need a folder are shown if it gives one.

    Example: ocrmill preview lines -o grid.png ink.contrast_floor=60

    Example: ocrmill preview lines --each -o looks.png

    Example: ocrmill preview scenes -o scenes.png background.photos.folder=photographs
    """
    check_writable_png(out, "page")

    import cv2

    from pipelines.errors import format_counts
    from pipelines.io.atomic import write_atomic
    from pipelines.jobs.component_sheet import draw_component_sheet
    from pipelines.jobs.preview import draw_preview
    from pipelines.recipes.resolve import resolve_recipe
    from synthtext.core import InputError

    resolved = resolve_recipe(recipe, settings or ())
    if each and start is not None:
        raise InputError("--each shows parts of a recipe on their own, not samples by their index: leave out --start")
    if each:
        image, told = draw_component_sheet(resolved, 8 if count is None else count, seed), "every look on its own"
    else:
        page = draw_preview(resolved, 64 if count is None else count, seed, start or 0)
        image, told = page.image, f"{page.samples} samples; rejected: {format_counts(page.skipped) or 'none'}"
    _, encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    write_atomic(out, encoded.tobytes())
    print(f"{out}: {told}")


if TYPE_CHECKING:
    from pipelines.jobs.copypaste import CopyPasteSummary


def copypaste_command(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET", help="Scenes to paste into (a data set, a label file), or a folder of pictures."
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", callback=require_local_path, metavar="DIR", help="Folder of the data set.")
    ],
    count: Annotated[
        int, typer.Option("-n", "--count", metavar="N", help="Scenes of the whole data set; may exceed the target's.")
    ],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings to change, as docs/copypaste.md has.")
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="SOURCE", help="Scenes or lines whose texts are pasted.", show_default="TARGET"),
    ] = None,
    mode: Annotated[str, typer.Option(metavar="natural|released", help="How texts are pasted.")] = "natural",
    seed: Annotated[int, typer.Option(metavar="S", help="Other seeds give other scenes.")] = 0,
    workers: WorkersOption = None,
    address: AddressOption = None,
    shard_size: Annotated[int | None, typer.Option(metavar="K", help="Scenes in a shard.", show_default="256")] = None,
    form: FormatOption = "parquet",
) -> None:
    """Paste texts of some pictures into others, with their labels, into a folder of shards.

    The same command again goes on where an interrupted one stopped; a larger N extends the data set. Every pasted text
    says where it comes from.

    Example: ocrmill copypaste photos/labels.tsv -o data/pasted -n 5000 --from signs.tsv --from data/lines share=0.3
    """
    from pipelines.jobs.copypaste import copypaste as run

    summary = run(
        target,
        out,
        count,
        sources=sources or (),
        mode=mode,
        overrides=settings or (),
        seed=seed,
        workers=workers,
        address=address,
        shard_size=shard_size,
        form=form,
    )
    print(_describe(summary))


def _describe(summary: "CopyPasteSummary") -> str:
    from pipelines.datasets.source import describe_label_problems
    from pipelines.errors import format_counts

    lines = [describe_summary(summary.scenes), f"crops to paste: {summary.crops:,}"]
    if summary.left_out:
        lines[-1] += f"; left out: {format_counts(summary.left_out)}"
    if summary.target_left_out:
        lines.append(f"target pictures left out: {format_counts(summary.target_left_out)}")
    if summary.problems:
        lines.append(f"labels {describe_label_problems(summary.problems)}")
    return "\n".join(lines)
