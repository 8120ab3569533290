"""A sheet of paper that lies in a picture."""

import cv2
import numpy as np

from synthtext.background import Gradient, Texture
from synthtext.core import Box, Image, Points, Range, Size, Warp, bounding_box, lerp
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import Composition, PlacedItem, print_on_sheet
from synthtext.scenes.shapes import fill_polygon, window_around

_REDUCED = 8
_MARGIN = 0.97  # of the picture that a sheet fills at most
_PAPER = Texture(lightness_range=(205, 250), difference=14, tint=10, grain_range=(0.02, 0.6))


def place_on_sheet(
    rng: np.random.Generator,
    composition: Composition,
    backdrop: SceneBackground,
    degrees_range: Range,
    strength_range: Range,
) -> list[PlacedItem]:
    """Lay a sheet into a picture, paint it, and print on it.

    Args:
        rng: draws how it lies, its paper and the colour of the print.
        composition: what is printed on it; one that is flat fills the picture and lies almost straight.
        backdrop: the picture; the sheet is painted into it.
        degrees_range: by which it is turned.
        strength_range: how far its corners move, as a share of its shorter side, 0 to 0.2.
    """
    size = Size(backdrop.image.shape[1], backdrop.image.shape[0])
    warp = _lay(rng, composition, size, degrees_range, strength_range)
    _paint(rng, backdrop.image, composition, warp)
    return print_on_sheet(rng, composition, warp)


def _lay(
    rng: np.random.Generator, composition: Composition, size: Size, degrees_range: Range, strength_range: Range
) -> Warp:
    """Draw how a sheet lies in a picture of some size: from the sheet to it. All of one that is not flat is seen."""
    sheet = Box(0, 0, composition.width, composition.height)
    turn, pull, *rest = rng.random(4).tolist()
    corners, moves = sheet.polygon(), rng.uniform(-1, 1, (4, 2))
    if composition.fills_picture:
        tilted = Warp.rotation((turn - 0.5) * 1.6, (sheet.width / 2, sheet.height / 2))
        return tilted.then(_into(tilted.points(corners), size, 1.0, (0.5, 0.5)))
    strength = lerp(strength_range, pull) * min(sheet.width, sheet.height)
    seen = Warp.between_quads(corners, (corners + moves * strength).astype(np.float32))
    degrees = lerp(degrees_range, turn)
    seen = seen.then(Warp.rotation(degrees, (sheet.width / 2, sheet.height / 2)))
    return seen.then(_into(seen.points(corners), size, _MARGIN, (rest[0], rest[1])))


def _paint(rng: np.random.Generator, image: Image, composition: Composition, warp: Warp) -> None:
    """Paint the paper of a sheet into a picture (H, W, 3), in place, with a shadow and uneven light."""
    size = Size(image.shape[1], image.shape[0])
    paper = _PAPER.paint(rng, size)
    light = Gradient(lightness_range=(200, 255), difference=60, tint=6).paint(rng, size)
    shift, opacity, shaded, colourful = rng.random(4).tolist()
    lit = paper if composition.fills_picture and shaded < 0.5 else cv2.multiply(paper, light, scale=1 / 255)
    grey = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    share = colourful**3  # most paper is nearly white
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
    """Darken a picture in place under a soft quad (4, 2), made at an eighth of its size."""
    height, width = image.shape[:2]
    small = Size(-(-width // _REDUCED), -(-height // _REDUCED))
    mask = fill_polygon(quad / np.float32(_REDUCED), (slice(0, int(small.height)), slice(0, int(small.width))))
    soft = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 2), (width, height), interpolation=cv2.INTER_LINEAR)
    light = cv2.convertScaleAbs(soft, alpha=-darkness, beta=0)
    image[:] = cv2.multiply(image, cv2.merge([cv2.bitwise_not(light)] * 3), scale=1 / 255)


def _into(points: Points, size: Size, margin: float, shares: tuple[float, float]) -> Warp:
    """Makes points small enough for a picture and puts them at shares of the room that is left."""
    box = bounding_box(points)
    scale = min(1.0, margin * size.width / box.width, margin * size.height / box.height)
    x = shares[0] * (size.width - scale * box.width) - scale * box.left
    y = shares[1] * (size.height - scale * box.height) - scale * box.top
    return Warp.scale_translate(scale, x, y)
