"""`ocrmill generate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.options import Address, Format, Workers

if TYPE_CHECKING:
    from pipelines.generate import Summary


def generate(
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
    workers: Workers = None,
    address: Address = None,
    shard_size: Annotated[
        int | None,
        typer.Option(metavar="K", help="Samples in a shard.", show_default="4096 lines or 256 scenes"),
    ] = None,
    form: Format = "parquet",
) -> None:
    """Draw labelled lines, or scenes full of them, into a folder of shards.

    The same command again goes on where an interrupted one stopped; a larger N extends the data set. Same recipe, seed
    and index give the same sample, whatever the number of workers and the size of the shards.

    With --address the machines of a Ray cluster draw, into a folder that all of them see. One whose fonts, files,
    versions or CPU would give other samples is refused and named. RAY_AUTH_MODE=token and RAY_AUTH_TOKEN open a cluster
    that has a token (docs/cluster.md).

    Example: ocrmill generate lines -o data/train -n 100000 --seed 1 charset=alphanumeric fonts.system=false

    Example: ocrmill generate lines -o "s3://bucket/train?endpoint_override=127.0.0.1:9000&scheme=http" -n 100000

    Example: ocrmill generate scenes -o data/scenes -n 2000 paper.photos.folder=photographs
    """
    from pipelines.generate import generate as run

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
    print(describe(summary))


def describe(summary: "Summary") -> str:
    """What a job did, in a few lines."""
    from pipelines.counts import describe_counts
    from pipelines.progress import duration

    lines = [f"{summary.folder}: {summary.rows:,} {summary.kind} in {summary.shards:,} shards"]
    if summary.new_shards:
        rate = f"{summary.new_samples / summary.seconds:,.0f}/s"
        lines.append(f"drawn now: {summary.new_samples:,} in {duration(summary.seconds)} ({rate})")
    else:
        lines.append("it was complete already; nothing was drawn")
    if summary.gaps:
        lines.append(f"could not be drawn: {describe_counts(summary.gaps)}")
    if summary.rarity:
        lines.append(summary.rarity.describe())
    if summary.owed:
        lines.append(f"lines that owed a character, by how they got it: {describe_counts(summary.owed)}")
    if summary.deaths:
        lines.append(f"workers that died and were replaced: {summary.deaths}")
    lines += summary.refused
    return "\n".join(lines)
