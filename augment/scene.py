"""Scenes that are moved: one resampling of the picture, exact points, one rule for what is cut."""

from dataclasses import replace

import cv2
import numpy as np

from augment.labels import CutRule, move_instances
from augment.region import Region
from synthtext.core import Image, Scene, Size, Warp

_FILL = 0  # grey value of what no picture covers, as in the released code


def size_of(image: Image) -> Size:
    """Width and height of a picture (H, W, ...)."""
    return Size(image.shape[1], image.shape[0])


def warp_scene(scene: Scene, warp: Warp, size: Size, rule: CutRule | None = None) -> Scene:
    """Move a scene into a picture of another size; what the old picture does not cover becomes black.

    Args:
        scene: its picture is left as it is.
        warp: how points move.
        size: of the result, whole pixels.
        rule: what becomes of instances that are cut; None: the default one.
    """
    instances = move_instances(scene.instances, warp, size_of(scene.image), Region.of(size), rule or CutRule())
    return replace(scene, image=warp_image(scene.image, warp, size), instances=instances)


def warp_image(image: Image, warp: Warp, size: Size, border_mode: int = cv2.BORDER_CONSTANT) -> Image:
    """Resample a picture once; one that becomes much smaller is averaged first, so that fine texts do not break up.

    Args:
        image: (H, W) or (H, W, 3) uint8.
        warp: how points move.
        size: of the result, whole pixels.
        border_mode: what lies outside of the picture, a flag of OpenCV.
    """
    if not warp.maps and size == size_of(image):
        return image
    height, width = image.shape[:2]
    factor = int(1 / max(_scale(warp, size_of(image)), 1e-3))
    small = (max(1, round(width / factor)), max(1, round(height / factor))) if factor > 1 else (width, height)
    if small != (width, height):
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
        warp = Warp.scaling(width / small[0], height / small[1]).then(warp)
    return warp.image(image, size, border_mode=border_mode, border_value=_FILL)


def _scale(warp: Warp, size: Size) -> float:
    """How much larger things become, by the area of a pixel in the middle of a picture."""
    if not warp.maps:
        return 1.0
    x, y = size.width / 2, size.height / 2
    here, right, down = warp.points(np.array([[x, y], [x + 1, y], [x, y + 1]], np.float32)).astype(np.float64)
    (a, b), (c, d) = right - here, down - here
    return float(np.sqrt(abs(a * d - b * c)))
