"""Scenes with their labels drawn over them, for a page to look at."""

import cv2
import numpy as np

from synthtext.core import Image, Scene

_LINE, _WORD, _BLOCK, _IGNORED = (0, 170, 60), (235, 120, 0), (40, 90, 255), (230, 0, 200)
_FRACTION = 4  # bits of a pixel's fraction that OpenCV draws to

COLOURS = {"line": _LINE, "word": _WORD, "block": _BLOCK}
"""Of polygons by level, RGB; what is ignored has another one."""


def scene_cell(scene: Scene, width: int) -> Image:
    """A scene scaled down to a width (pixels), with thin polygons around its texts: (H, width, 3).

    Blocks are drawn first and lines last, so that a line of one word shows as a line.
    """
    scale = min(1.0, width / scene.image.shape[1])
    height = max(1, round(scene.image.shape[0] * scale))
    shown = (max(1, round(scene.image.shape[1] * scale)), height)
    cell = np.full((height, width, 3), 255, np.uint8)
    cell[:, : shown[0]] = cv2.resize(scene.image, shown, interpolation=cv2.INTER_AREA)
    for level in ("block", "word", "line"):
        for instance in scene.instances:
            if instance.level == level:
                colour = _IGNORED if instance.ignore else COLOURS[level]
                fixed = np.round((instance.polygon * scale - 0.5) * (1 << _FRACTION)).astype(np.int32)
                cv2.polylines(cell, [fixed], True, colour, 1, cv2.LINE_AA, _FRACTION)
    return cell
