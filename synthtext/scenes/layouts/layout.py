"""The interface of layouts, and what layouts on a sheet of paper have in common."""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from synthtext.background import Gradient, Texture
from synthtext.core import Box, Image, Points, Range, Size, Warp, bounding_box, lerp
from synthtext.core.compositing import composite_image
from synthtext.lines.sampler import LineSpec
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import Composition, LayoutItem, PlacedItem, RowCell, TextBlock, stack_rows
from synthtext.scenes.shapes import fill_polygon, window_around
from synthtext.scenes.typesetter import Typesetter, is_right_to_left

_SHADOW_DOWNSCALE = 8
_MARGIN = 0.97  # maximum size of a sheet, as a fraction of the image
_MAX_LIGHTNESS = 80  # of print
_PAPER = Texture(lightness_range=(205, 250), difference=14, tint=10, grain_range=(0.02, 0.6))


class SceneLayout(Protocol):
    """A layout of scenes: it composes texts, then places them in an image.

    A custom layout is a dataclass with these methods, named by its dotted path in a recipe.
    """

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Compose the texts of a scene of this size, using the typesetter's stream.

        Raises:
            Rejection: No text can be set.
        """
        ...

    def place(
        self, rng: np.random.Generator, composition: Composition, background: SceneBackground
    ) -> list[PlacedItem]:
        """Place the texts in the image, into which sheets of paper are painted.

        Texts without a free area are left out.
        """
        ...


class SheetLayout:
    """A layout on a sheet of paper. Subclasses define the two settings, and compose the texts.

    Attributes:
        degrees_range: Rotation in degrees.
        strength_range: Perspective: displacement of the corners, as a fraction of the shorter side, 0 to 0.2.
    """

    degrees_range: Range
    strength_range: Range

    def place(
        self, rng: np.random.Generator, composition: Composition, background: SceneBackground
    ) -> list[PlacedItem]:
        """Place the sheet in the image, paint it, and print the texts on it in a random dark colour.

        A sheet that fills the image lies almost straight; others are completely visible.
        """
        warp = self._draw_warp(rng, composition, Size(background.image.shape[1], background.image.shape[0]))
        _paint_paper(rng, background.image, composition, warp)
        lightness, *tint = rng.random(4).tolist()
        red, green, blue = (
            float(np.clip(_MAX_LIGHTNESS * lightness * lightness + 25 * (channel - 0.5), 0, 255)) for channel in tint
        )
        return [
            PlacedItem(item, Warp.translation(item.x, item.y).then(warp), (red, green, blue))
            for item in composition.items
        ]

    def _draw_warp(self, rng: np.random.Generator, composition: Composition, size: Size) -> Warp:
        """Draw the warp from the sheet to an image of this size."""
        sheet = Box(0, 0, composition.width, composition.height)
        turn, perspective, *position = rng.random(4).tolist()
        corners, moves = sheet.polygon(), rng.uniform(-1, 1, (4, 2))
        centre = (sheet.width / 2, sheet.height / 2)
        if composition.fills_picture:
            warp = Warp.rotation((turn - 0.5) * 1.6, centre)
            return warp.then(_fit_into(warp.points(corners), size, 1.0, [0.5, 0.5]))
        strength = lerp(self.strength_range, perspective) * min(sheet.width, sheet.height)
        warp = Warp.between_quads(corners, (corners + moves * strength).astype(np.float32))
        warp = warp.then(Warp.rotation(lerp(self.degrees_range, turn), centre))
        return warp.then(_fit_into(warp.points(corners), size, _MARGIN, position))


def _fit_into(points: Points, size: Size, margin: float, position: Sequence[float]) -> Warp:
    """Scale down points to fit an image, and place them at fractions (x, y) of the free space."""
    box = bounding_box(points)
    scale = min(1.0, margin * size.width / box.width, margin * size.height / box.height)
    x = position[0] * (size.width - scale * box.width) - scale * box.left
    y = position[1] * (size.height - scale * box.height) - scale * box.top
    return Warp.scale_translate(scale, x, y)


def _paint_paper(rng: np.random.Generator, image: Image, composition: Composition, warp: Warp) -> None:
    """Paint the paper of a sheet into an image (H, W, 3) in place, with a shadow and uneven light."""
    size = Size(image.shape[1], image.shape[0])
    paper = _PAPER.paint(rng, size)
    light = Gradient(lightness_range=(200, 255), difference=60, tint=6).paint(rng, size)
    shift, opacity, shaded, colourful = rng.random(4).tolist()
    lit = paper if composition.fills_picture and shaded < 0.5 else cv2.multiply(paper, light, scale=1 / 255)
    grey = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = colourful**3  # most paper is nearly grey
    lit = np.asarray(cv2.addWeighted(lit, share, grey, 1 - share, 0), np.uint8)
    if composition.fills_picture:
        image[:] = lit
        return
    quad = np.asarray(warp.points(Box(0, 0, composition.width, composition.height).polygon()), np.float32)
    _cast_shadow(image, quad + np.float32(0.02 * min(size) * shift), 0.2 + 0.5 * opacity)
    window = window_around(quad, size)
    if window is not None:
        below, above = np.ascontiguousarray(image[window]), np.ascontiguousarray(lit[window])
        image[window] = composite_image(below, fill_polygon(quad, window), above)


def _cast_shadow(image: Image, quad: Points, darkness: float) -> None:
    """Darken an image in place under a blurred quad (4, 2), computed at an eighth of the size."""
    height, width = image.shape[:2]
    small = (slice(0, -(-height // _SHADOW_DOWNSCALE)), slice(0, -(-width // _SHADOW_DOWNSCALE)))
    mask = fill_polygon(quad / np.float32(_SHADOW_DOWNSCALE), small)
    soft = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 2), (width, height), interpolation=cv2.INTER_LINEAR)
    light = cv2.convertScaleAbs(soft, alpha=-darkness, beta=0)
    image[:] = cv2.multiply(image, cv2.merge([cv2.bitwise_not(light)] * 3), scale=1 / 255)


class SheetWriter:
    """Fills a sheet with texts from top to bottom.

    Attributes:
        items: Items on the sheet.
    """

    def __init__(self, typesetter: Typesetter, body: LineSpec, leading: float) -> None:
        self._typesetter, self._rng, self._body, self._leading = typesetter, typesetter.rng, body, leading
        self.items: list[LayoutItem] = []
        line = typesetter.typeset(body)
        self._leftwards = line is not None and is_right_to_left(line)

    def _stack(
        self, rows: Sequence[Sequence[RowCell]], top: float, bottom: float, *, grouped: bool
    ) -> LayoutItem | None:
        """Stack rows from `top` on, without lines that extend below `bottom`; None if no line fits."""
        lines = [line for line in stack_rows(rows, top, self._leading) if line.box.bottom <= bottom]
        if not lines:
            return None
        x, y = min(line.box.left for line in lines), min(line.box.top for line in lines)
        return LayoutItem(TextBlock.around(lines), x, y, grouped=grouped and len(lines) > 1)
