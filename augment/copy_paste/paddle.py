"""Pastes as the released code of PP-OCRv2 makes them."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from augment.copy_paste.bank import CropBank
from synthtext.core import Image, InputError, Parameters, Polygon, Scene, bounding_box, check_number

_TALL = 1.5  # a patch so many times as high as wide is turned by 90 degrees
_TRIES = 50
_MOST = 30


@dataclass(frozen=True)
class PaddlePaste:
    """Crops of one other picture, unscaled, turned by any angle, with a hard edge (released code: copy_paste.py).

    It differs from the released code in this: it ends in all cases; labels stay with what was pasted; a picture without
    text is a target; the label's polygon is exactly where the pixels are (the released one is up to two pixels beside);
    crops that are too small for the bank, reach out of their picture or have other than four points are never drawn,
    though a picture's share counts all its texts.

    Attributes:
        share: of the number of texts in the other picture: how many are pasted, at least 1 and at most 30; 0 to 10.
        limit_paste: leave out what finds no free place in 50 tries, instead of pasting it anywhere.

    Raises:
        InputError: the share is out of its bounds.
    """

    share: float = 0.2
    limit_paste: bool = True

    def __post_init__(self) -> None:
        check_number("share", self.share, 0, 10)

    def prepare(self, bank: CropBank) -> Callable[[np.random.Generator, Scene], Parameters]:
        """The function that draws what is pasted into a scene.

        Raises:
            InputError: no crop in the bank has four points.
        """
        quads = np.flatnonzero(np.diff(bank.columns.point_starts) == 4)
        if not len(quads):
            raise InputError("no crop has four points: the released mode pastes no others; take mode natural")
        pictures = bank.columns.pictures[quads]
        begins = np.flatnonzero(np.diff(pictures, prepend=-1))
        groups = np.split(quads, begins[1:])
        return lambda rng, scene: self._draw(bank, groups, rng, scene)

    def _draw(self, bank: CropBank, groups: "list[np.ndarray]", rng: np.random.Generator, scene: Scene) -> Parameters:
        group = rng.permutation(groups[rng.integers(len(groups))])
        labelled = int(bank.columns.labelled[bank.columns.pictures[group[0]]])
        wanted = min(max(1, min(int(self.share * labelled), _MOST)), len(group))
        rows, columns = scene.image.shape[:2]
        taken = np.array([bounding_box(instance.polygon) for instance in scene.instances], np.float64).reshape(-1, 4)
        pastes: list[Parameters] = []
        failed: Counter[str] = Counter()
        for number in group[:wanted].tolist():
            degrees = int(rng.integers(360))
            width, height = _turned_size(*_quarter_size(bank, number), degrees)
            if width > columns or height > rows:
                failed["larger than the picture"] += 1
                continue
            # All tries at once: the first one that fits is the one that a loop would have ended with.
            xs = rng.integers(0, columns - width + 1, _TRIES if self.limit_paste else 1)
            ys = rng.integers(0, rows - height + 1, len(xs))
            boxes = np.stack([xs, ys, xs + width, ys + height], 1)
            free = ~_touch(boxes, taken) if self.limit_paste else np.ones(1, np.bool_)
            if not free.any():
                failed["no room"] += 1
                continue
            box = boxes[int(free.argmax())]
            taken = np.concatenate([taken, box[None]])
            pastes.append({"crop": number, "x": int(box[0]), "y": int(box[1]), "degrees": degrees})
        return {"wanted": wanted, "pastes": pastes, "failed": dict(failed)}

    def paste(self, image: Image, bank: CropBank, paste: Parameters) -> Polygon:
        """Put one crop into a picture, which is changed.

        Returns:
            Its polygon (4, 2) in the picture.
        """
        number = paste["crop"]
        patch = np.ascontiguousarray(np.rot90(bank.patch(number))) if _is_tall(bank, number) else bank.patch(number)
        height, width = patch.shape[:2]
        size = _turned_size(width, height, paste["degrees"])
        angle = math.radians(paste["degrees"])
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        shift = np.array(size) / 2 - turn @ (np.array([width, height]) / 2)
        centred = np.column_stack([turn, shift + (turn.sum(axis=1) - 1) / 2])  # OpenCV counts from pixel centres
        turned = cv2.warpAffine(patch, centred, size, flags=cv2.INTER_NEAREST)
        opaque = np.full((height, width), 255, np.uint8)
        mask = cv2.warpAffine(opaque, centred, size, flags=cv2.INTER_NEAREST)
        place = image[paste["y"] : paste["y"] + size[1], paste["x"] : paste["x"] + size[0]]
        np.copyto(place, turned, where=mask[..., None] > 0)
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        placed = corners @ turn.T + shift + (paste["x"], paste["y"])
        return np.asarray(placed.clip(0, (image.shape[1], image.shape[0])), np.float32)


def _is_tall(bank: CropBank, number: int) -> bool:
    width, height = bank.size(number)
    return bool(height / width >= _TALL)


def _quarter_size(bank: CropBank, number: int) -> tuple[int, int]:
    """Width and height of a patch, once tall ones are turned."""
    width, height = bank.size(number)
    return (height, width) if _is_tall(bank, number) else (width, height)


def _turned_size(width: int, height: int, degrees: int) -> tuple[int, int]:
    """Whole pixels around a patch that is turned about its middle."""
    angle = math.radians(degrees)
    cosine, sine = abs(math.cos(angle)), abs(math.sin(angle))
    across, down = width * cosine + height * sine, width * sine + height * cosine
    # From the corners' coordinates to whole pixels, as Pillow does it.
    left, top = (width - across) / 2, (height - down) / 2
    return (
        math.ceil(round(left + across, 6)) - math.floor(round(left, 6)),
        math.ceil(round(top + down, 6)) - math.floor(round(top, 6)),
    )


def _touch(boxes: "np.ndarray", taken: "np.ndarray") -> "np.ndarray":
    """(N,) whether boxes (N, 4) touch any of those that are taken (M, 4)."""
    apart = (
        (boxes[:, None, 2] < taken[None, :, 0])
        | (boxes[:, None, 0] > taken[None, :, 2])
        | (boxes[:, None, 3] < taken[None, :, 1])
        | (boxes[:, None, 1] > taken[None, :, 3])
    )
    return np.asarray(~apart.all(axis=1))
