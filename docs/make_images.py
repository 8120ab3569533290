"""The pictures of the tutorials and of the pages about recipes.

    python -m docs.make_images [NAME ...]    # docs/images/NAME.jpg; without names, all of them

Every picture is generated; the surfaces are photographs of scikit-image.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image as PILImage

from benchmarks.strip import captioned
from docs.page_code import HOME, read_blocks
from pipelines import copypaste, generate, iterate_samples, open_dataset
from pipelines.jobs.component_sheet import list_component_previews
from pipelines.jobs.export import export_data
from pipelines.jobs.preview import scene_cell
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import Image, Sample, Scene
from synthtext.fonts import bundled_fonts

FOLDER = HOME / "docs" / "images"
_WIDTH, _GAP, _LINE = 960, 8, 36  # pixels
_HALF = (_WIDTH - _GAP) // 2
_SIGNS = ("layouts={photo: {count_range: [2, 6], several_probability: 0.2}}", "fonts.system=false")
_SCENES = 24  # from which texts are pasted
_SURFACES = ("brick", "gravel", "grass")
_ROW = 12  # lines of a preset or component, of which as many are shown as fit
_QUALITY = 82
_WARPS = (
    *("perspective", "rotation", "skew", "turn", "affine", "curl", "elastic", "distort", "stretch"),
    "tia_perspective",
)


def signs() -> Image:
    """Lines of the recipe of the tutorial about signs."""
    page = HOME / "docs" / "tutorial-signs.md"
    (text,) = (block.text for block in read_blocks(page) if block.file == "signs.yaml")
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        for folder in ("fonts", "backgrounds"):
            Path(folder).mkdir()
        for font in bundled_fonts():
            (Path("fonts") / font.name).symlink_to(font)
        for surface in _SURFACES:
            PILImage.fromarray(getattr(skimage.data, surface)()).save(f"backgrounds/{surface}.jpg")
        names = ("Mill", "Church", "High", "Station", "Park", "Bridge", "Castle", "Ash")
        streets = (f"{name} {kind}\n" for name in names for kind in ("Street", "Lane", "Road"))
        Path("street-names.txt").write_text("".join(streets))
        Path("signs.yaml").write_text(text)
        return rows_of("signs.yaml", rows=4, seed=2)


def fine_tuning() -> Image:
    """Printed digits above displays, the lines of the tutorial about fine-tuning."""
    page = HOME / "docs" / "tutorial-fine-tuning.md"
    (text,) = (block.text for block in read_blocks(page) if block.file == "meters.yaml")
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        Path("meters.yaml").write_text(text)
        return np.concatenate([rows_of("digits", rows=2, seed=1), rows_of("meters.yaml", rows=2, seed=3)])


def copypaste_scene(*, modes: bool) -> Image:
    """A scene before and after CopyPaste with its labels, or without them after both modes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate("scenes", folder / "scenes", _SCENES, seed=1, overrides=_SIGNS, workers=0)
        export_data(folder / "scenes", "paddleocr", folder / "photos")
        labels, pasted = folder / "photos" / "labels.tsv", []
        for mode in ("natural", "paddle"):
            copypaste(labels, folder / mode, 1, mode=mode, overrides=["share=1.2"], seed=5, workers=0)
            pasted.append(next(scenes(folder / mode)))
        natural, paddle = pasted
        before = min(scenes(labels), key=lambda scene: _difference(scene, natural))
    if not modes:
        return side_by_side(
            [captioned(scene_cell(before, _HALF), "before"), captioned(scene_cell(natural, _HALF), "after")]
        )
    named = (("--mode natural", natural), ("--mode paddle", paddle))
    return side_by_side([captioned(to_width(scene.image, _HALF), mode) for mode, scene in named])


def scenes(source: Path) -> Iterator[Scene]:
    """Yield the scenes of a source."""
    for row in open_dataset(source):
        scene = row.decode()
        assert isinstance(scene, Scene)
        yield scene


def _difference(scene: Scene, other: Scene) -> float:
    if scene.image.shape != other.image.shape:
        return float("inf")
    return float(np.abs(scene.image.astype(np.int16) - other.image).mean())


