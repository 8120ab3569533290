"""`ocrmill preview`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import on_this_machine
from pipelines.cli.out import check_png


def preview(
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
        Path, typer.Option("-o", "--out", callback=on_this_machine, metavar="PNG", help="Where the page goes.")
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

    Example: ocrmill preview scenes -o scenes.png paper.photos.folder=photographs
    """
    check_png(out, "page")

    import cv2

    from pipelines.counts import describe_counts
    from pipelines.generate import draw_looks, draw_preview
    from pipelines.recipe import resolve_recipe
    from pipelines.shards.files import write_file
    from synthtext.core import InputError

    resolved = resolve_recipe(recipe, settings or ())
    if each and start is not None:
        raise InputError("--each shows parts of a recipe on their own, not samples by their index: leave out --start")
    if each:
        image, told = draw_looks(resolved, 8 if count is None else count, seed), "every look on its own"
    else:
        page = draw_preview(resolved, 64 if count is None else count, seed, start or 0)
        image, told = page.image, f"{page.samples} samples; rejected: {describe_counts(page.gaps) or 'none'}"
    _, encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    write_file(out, encoded.tobytes())
    print(f"{out}: {told}")
