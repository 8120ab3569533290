"""Sheets of paper in an image."""

import cv2
import numpy as np

from synthtext.background import Gradient, Texture
from synthtext.core import Box, Image, Points, Range, Size, Warp, bounding_box, lerp
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import Composition, PlacedItem, print_on_sheet
from synthtext.scenes.shapes import fill_polygon, window_around

_SHADOW_DOWNSCALE = 8
_MARGIN = 0.97  # maximum size of a sheet, as a fraction of the image
_PAPER = Texture(lightness_range=(205, 250), difference=14, tint=10, grain_range=(0.02, 0.6))


def place_on_sheet(
    rng: np.random.Generator,
    composition: Composition,
    background: SceneBackground,
    degrees_range: Range,
    strength_range: Range,
) -> list[PlacedItem]:
    """Place a sheet in an image, paint it, and place the texts on it.

    Args:
        rng: Draws the position, the paper and the colour of the print.
        composition: Texts on the sheet; one that fills the image lies almost straight.
        background: Background image, into which the sheet is painted.
        degrees_range: Rotation in degrees.
        strength_range: Perspective: displacement of the corners, as a fraction of the shorter side, 0 to 0.2.
    """
    size = Size(background.image.shape[1], background.image.shape[0])
    warp = _draw_warp(rng, composition, size, degrees_range, strength_range)
    _paint_paper(rng, background.image, composition, warp)
    return print_on_sheet(rng, composition, warp)


def _draw_warp(
    rng: np.random.Generator, composition: Composition, size: Size, degrees_range: Range, strength_range: Range
) -> Warp:
    """Draw the warp from a sheet to an image. A sheet that does not fill the image is completely visible."""
    sheet = Box(0, 0, composition.width, composition.height)
    turn, perspective, *rest = rng.random(4).tolist()
    corners, moves = sheet.polygon(), rng.uniform(-1, 1, (4, 2))
    if composition.fills_picture:
        tilted = Warp.rotation((turn - 0.5) * 1.6, (sheet.width / 2, sheet.height / 2))
        return tilted.then(_fit_into(tilted.points(corners), size, 1.0, (0.5, 0.5)))
    strength = lerp(strength_range, perspective) * min(sheet.width, sheet.height)
    warp = Warp.between_quads(corners, (corners + moves * strength).astype(np.float32))
    degrees = lerp(degrees_range, turn)
    warp = warp.then(Warp.rotation(degrees, (sheet.width / 2, sheet.height / 2)))
    return warp.then(_fit_into(warp.points(corners), size, _MARGIN, (rest[0], rest[1])))


def _paint_paper(rng: np.random.Generator, image: Image, composition: Composition, warp: Warp) -> None:
    """Paint the paper of a sheet into an image (H, W, 3) in place, with a shadow and uneven light."""
    size = Size(image.shape[1], image.shape[0])
    paper = _PAPER.paint(rng, size)
    light = Gradient(lightness_range=(200, 255), difference=60, tint=6).paint(rng, size)
    shift, opacity, shaded, colourful = rng.random(4).tolist()
    lit = paper if composition.fills_picture and shaded < 0.5 else cv2.multiply(paper, light, scale=1 / 255)
    grey = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = colourful**3  # most paper is nearly grey
    lit = cv2.addWeighted(lit, share, grey, 1 - share, 0)
    if composition.fills_picture:
        image[:] = lit
        return
    quad = np.asarray(warp.points(Box(0, 0, composition.width, composition.height).polygon()), np.float32)
    _cast_shadow(image, quad + np.float32(0.02 * min(size) * shift), 0.2 + 0.5 * opacity)
    window = window_around(quad, size)
    if window is not None:
        mask = cv2.merge([fill_polygon(quad, window)] * 3)
        shown = cv2.multiply(np.ascontiguousarray(lit[window]), mask, scale=1 / 255)
        hidden = cv2.multiply(np.ascontiguousarray(image[window]), cv2.bitwise_not(mask), scale=1 / 255)
        image[window] = cv2.add(shown, hidden)


def _cast_shadow(image: Image, quad: Points, darkness: float) -> None:
    """Darken an image in place under a blurred quad (4, 2), computed at an eighth of the size."""
    height, width = image.shape[:2]
    small = Size(-(-width // _SHADOW_DOWNSCALE), -(-height // _SHADOW_DOWNSCALE))
    mask = fill_polygon(quad / np.float32(_SHADOW_DOWNSCALE), (slice(0, int(small.height)), slice(0, int(small.width))))
    soft = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 2), (width, height), interpolation=cv2.INTER_LINEAR)
    light = cv2.convertScaleAbs(soft, alpha=-darkness, beta=0)
    image[:] = cv2.multiply(image, cv2.merge([cv2.bitwise_not(light)] * 3), scale=1 / 255)


def _fit_into(points: Points, size: Size, margin: float, fractions: tuple[float, float]) -> Warp:
    """Scale down points to fit an image, and place them at fractions of the free space."""
    box = bounding_box(points)
    scale = min(1.0, margin * size.width / box.width, margin * size.height / box.height)
    x = fractions[0] * (size.width - scale * box.width) - scale * box.left
    y = fractions[1] * (size.height - scale * box.height) - scale * box.top
    return Warp.scale_translate(scale, x, y)
