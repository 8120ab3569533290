"""What scanners, copiers and fax machines do to a page."""

from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Parameters, Range, Size, check_fraction, check_range

_MIDDLE = 128  # grey that a picture is brought to where its own brightness is taken off
_LEVELS = np.arange(256)
_FAR = 2  # times the usual difference from what is around: more makes no difference
_ALIKE = 0.5  # of what tells ink from paper in a cell: one threshold for all keeps at least this much of it
_PLAIN = 0.02  # variance of black and white: cells with less have no letters to lose


@dataclass(frozen=True)
class ScanStreaks:
    """Dark and light lines and bands from edge to edge: dirt on the glass of a scanner, a worn drum, a heated wire.

    Attributes:
        count_range: how many, 0 to 20.
        width_range: shares of the picture's shorter side, 0 to 0.5; at least a pixel.
        strength_range: how near to black or white they bring what lies under them, 0 to 0.7, as a share of the way:
            letters keep the rest of their contrast, also where streaks cross.
        vertical_probability: of streaks that run down, else to the right.
    """

    count_range: tuple[int, int] = (1, 5)
    width_range: Range = (0.02, 0.12)
    strength_range: Range = (0.1, 0.5)
    vertical_probability: float = 0.6

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 0, 20, "two whole numbers")
        check_range("width_range", self.width_range, 0, 0.5)
        check_range("strength_range", self.strength_range, 0, 0.7)
        check_fraction("vertical_probability", self.vertical_probability)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the direction, and of each streak its place as a share, its width in pixels, its strength and end."""
        count = int(rng.integers(*self.count_range, endpoint=True))
        return {
            "vertical": bool(rng.random() < self.vertical_probability),
            "places": rng.random(count).tolist(),
            "widths": (rng.uniform(*self.width_range, count) * min(size)).tolist(),
            "strengths": rng.uniform(*self.strength_range, count).tolist(),
            "white": (rng.random(count) < 0.5).tolist(),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture under the streaks."""
        high, wide = image.shape[:2]
        count = wide if parameters["vertical"] else high
        pixels = np.arange(count, dtype=np.float32) + np.float32(0.5)
        if not parameters["places"]:
            return image.copy()
        # One row a streak.
        places, widths, strengths, white = (
            np.array(parameters[name], np.float32)[:, None] for name in ("places", "widths", "strengths", "white")
        )
        near = (np.maximum(widths, 1) + 1) / 2 - np.abs(pixels - places * count)
        shares = near.clip(0, 1) * strengths
        seen = shares.argmax(axis=0)  # of two that lie on each other, the stronger one
        share = shares.max(axis=0)
        kept, added = (np.rint(part).astype(np.uint8) for part in ((1 - share) * 255, share * 255 * white[seen, 0]))
        left = cv2.multiply(image, _repeated(kept, image, parameters["vertical"]), scale=1 / 255)
        return np.asarray(cv2.add(left, _repeated(added, image, parameters["vertical"])), np.uint8)


def _repeated(profile: Image, image: Image, vertical: bool) -> Image:
    """Values along one side (N,) for all pixels of a picture, in three channels."""
    high, wide = image.shape[:2]
    if vertical:
        return np.asarray(cv2.repeat(cv2.cvtColor(profile[None], cv2.COLOR_GRAY2BGR), high, 1), np.uint8)
    return np.asarray(cv2.repeat(cv2.cvtColor(profile[:, None], cv2.COLOR_GRAY2BGR), 1, wide), np.uint8)


@dataclass(frozen=True)
class Binarise:
    """Black and white alone, as of a fax or a scan for archives.

    The threshold lies between what is dark and what is light (Otsu 1979), of the whole picture or, adaptive, of its
    difference from the mean around each pixel. Where one threshold for all would lose letters that the adaptive one
    keeps, as on paper of two colours, the adaptive one is taken. Less than half a window from a hard edge of the paper,
    letters of less contrast than that may still be lost.

    Attributes:
        adaptive_probability: of an adaptive threshold.
        window_range: size of the square around a pixel, as a share of the picture's shorter side, 0.3 to 3.
        offset_range: of the threshold, -0.6 to 0.6, as a share of the way to the mean of what is dark (below 0: strokes
            of dark letters become thinner) or light.
    """

    adaptive_probability: float = 0.5
    window_range: Range = (0.6, 1.5)
    offset_range: Range = (-0.3, 0.3)

    def __post_init__(self) -> None:
        check_fraction("adaptive_probability", self.adaptive_probability)
        check_range("window_range", self.window_range, 0.3, 3)
        check_range("offset_range", self.offset_range, -0.6, 0.6)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw whether the threshold is adaptive, the window in pixels and the offset."""
        return {
            "adaptive": bool(rng.random() < self.adaptive_probability),
            "window": rng.uniform(*self.window_range) * min(size),
            "offset": rng.uniform(*self.offset_range),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture in black and white."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        side = max(3, round(parameters["window"]))
        shown = _two_tones(_levelled(grey, side), parameters["offset"])
        if not parameters["adaptive"]:
            whole = _two_tones(grey, parameters["offset"])
            if _keeps(whole, shown, side):
                shown = whole
        return np.asarray(cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR), np.uint8)


def _levelled(grey: Image, side: int) -> Image:
    """How much lighter or darker pixels are than what is around them, `_MIDDLE` for not at all.

    What stands out by far, as rules of a table do, counts no more than letters: else it alone would be ink.
    """
    counts = np.bincount(grey.ravel(), minlength=256)
    median = int(counts.cumsum().searchsorted(grey.size / 2))
    away = np.abs(_LEVELS - median)
    far = _FAR * max(float(counts @ away) / grey.size, 1.0)
    kept = np.clip(_LEVELS, median - far, median + far).astype(np.uint8)
    around = cv2.blur(cv2.LUT(grey, kept), (side, side), borderType=cv2.BORDER_REPLICATE)
    usual = max(cv2.mean(cv2.absdiff(grey, around))[0], 1.0)
    gain = _MIDDLE / (_FAR * usual)
    return np.asarray(cv2.addWeighted(grey, gain, around, -gain, _MIDDLE), np.uint8)


def _two_tones(grey: Image, offset: float) -> Image:
    """0 and 255 for what is darker and lighter than a threshold."""
    threshold, light = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not offset:
        return np.asarray(light, np.uint8)
    end = cv2.mean(grey, light if offset > 0 else cv2.bitwise_not(light))[0]
    moved = threshold + abs(offset) * (end - threshold)
    return np.asarray(cv2.threshold(grey, moved, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _keeps(whole: Image, local: Image, side: int) -> bool:
    """Whether a picture in two tones has the letters that another one has, in every cell of it."""
    high, wide = whole.shape
    cells = (max(1, round(2 * wide / side)), max(1, round(2 * high / side)))
    both = cv2.bitwise_and(whole, local)
    first, second, together = (
        cv2.resize(part, cells, interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for part in (whole, local, both)
    )
    variance = second * (1 - second)
    return bool((together - first * second >= _ALIKE * variance)[variance > _PLAIN].all())
