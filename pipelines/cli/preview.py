"""`ocrmill preview`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.out import check_png


def preview(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A preset (lines, lines-de, lines-chinese, digits, scenes, scenes-document, ...) or a recipe file.",
        ),
    ],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of the recipe to change.")
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="PNG", help="Where the page goes.")] = Path("grid.png"),
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", help="Samples on the page.")] = 64,
    seed: Annotated[int, typer.Option(metavar="S", help="Other seeds give other samples.")] = 0,
) -> None:
    """Draw a page of samples in seconds: lines with their labels beneath, scenes with polygons around their texts.

    They are the first samples of the data set that `ocrmill generate` would draw with the same seed.

    Example: ocrmill preview lines -o grid.png ink.contrast_floor=60

    Example: ocrmill preview scenes -o scenes.png paper.photos.folder=photographs
    """
    check_png(out, "page")

    import cv2

    from pipelines.counts import describe_counts
    from pipelines.generate.preview import draw_preview
    from pipelines.recipe import resolve_recipe
    from pipelines.shards.files import write_file

    page = draw_preview(resolve_recipe(recipe, settings or ()), count, seed)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(page.image, cv2.COLOR_RGB2BGR))
    write_file(out, encoded.tobytes())
    print(f"{out}: {page.samples} samples; rejected: {describe_counts(page.gaps) or 'none'}")
