"""Crops of photographs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage

from synthtext.core import Image, InputError, Range, Size, check_number, check_range
from synthtext.core.cache import ByteCache

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_STEP = 2**0.25
_KEPT_BYTES = 128 << 20
_LONGEST = 1024  # pixels; larger photographs are kept at this size


@dataclass(frozen=True)
class Photos:
    """Crops of the photographs in a folder and below it.

    Attributes:
        folder: with at least one picture; a broken one is an error.
        scale_range: at which size photographs are shown, as a share of their own, in steps of 19 %.
        pool: how many photographs each block of 256 samples draws from.
    """

    folder: Path
    scale_range: Range = (0.4, 1.2)
    pool: int = 6

    def __post_init__(self) -> None:
        check_range("scale_range", self.scale_range, 0.01, 3, "two shares")
        check_number("pool", self.pool, 1, 64)

    def check(self) -> None:
        """Decode every photograph once.

        Raises:
            InputError: the folder is missing or empty, or a photograph is broken; the message names it.
        """
        for path in self._paths:
            _cached_photo(path, 0)  # small sets are in memory then, and not decoded again

    def for_block(self, rng: np.random.Generator) -> "PhotoPool":
        """A few photographs, each at a drawn scale."""
        paths = self._paths
        picked = [paths[int(i)] for i in rng.integers(len(paths), size=self.pool)]
        low, high = (round(np.log(scale) / np.log(_STEP)) for scale in self.scale_range)
        return PhotoPool([_cached_photo(path, int(rng.integers(low, high, endpoint=True))) for path in picked])

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return list_photos(self.folder)


class PhotoPool:
    """Photographs in memory, from which lines get their crops."""

    def __init__(self, photos: Sequence[Image]) -> None:
        self._photos = photos

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """A crop at a random place, mirrored half of the time; a photograph that is too small goes on as its mirror."""
        which, across, down, mirrored = rng.random(4).tolist()
        photo = self._photos[int(which * len(self._photos))]
        width, height = int(size.width), int(size.height)
        photo = reflect_pad(photo, width, height)
        x = int(across * (photo.shape[1] - width + 1))
        y = int(down * (photo.shape[0] - height + 1))
        crop = photo[y : y + height, x : x + width]
        return np.asarray(cv2.flip(crop, 1) if mirrored < 0.5 else crop.copy(), np.uint8)


def reflect_pad(photo: Image, width: int, height: int) -> Image:
    """A picture that is at least so large: where it is too small, it goes on as its mirror."""
    while photo.shape[0] < height or photo.shape[1] < width:
        down = min(max(0, height - photo.shape[0]), photo.shape[0])
        right = min(max(0, width - photo.shape[1]), photo.shape[1])
        photo = np.asarray(cv2.copyMakeBorder(photo, 0, down, 0, right, cv2.BORDER_REFLECT), np.uint8)
    return photo


def _scaled(photo: Image, scale: float) -> Image:
    """The photograph at a share of its size: halved as often as that goes, by averaging, and then resampled."""
    height, width = photo.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    while photo.shape[0] >= 2 * size[1] and photo.shape[1] >= 2 * size[0]:
        photo = photo[: photo.shape[0] // 2 * 2, : photo.shape[1] // 2 * 2]
        half = (photo.shape[1] // 2, photo.shape[0] // 2)
        photo = np.asarray(cv2.resize(photo, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def list_photos(folder: Path) -> tuple[Path, ...]:
    """The pictures in a folder and below it, in the order of their paths.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"photos: folder {str(folder)!r} does not exist")
    paths = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES))
    if not paths:
        raise InputError(f"photos: folder {str(folder)!r} holds no picture ({', '.join(SUFFIXES)})")
    return paths


def decode_photo(path: Path) -> Image:
    """Read a photograph, (H, W, 3) uint8 RGB, at most 1024 pixels long.

    With Pillow, which tells a truncated file from a whole one; OpenCV fills it up with grey.

    Raises:
        InputError: it is broken; the message names it.
    """
    try:
        with PillowImage.open(path) as file:
            file.draft("RGB", (_LONGEST, _LONGEST))
            picture = file.convert("RGB")
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError) as error:
        raise InputError(f"photograph {str(path)!r} is broken or no picture: {error}; mend or remove it") from None
    photo = np.asarray(picture, np.uint8)
    longest = max(photo.shape[:2])
    return _scaled(photo, _LONGEST / longest) if longest > _LONGEST else photo


def _cached_photo(path: Path, step: int) -> Image:
    """A photograph at a scale of the ladder; it stays in memory for the next blocks."""
    state = path.stat()
    key = (path, state.st_mtime_ns, state.st_size, step)  # the file may be another one by now
    if step == 0:
        return _PHOTOS.get(key, lambda: decode_photo(path))
    return _PHOTOS.get(key, lambda: _scaled(_cached_photo(path, 0), _STEP**step))


_PHOTOS: ByteCache[tuple[Path, int, int, int], Image] = ByteCache(_KEPT_BYTES, lambda photo: photo.nbytes)
