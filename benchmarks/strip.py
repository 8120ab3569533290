"""Draws the strip of pictures at the top of the README.

    python -m benchmarks.strip [-o docs/images/strip.jpg] [--report PAGE.html]

Left: lines in five scripts. Right: a generated scene with the polygons of its words and lines, and a photograph of
scikit-image before and after CopyPaste. With `--report`, a report page is shown as Chromium draws it.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from pipelines import copypaste, generate, iterate_samples, open_dataset
from pipelines.jobs.preview import scene_cell
from synthtext.core import Image, Scene

_PRESETS = ("lines", "lines-chinese", "lines-ar", "lines-hi", "lines-ru")
_LINES = 5  # of each preset
_WIDTH, _GAP, _LINE_HEIGHT, _CAPTION = 1200, 8, 34, 20  # pixels
_COLUMNS = (360, 400, 416)


def lines_column(width: int, height: int) -> Image:
    """Rows of lines in five scripts, as many as fit."""
    page = np.full((height, width, 3), 255, np.uint8)
    top = 0
    for number in range(_LINES):
        for preset in _PRESETS:
            left = 0
            for sample in iterate_samples(preset, count=12, seed=5, start=number * 4096):
                scaled = _to_height(sample.image, _LINE_HEIGHT)
                if left + scaled.shape[1] <= width and top + _LINE_HEIGHT <= height:
                    page[top : top + _LINE_HEIGHT, left : left + scaled.shape[1]] = scaled
                    left += scaled.shape[1] + _GAP
            top += _LINE_HEIGHT + 4
    return page


def pasted_photograph(folder: Path, width: int) -> tuple[Image, Image]:
    """A photograph before and after texts of generated scenes were pasted into it, with their polygons."""
    (folder / "photo").mkdir()
    PILImage.fromarray(skimage.data.coffee()).save(folder / "photo/coffee.jpg", quality=95)
    generate("scenes", folder / "scenes", count=6, seed=2, workers=0)
    copypaste(
        folder / "photo",
        folder / "pasted",
        1,
        sources=[folder / "scenes"],
        overrides=["count_range=[8, 12]"],
        seed=3,
        workers=0,
    )
    after = open_dataset(folder / "pasted")[0].decode()
    assert isinstance(after, Scene)
    before = replace(after, image=skimage.data.coffee(), instances=())
    return scene_cell(before, width), scene_cell(after, width)


def report_page(page: Path, width: int, height: int) -> Image:
    """The top of a page, as Chromium draws it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("--report needs Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "page.png"
        size = f"--window-size=1000,{round(1000 * height / width)}"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={shot}"]
        subprocess.run([chromium, *options, page.resolve().as_uri()], check=True, capture_output=True)
        return cv2.resize(np.asarray(PILImage.open(shot).convert("RGB")), (width, height), interpolation=cv2.INTER_AREA)


def captioned(image: Image, caption: str) -> Image:
    """An image with a caption above it."""
    bar = PILImage.new("RGB", (image.shape[1], _CAPTION), "white")
    ImageDraw.Draw(bar).text((0, 2), caption, (80, 80, 80), ImageFont.load_default(13))
    return np.concatenate([np.asarray(bar), image])


def _to_height(image: Image, height: int) -> Image:
    size = (max(1, round(image.shape[1] * height / image.shape[0])), height)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _side_by_side(columns: Sequence[Image]) -> Image:
    height = max(column.shape[0] for column in columns)
    padded = [
        cv2.copyMakeBorder(c, 0, height - c.shape[0], 0, _GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for c in columns
    ]
    return np.concatenate(padded, axis=1)[:, :-_GAP]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, default=Path("docs/images/strip.jpg"))
    parser.add_argument("--report", type=Path, help="page of ocrmill compare or evaluate")
    options = parser.parse_args()
    lines, middle, right = _COLUMNS
    with tempfile.TemporaryDirectory() as folder:
        before, after = pasted_photograph(Path(folder), middle)
    (scene,) = iterate_samples("scenes", count=1, seed=22)
    assert isinstance(scene, Scene)
    column = np.concatenate([captioned(before, "a photograph"), captioned(after, "with CopyPaste")])
    others = [captioned(scene_cell(scene, right), "a scene, with its words and lines")]
    height = column.shape[0] - _CAPTION
    if options.report:
        others.append(captioned(report_page(options.report, right, height - others[0].shape[0]), "a report"))
    strip = _side_by_side(
        [captioned(lines_column(lines, height), "lines in five scripts"), column, np.concatenate(others)]
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    PILImage.fromarray(strip).save(options.out, quality=88)


if __name__ == "__main__":
    main()
