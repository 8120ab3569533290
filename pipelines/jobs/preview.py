"""A page of samples with their labels, as one image."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image as Images
from PIL import ImageDraw, ImageFont

from pipelines.errors import format_counts
from pipelines.io.plan import ShardPlan
from pipelines.jobs.caption import draw_caption
from pipelines.recipes.drawing import draw_samples, opencv_single_thread
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext.core import Image, InputError, Sample, Scene, SkippedSample
from synthtext.fonts import FontFile

# RGB colours of polygons by level; lines are drawn over words and blocks.
_COLOURS = {"block": (40, 90, 255), "word": (235, 120, 0), "line": (0, 170, 60)}
_IGNORED = (230, 0, 200)
_FRACTION_BITS = 4  # of coordinates, in OpenCV


def scene_cell(scene: Scene, width: int) -> Image:
    """The image of a scene, scaled down to the width if it is larger, with polygons around its texts, (H, width, 3)."""
    scale = min(1.0, width / scene.image.shape[1])
    height = max(1, round(scene.image.shape[0] * scale))
    shown = (max(1, round(scene.image.shape[1] * scale)), height)
    cell = np.full((height, width, 3), 255, np.uint8)
    cell[:, : shown[0]] = cv2.resize(scene.image, shown, interpolation=cv2.INTER_AREA)
    for level, level_colour in _COLOURS.items():
        for instance in scene.instances:
            if instance.level == level:
                colour = _IGNORED if instance.ignore else level_colour
                fixed = np.round((instance.polygon * scale - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
                cv2.polylines(cell, [fixed], True, colour, 1, cv2.LINE_AA, _FRACTION_BITS)
    return cell


_GAP = 8  # pixels between cells
_COLUMNS, _MIN_WIDTH, _MAX_WIDTH = 4, 200, 400  # of lines; wider images are scaled down
_SCENE_COLUMNS, _SCENE_MAX_WIDTH = 8, 320
_MAX_SAMPLES = 1024


@dataclass(frozen=True)
class Preview:
    """A page of samples.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        samples: number of samples on the page.
        skipped: number of skipped samples by reason.
    """

    image: Image
    samples: int
    skipped: dict[str, int]


def draw_preview(recipe: ResolvedRecipe, count: int = 64, seed: int = 0, start: int = 0) -> Preview:
    """Draw samples on one page: lines above their captions, scenes with polygons around their texts.

    Args:
        recipe: of the samples.
        count: 1 to 1024, skipped samples included.
        seed: 0 to 2**32 - 1.
        start: index of the first sample.

    Raises:
        InputError: a number is out of its range, or all samples are skipped.
        JobError: the drawing code failed.
    """
    if not 1 <= count <= _MAX_SAMPLES:
        raise InputError(f"a preview shows 1 to {_MAX_SAMPLES} samples, not {count}")
    indices = ShardPlan(count, start)[0].samples
    generator = recipe.generator(seed)
    with opencv_single_thread():
        items = list(draw_samples(generator, indices, recipe.name))
    samples = [item for item in items if not isinstance(item, SkippedSample)]
    skipped = Counter(item.reason for item in items if isinstance(item, SkippedSample))
    if not samples:
        reasons = format_counts(skipped)
        raise InputError(f"not one of {count} samples of recipe {recipe.name} could be generated: {reasons}")
    return Preview(_page(samples, recipe.fonts), len(samples), dict(skipped))


def _page(items: Sequence[Sample | Scene], fonts: tuple[FontFile, ...]) -> Image:
    has_scenes = isinstance(items[0], Scene)
    columns, max_width = (min(_SCENE_COLUMNS, len(items)), _SCENE_MAX_WIDTH) if has_scenes else (_COLUMNS, _MAX_WIDTH)
    width = min(max_width, max(_MIN_WIDTH, *(item.image.shape[1] for item in items)))
    cells = [
        scene_cell(item, width)
        if isinstance(item, Scene)
        else _line_cell(item, width, find_font(item.meta.font, fonts))
        for item in items
    ]
    return draw_grid(cells, width, columns, _GAP)


def find_font(name: str, fonts: tuple[FontFile, ...]) -> FontFile | None:
    """The font of a name; the name of a variable font ends with its axis values."""
    candidates = [font for font in fonts if f"{name} ".startswith(f"{font.name} ")]
    return max(candidates, key=lambda font: len(font.name), default=None)


def draw_grid(cells: Sequence[Image], width: int, columns: int, gap: int) -> Image:
    """Arrange cells of one width, pixels, from left to right and top to bottom, with white gaps between and around."""
    rows = []
    for first in range(0, len(cells), columns):
        shown = cells[first : first + columns]
        row = np.full((max(map(len, shown)) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
        for column, cell in enumerate(shown):
            left = gap + column * (width + gap)
            row[gap : gap + len(cell), left : left + width] = cell
        rows.append(row)
    return np.concatenate(rows)


def _line_cell(sample: Sample, width: int, sample_font: FontFile | None) -> Image:
    """The image of a line above its caption, (H, width, 3)."""
    image = sample.image
    if image.shape[1] > width:
        height = max(1, round(image.shape[0] * width / image.shape[1]))
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    padded = np.full((len(image), width, 3), 255, np.uint8)
    padded[:, : image.shape[1]] = image
    return np.concatenate([padded, draw_caption(sample, width, sample_font)])


def draw_text(image: Image, position: tuple[int, int], text: str, font: ImageFont.FreeTypeFont) -> Image:
    """Return an image with a black text whose upper left corner is at a position (x, y), pixels."""
    page = Images.fromarray(image)
    ImageDraw.Draw(page).text(position, text, "black", font)
    return np.asarray(page)
