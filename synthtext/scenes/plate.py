"""What a text stands on that has a ground of its own: a sign, a label, a box on a poster."""

import cv2
import numpy as np

from synthtext.core import Image, Points, Warp
from synthtext.scenes.block import TextBlock
from synthtext.scenes.shapes import blend_polygon

ROOM = 0.55
"""Ems around a block that are kept free for its plate."""

_STEP = 0.125  # of a side, between the points of a plate's edge: a bent view bends it


def draw_plate(rng: np.random.Generator, image: Image, block: TextBlock, warp: Warp) -> None:
    """Draw a plate behind a block of text into a picture (H, W, 3), in place.

    Args:
        rng: draws its colours and its shape.
        image: where to.
        block: that will stand on it.
        warp: from the block's plane to the picture.
    """
    lightness, opacity, share, rounding, border, *tint = rng.random(8).tolist()
    room = block.em * (0.25 + 0.27 * share)
    radius = room * rounding if rounding > 0.4 else 0.0
    edge = _rounded(block.width + 2 * room, block.height + 2 * room, radius) - room
    outline = warp.points(edge.astype(np.float32))
    colour = np.clip(255 * lightness + 60 * (np.array(tint) - 0.5), 0, 255)
    blend_polygon(image, outline, colour.tolist(), 0.85 + 0.15 * opacity)
    if border < 0.3:
        line = np.clip(colour + (110 if lightness < 0.5 else -110), 0, 255).tolist()
        inset = room * 0.2
        inner = room - inset
        frame = _rounded(block.width + 2 * inner, block.height + 2 * inner, max(radius - inset, 0.0)) - inner
        points = np.round(warp.points(frame.astype(np.float32)) * 16 - 8).astype(np.int32)
        cv2.polylines(image, [points], True, line, max(1, round(inset / 3)), cv2.LINE_AA, 4)


def _rounded(width: float, height: float, radius: float) -> Points:
    """A rectangle from (0, 0) with rounded corners, (P, 2), clockwise on the screen."""
    radius = min(radius, width / 2, height / 2)
    if radius < 1:
        share = np.arange(0, 1, _STEP)
        nothing, whole = np.zeros_like(share), np.ones_like(share)
        x = np.concatenate([share, whole, 1 - share, nothing]) * width
        y = np.concatenate([nothing, share, whole, 1 - share]) * height
        return np.stack([x, y], axis=1).astype(np.float32)
    angles = np.linspace(0, np.pi / 2, 5)
    corners = []
    centres = [(width - radius, radius), (width - radius, height - radius), (radius, height - radius), (radius, radius)]
    for number, (cx, cy) in enumerate(centres):
        turned = angles + (number - 1) * np.pi / 2
        corners.append(np.stack([cx + radius * np.cos(turned), cy + radius * np.sin(turned)], axis=1))
    return np.concatenate(corners).astype(np.float32)
