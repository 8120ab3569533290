"""The paste mode of PaddleOCR's code."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.bank import CropBank
from synthtext.core import BoundedSettings, Image, InputError, Parameters, Polygon, Scene, bounded, bounding_box

_MIN_TALL_RATIO = 1.5  # ratio of height to width from which a patch is rotated by 90 degrees
_TRIES = 50
_MAX_PASTES = 30


@dataclass(frozen=True)
class PaddlePaste(BoundedSettings):
    """Pastes crops of one other image, unscaled, rotated by any angle, with a hard edge (PaddleOCR: copy_paste.py).

    Differences from PaddleOCR's code: it always terminates; labels stay with their pixels; an image without text may be
    a target; the polygon lies exactly where the pixels are (up to two pixels beside in PaddleOCR); crops that are too
    small for the bank, extend beyond their image or have other than four points are not used, although the share counts
    all texts of an image.

    Attributes:
        share: number of pastes per text of the other image, 0 to 10; at least 1 and at most 30 crops are pasted.
        limit_paste: skip a crop that finds no free place in 50 tries, instead of pasting it anywhere.
    """

    share: float = bounded(0.2, 0, 10)
    limit_paste: bool = True

    def prepare(self, bank: CropBank) -> Callable[[np.random.Generator, Scene], Parameters]:
        """Return the function that samples the pastes of a scene.

        Raises:
            InputError: no crop in the bank has four points.
        """
        quads = np.flatnonzero(np.diff(bank.columns.point_starts) == 4)
        if not len(quads):
            raise InputError("no crop has four points, and mode paddle pastes no others: use mode natural")
        images = bank.columns.images[quads]
        starts = np.flatnonzero(np.diff(images, prepend=-1))
        groups = np.split(quads, starts[1:])
        return lambda rng, scene: self._draw(bank, groups, rng, scene)

    def _draw(
        self, bank: CropBank, groups: list[NDArray[np.int64]], rng: np.random.Generator, scene: Scene
    ) -> Parameters:
        group = rng.permutation(groups[rng.integers(len(groups))])
        text_count = int(bank.columns.text_counts[bank.columns.images[group[0]]])
        requested = min(max(1, min(int(self.share * text_count), _MAX_PASTES)), len(group))
        rows, columns = scene.image.shape[:2]
        occupied = np.array([bounding_box(instance.polygon) for instance in scene.instances], np.float64).reshape(-1, 4)
        pastes: list[Parameters] = []
        failed: Counter[str] = Counter()
        for number in group[:requested].tolist():
            degrees = int(rng.integers(360))
            width, height = _rotated_size(*_upright_size(bank, number), degrees)
            if width > columns or height > rows:
                failed["larger than the image"] += 1
                continue
            # All tries at once: the first free one is used, as in a loop.
            xs = rng.integers(0, columns - width + 1, _TRIES if self.limit_paste else 1)
            ys = rng.integers(0, rows - height + 1, len(xs))
            boxes = np.stack([xs, ys, xs + width, ys + height], 1)
            free = ~_touches(boxes, occupied) if self.limit_paste else np.ones(1, np.bool_)
            if not free.any():
                failed["no room"] += 1
                continue
            box = boxes[int(free.argmax())]
            occupied = np.concatenate([occupied, box[None]])
            pastes.append({"crop": number, "x": int(box[0]), "y": int(box[1]), "degrees": degrees})
        return {"requested": requested, "pastes": pastes, "failed": dict(failed)}

    def paste(self, image: Image, bank: CropBank, paste: Parameters) -> Polygon:
        """Paste one crop into an image in place; return its polygon (4, 2) in the image."""
        number = paste["crop"]
        patch, (width, height) = bank.patch(number), _upright_size(bank, number)
        if (width, height) != bank.size(number):
            patch = np.ascontiguousarray(np.rot90(patch))
        size = _rotated_size(width, height, paste["degrees"])
        angle = math.radians(paste["degrees"])
        rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        shift = np.array(size) / 2 - rotation @ (np.array([width, height]) / 2)
        # OpenCV counts from pixel centres.
        centred = np.column_stack([rotation, shift + (rotation.sum(axis=1) - 1) / 2])
        rotated = cv2.warpAffine(patch, centred, size, flags=cv2.INTER_NEAREST)
        opaque = np.full((height, width), 255, np.uint8)
        mask = cv2.warpAffine(opaque, centred, size, flags=cv2.INTER_NEAREST)
        place = image[paste["y"] : paste["y"] + size[1], paste["x"] : paste["x"] + size[0]]
        np.copyto(place, rotated, where=mask[..., None] > 0)
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        placed = corners @ rotation.T + shift + (paste["x"], paste["y"])
        return np.asarray(placed.clip(0, (image.shape[1], image.shape[0])), np.float32)


def _upright_size(bank: CropBank, number: int) -> tuple[int, int]:
    """Return width and height of a patch after tall ones are rotated by 90 degrees."""
    width, height = bank.size(number)
    return (height, width) if height / width >= _MIN_TALL_RATIO else (width, height)


def _rotated_size(width: int, height: int, degrees: int) -> tuple[int, int]:
    """Return the size in whole pixels of a patch rotated about its centre."""
    angle = math.radians(degrees)
    cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
    rotated_width, rotated_height = width * cosine + height * sine, width * sine + height * cosine
    # Rounded as in Pillow.
    left, top = (width - rotated_width) / 2, (height - rotated_height) / 2
    return (
        math.ceil(round(left + rotated_width, 6)) - math.floor(round(left, 6)),
        math.ceil(round(top + rotated_height, 6)) - math.floor(round(top, 6)),
    )


def _touches(boxes: NDArray[np.int64], occupied: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (N,) whether boxes (N, 4) touch any of the occupied ones (M, 4)."""
    apart = (boxes[:, None, 2:] < occupied[:, :2]) | (boxes[:, None, :2] > occupied[:, 2:])
    return np.asarray(~np.all(np.any(apart, axis=2), axis=1))
