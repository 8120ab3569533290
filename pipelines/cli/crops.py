"""`ocrmill crops`."""

from typing import Annotated, Literal

import typer

from pipelines.cli.options import Address, Format, Workers


def crops(
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
    pictures: Annotated[
        Literal["jpeg", "png"], typer.Option(help="How the lines are stored; jpeg: of quality 95.")
    ] = "jpeg",
    workers: Workers = None,
    address: Address = None,
    shard_size: Annotated[int | None, typer.Option(metavar="K", help="Lines in a shard.", show_default="4096")] = None,
    form: Format = "parquet",
) -> None:
    """Cut the texts out of scenes: a data set of upright lines for recognizers.

    A text is cut out along its polygon and straightened, bent ones too; one that is 1.5 times as high as wide is taken
    to run downwards and is turned, as when pictures are read. Texts to be ignored or without characters are left out
    and counted. The same command again goes on where an interrupted one stopped.

    Example: ocrmill crops data/receipts -o data/receipt-lines
    """
    from pipelines.cli.generate import describe
    from pipelines.counts import describe_counts
    from pipelines.crops import CropsRecipe
    from pipelines.generate import generate as run
    from pipelines.progress import progress
    from pipelines.reader import open_scenes

    with progress("looking", total=len(open_scenes(scenes)), unit="scenes") as bar:
        recipe = CropsRecipe.of(scenes, level, pictures, bar.advance)
    summary = run(recipe, out, recipe.found.lines, workers=workers, address=address, shard_size=shard_size, form=form)
    print(describe(summary))
    for what, counts in (("texts", recipe.found.left_out), ("scenes", recipe.found.scenes_left_out)):
        if counts:
            print(f"{what} left out: {describe_counts(counts)}")
