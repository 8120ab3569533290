"""`ocrmill generate`, `ocrmill preview` and `ocrmill copypaste`."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from pipelines.cli import options
from pipelines.cli.output import print_summary, write_png
from synthtext.core import InputError

_Recipe: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE",
        help="A preset (lines, lines-document, lines-receipt, lines-screen, lines-serial, lines-de, lines-chinese, "
        "digits, scenes, scenes-document, ...) or a recipe file.",
        autocompletion=options.complete_recipe,
    ),
]
_Settings: TypeAlias = Annotated[list[str] | None, options.settings_argument("Settings of the recipe to change.")]

_SPLIT_NAMES = ("train", "validation", "val", "test")  # no recipe has settings of these names


def generate_command(
    recipe: _Recipe,
    out: options.Out,
    count: options.Count,
    settings: _Settings = None,
    start: Annotated[int, typer.Option(metavar="I", help="Index of the first sample.")] = 0,
    seed: options.Seed = 0,
    workers: options.Workers = None,
    address: options.Address = None,
    shard_size: options.ShardSize = None,
    format: options.Format = "parquet",
    split: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SHARE[,...]", help="Splits, each a dataset in DIR/NAME.", show_default="none"),
    ] = None,
) -> None:
    """Generate labelled lines, or scenes full of them, into a folder of shards.

    Re-run the same command to resume an interrupted job; a larger N extends the dataset. The same recipe, seed and
    index give the same sample, whatever the number of workers and the size of the shards.

    --split train=0.98 validation=0.02 divides the samples by a hash of their indices into the datasets DIR/train and
    DIR/validation. DIR/README.md is the card by which Hugging Face `datasets` loads DIR.

    With --address the machines of a Ray cluster generate, into a folder that all of them see. A machine whose fonts,
    files, versions or CPU would give other samples is excluded and named. For a cluster with a token set
    RAY_AUTH_MODE=token and RAY_AUTH_TOKEN (docs/cluster.md).

    Example: ocrmill generate lines -o data/train -n 100000 --seed 1 output.height=32 fonts.system=false

    Example: ocrmill generate lines -o "s3://bucket/train?endpoint_override=127.0.0.1:9000&scheme=http" -n 100000

    Example: ocrmill generate lines -o data/lines -n 100000 --split train=0.98 validation=0.02

    Example: ocrmill generate scenes -o data/scenes -n 2000 background.photos.folder=photographs
    """
    from pipelines.io.split import parse_splits
    from pipelines.jobs.generation import generate
    from pipelines.jobs.splits import generate_splits

    shards = options.ShardOptions(workers=workers, address=address, shard_size=shard_size, format=format)
    if not split:
        print_summary(generate(recipe, out, count, overrides=settings or (), start=start, seed=seed, **shards))
        return
    further = [entry for entry in settings or () if entry.partition("=")[0] in _SPLIT_NAMES]
    overrides = [entry for entry in settings or () if entry not in further]
    splits = parse_splits([*split, *further])
    for summary in generate_splits(recipe, out, count, splits, overrides=overrides, start=start, seed=seed, **shards):
        print_summary(summary)


def preview_command(
    recipe: _Recipe,
    settings: _Settings = None,
    out: Annotated[Path, options.output_option("PNG", "Path of the image.")] = Path("grid.png"),
    count: Annotated[
        int | None, typer.Option("-n", "--count", metavar="N", help="Samples on the page.", show_default="64")
    ] = None,
    start: Annotated[int | None, typer.Option(metavar="I", help="Index of the first sample.", show_default="0")] = None,
    seed: options.Seed = 0,
    components: Annotated[
        bool,
        typer.Option("--components", help="Show every ink style, background, layout and effect alone, with its name."),
    ] = False,
) -> None:
    """Draw a page of samples in seconds: lines above their labels, scenes with polygons around their texts.

    The samples are those of the dataset that `ocrmill generate` would create with the same seed: the first ones, or
    those from --start on, such as a later stage of a curriculum. With --components, the page shows every component that
    a recipe of lines can name, with the texts of this recipe (up to 8 lines of each, as many as fit). Components that
    the recipe names have its settings; those that need a folder are shown if the recipe names one.

    Example: ocrmill preview lines -o grid.png ink.contrast_floor=60

    Example: ocrmill preview lines --components -o components.png

    Example: ocrmill preview scenes -o scenes.png background.photos.folder=photographs
    """
    options.check_writable_png(out, "page")
    if components and start is not None:
        raise InputError("--components shows parts of a recipe and no samples by index: leave out --start")
    print(f"{out}: {_draw_preview(recipe, settings or [], out, count, start or 0, seed, components=components)}")


def _draw_preview(
    recipe: str, settings: list[str], out: Path, count: int | None, start: int, seed: int, *, components: bool
) -> str:
    """Write the page, and return its content in words."""
    from pipelines.errors import format_counts
    from pipelines.jobs.component_sheet import draw_component_sheet
    from pipelines.jobs.preview import draw_preview
    from pipelines.recipes.resolve import resolve_recipe

    resolved = resolve_recipe(recipe, settings)
    if components:
        write_png(out, draw_component_sheet(resolved, 8 if count is None else count, seed))
        return "every component on its own"
    page = draw_preview(resolved, 64 if count is None else count, seed, start)
    write_png(out, page.image)
    return f"{page.samples} samples; skipped: {format_counts(page.skipped) or 'none'}"


def copypaste_command(
    target: Annotated[
        Path,
        typer.Argument(metavar="TARGET", help="Scenes to paste into (a dataset, a label file), or a folder of images."),
    ],
    out: options.Out,
    count: options.Count,
    settings: Annotated[
        list[str] | None, options.settings_argument("Settings to change, see docs/copypaste.md.")
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="SOURCE", help="Scenes or lines whose texts are pasted.", show_default="TARGET"),
    ] = None,
    mode: Annotated[str, typer.Option(metavar="natural|paddle", help="How texts are pasted.")] = "natural",
    seed: options.Seed = 0,
    workers: options.Workers = None,
    address: options.Address = None,
    shard_size: options.ShardSize = None,
    format: options.Format = "parquet",
    allow_outside: options.AllowOutside = False,
) -> None:
    """Paste texts of some images into others, with their labels, into a folder of shards.

    N may exceed the number of target images, which then come in several variants. Re-run the same command to resume an
    interrupted job; a larger N extends the dataset. Every pasted text records its origin.

    Example: ocrmill copypaste photos/labels.tsv -o data/pasted -n 5000 --from signs.tsv --from data/lines share=0.3
    """
    from pipelines.jobs.copypaste import copypaste

    shards = options.ShardOptions(workers=workers, address=address, shard_size=shard_size, format=format)
    print_summary(
        copypaste(target, out, count, sources=sources or (), mode=mode, overrides=settings or (), seed=seed, **shards)
    )
