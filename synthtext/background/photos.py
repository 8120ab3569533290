"""Crops of photographs."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage

from synthtext.core import MAX_IMAGE_PIXELS, Image, InputError, Range, Size, check_number, check_range
from synthtext.core.cache import ByteCache

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_STEP = 2**0.25
_CACHE_BYTES = 128 << 20
_MAX_SIDE = 1024  # pixels; larger photographs are reduced to this size


@dataclass(frozen=True)
class Photos:
    """Crops of the photographs in a folder and its subfolders.

    Attributes:
        folder: Folder with at least one photograph; a broken one is an error.
        scale_range: Scale of the photographs, in steps of 19 %.
        pool: Number of photographs for each block of 256 samples.
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
            InputError: The folder does not exist or is empty, or a photograph is broken; the message names it.
        """
        for path in self._paths:
            _cached_photo(path, 0)  # also fills the cache

    def for_block(self, rng: np.random.Generator) -> "PhotoPool":
        """Return a few photographs, each at a random scale."""
        paths = self._paths
        picked = [paths[int(i)] for i in rng.integers(len(paths), size=self.pool)]
        low, high = (round(np.log(scale) / np.log(_STEP)) for scale in self.scale_range)
        return PhotoPool([_cached_photo(path, int(rng.integers(low, high, endpoint=True))) for path in picked])

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return list_photos(self.folder)


class PhotoPool:
    """Photographs in memory."""

    def __init__(self, photos: Sequence[Image]) -> None:
        self._photos = photos

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Return a random crop, mirrored half of the time; a photograph that is too small is extended by reflection."""
        which, across, down, mirrored = rng.random(4).tolist()
        crop = crop_at(self._photos[int(which * len(self._photos))], int(size.width), int(size.height), across, down)
        return np.asarray(cv2.flip(crop, 1) if mirrored < 0.5 else crop.copy(), np.uint8)


def crop_at(image: Image, width: int, height: int, across: float, down: float) -> Image:
    """Return a view of an image of this size, at fractions of the free space; extends a small image by reflection."""
    while image.shape[0] < height or image.shape[1] < width:
        bottom = min(max(0, height - image.shape[0]), image.shape[0])
        right = min(max(0, width - image.shape[1]), image.shape[1])
        image = np.asarray(cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REFLECT), np.uint8)
    x, y = int(across * (image.shape[1] - width + 1)), int(down * (image.shape[0] - height + 1))
    return image[y : y + height, x : x + width]


def _scaled(photo: Image, scale: float) -> Image:
    """Scale a photograph: halve it by averaging as often as possible, then resample it."""
    height, width = photo.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    while photo.shape[0] >= 2 * size[1] and photo.shape[1] >= 2 * size[0]:
        photo = photo[: photo.shape[0] // 2 * 2, : photo.shape[1] // 2 * 2]
        half = (photo.shape[1] // 2, photo.shape[0] // 2)
        photo = np.asarray(cv2.resize(photo, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def list_photos(folder: Path) -> tuple[Path, ...]:
    """List the images in a folder and its subfolders, sorted by path.

    Raises:
        InputError: The folder does not exist or contains no image.
    """
    if not folder.is_dir():
        raise InputError(f"photos: folder {str(folder)!r} does not exist")
    paths = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES))
    if not paths:
        raise InputError(f"photos: folder {str(folder)!r} contains no image ({', '.join(SUFFIXES)})")
    return paths


@contextmanager
def open_photo(path: Path, noun: str) -> Iterator[PillowImage.Image]:
    """Open an image (a `noun`) that is not decoded yet.

    Raises:
        InputError: On opening or within the block: the file is broken, or its header claims more than
            `MAX_IMAGE_PIXELS` pixels; the message names it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)  # below our limit
            file = PillowImage.open(path)
        with file:
            if file.width * file.height > MAX_IMAGE_PIXELS:
                raise PillowImage.DecompressionBombError
            yield file
    except PillowImage.DecompressionBombError:
        limit = f"more than {MAX_IMAGE_PIXELS:,} pixels"
        raise InputError(f"{noun} {str(path)!r} is too large: it has {limit}; make it smaller") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{noun} {str(path)!r} is broken or not an image: {error}; replace or remove it") from None


def decode_photo(path: Path) -> Image:
    """Read a photograph, (H, W, 3) uint8 RGB, with sides of at most 1024 pixels.

    Uses Pillow, which detects truncated files; OpenCV fills them with grey.

    Raises:
        InputError: The file is broken, or has more than `MAX_IMAGE_PIXELS` pixels; the message names it.
    """
    with open_photo(path, "photograph") as file:
        file.draft("RGB", (_MAX_SIDE, _MAX_SIDE))
        photo = np.asarray(file.convert("RGB"), np.uint8)
    longest = max(photo.shape[:2])
    return _scaled(photo, _MAX_SIDE / longest) if longest > _MAX_SIDE else photo


def _cached_photo(path: Path, step: int) -> Image:
    """Return a photograph at a scale of the ladder from the cache."""
    state = path.stat()
    key = (path, state.st_mtime_ns, state.st_size, step)  # detects changed files
    if step == 0:
        return _PHOTOS.get(key, lambda: decode_photo(path))
    return _PHOTOS.get(key, lambda: _scaled(_cached_photo(path, 0), _STEP**step))


_PHOTOS: ByteCache[tuple[Path, int, int, int], Image] = ByteCache(_CACHE_BYTES, lambda photo: photo.nbytes)