def captioned_presets(names: Sequence[str], rows: int, seed: int) -> Image:
    """Rows of lines of presets, below their names."""
    return np.concatenate([captioned(rows_of(name, rows, seed), name) for name in names])


def rows_of(recipe: str, rows: int, seed: int) -> Image:
    """Rows of lines of a recipe."""
    samples = [sample for sample in iterate_samples(recipe, count=_ROW * rows, seed=seed) if isinstance(sample, Sample)]
    return np.concatenate([row_of_lines([s.image for s in samples[first::rows]], _WIDTH) for first in range(rows)])


def row_of_lines(images: Sequence[Image], width: int) -> Image:
    """Lines of one height beside each other, as many as fit; at least one, which is scaled down if it is too wide."""
    row = np.full((_LINE + 4, width, 3), 255, np.uint8)
    left = 0
    for image in images:
        scale = min(_LINE / image.shape[0], width / image.shape[1] if left == 0 else np.inf)
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        if left + size[0] <= width:
            row[: size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            left += size[0] + _GAP
    return row


def components(keys: Sequence[str], columns: int, chosen: Callable[[str], bool] = bool) -> Image:
    """Lines with every component of some settings on its own, below its name, in columns."""
    previews = [
        preview
        for preview in list_component_previews(resolve_recipe("lines", ["fonts.system=false", "output.format=png"]))
        if preview.key in keys and chosen(preview.name)
    ]
    inventory = previews[0].recipe.inventory()
    plain = LineGenerator(previews[0].recipe.design(inventory), 3, "")
    width = (_WIDTH + _GAP) // columns - _GAP
    cells = []
    for preview in previews:
        items = plain.with_design(preview.recipe.design(inventory)).generate_many(range(_ROW))
        images = [item.image for item in items if isinstance(item, Sample)]
        cells.append(captioned(row_of_lines(images, width), preview.name))
    return side_by_side([np.concatenate(cells[first::columns]) for first in range(columns)])


def to_width(image: Image, width: int) -> Image:
    """Scale an image."""
    size = (width, round(image.shape[0] * width / image.shape[1]))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def side_by_side(columns: Sequence[Image]) -> Image:
    """Images beside each other, with white gaps and below lower ones."""
    height = max(map(len, columns))
    padded = [
        cv2.copyMakeBorder(c, 0, height - len(c), 0, _GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for c in columns
    ]
    return np.concatenate(padded, axis=1)[:, :-_GAP].astype(np.uint8)


IMAGES: dict[str, Callable[[], Image]] = {
    "tutorial-signs": signs,
    "tutorial-copypaste": partial(copypaste_scene, modes=False),
    "tutorial-copypaste-modes": partial(copypaste_scene, modes=True),
    "tutorial-fine-tuning": fine_tuning,
    "tutorial-cluster": partial(rows_of, "lines", rows=4, seed=1),
    "recipes-presets": partial(
        captioned_presets,
        (
            *("lines", "lines-document", "lines-receipt", "lines-screen", "lines-serial", "lines-hard"),
            *("lines-chinese", "lines-ar", "lines-hi", "lines-ru"),
        ),
        rows=1,
        seed=4,
    ),
    "recipes-layouts": partial(components, ("baselines", "glyph_layouts", "layout"), 3),
    "recipes-occluders": partial(components, ("occluders",), 3),
    "recipes-inks": partial(components, ("ink.styles", "ink.colours"), 3),
    "recipes-backgrounds": partial(components, ("background",), 3),
    "recipes-warps": partial(components, ("effects",), 3, _WARPS.__contains__),
    "recipes-effects": partial(components, ("effects",), 3, lambda name: name not in _WARPS),
}
"""The pictures by name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(IMAGES)}")
    for name in parser.parse_args().names or IMAGES:
        path = FOLDER / f"{name}.jpg"
        PILImage.fromarray(IMAGES[name]()).save(path, quality=_QUALITY, optimize=True)
        print(f"{path.relative_to(HOME)}: {path.stat().st_size // 1000} KB", flush=True)


if __name__ == "__main__":
    main()
