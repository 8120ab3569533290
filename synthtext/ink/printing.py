"""Ink that has run into the paper."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.textures import draw_noise_offset, smooth_noise
from synthtext.core import Parameters, Range, Size, check_range
from synthtext.ink.style import InkStyle

_ROUGH = 110  # of 255, by which fibres move the edge at most
_HOLE_STEEPNESS = 2.2  # how fast ink ends


@dataclass(frozen=True)
class Bleeding(InkStyle):
    """Letters with swollen, ragged edges, as of fountain pens, stamps and cheap print on soft paper.

    Attributes:
        width_range: how far ink runs, 0.005 to 0.06 ems; quads hold it.
    """

    width_range: Range = (0.012, 0.035)

    def __post_init__(self) -> None:
        check_range("width_range", self.width_range, 0.005, 0.06, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far ink runs, and the fibres that it follows."""
        return {"width": rng.uniform(*self.width_range), "noise_offset": draw_noise_offset(rng)}

    def outset(self, parameters: Parameters) -> float:
        """Twice as far as ink runs on average."""
        return 2 * float(parameters["width"])

    def style_coverage(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters with edges that follow the fibres."""
        radius = max(0.6, parameters["width"] * em)
        soft = cv2.GaussianBlur(coverage, (0, 0), radius)
        size = Size(coverage.shape[1], coverage.shape[0])
        fibres = smooth_noise(size, max(1.5, 1.5 * radius), parameters["noise_offset"])
        edge = cv2.convertScaleAbs(fibres, alpha=_ROUGH / 255, beta=15)
        swollen = cv2.convertScaleAbs(cv2.subtract(soft, edge), alpha=_HOLE_STEEPNESS)
        thick = cv2.multiply(coverage, coverage, scale=1 / 255 * 0.9)
        return np.asarray(cv2.max(swollen, thick), np.uint8)


_MIN_WORN_COVERAGE = 60  # of 255 that is left where all else is gone: no dot of an i disappears
_HOLE_SLOPE = 6.0  # how fast ink ends at the edge of a hole


@dataclass(frozen=True)
class Worn(InkStyle):
    """Letters with holes and thin places, as of old print, stamps and painted signs.

    Attributes:
        share_range: of the ink that is gone, 0 to 0.5.
        size_range: of the holes, 0.01 to 0.3 ems; one pixel and a half at least.
    """

    share_range: Range = (0.08, 0.3)
    size_range: Range = (0.03, 0.1)

    def __post_init__(self) -> None:
        check_range("share_range", self.share_range, 0, 0.5, "shares")
        check_range("size_range", self.size_range, 0.01, 0.3, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how much is gone, and where."""
        return {
            "share": rng.uniform(*self.share_range),
            "size": rng.uniform(*self.size_range),
            "noise_offset": draw_noise_offset(rng),
            "area_noise_offset": draw_noise_offset(rng),
        }

    def style_coverage(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters with holes: more of them in some places than in others."""
        size = Size(coverage.shape[1], coverage.shape[0])
        fine = smooth_noise(size, max(1.5, parameters["size"] * em), parameters["noise_offset"])
        areas = smooth_noise(size, max(4.0, em * 0.6), parameters["area_noise_offset"])
        mixed = cv2.addWeighted(fine, 0.7, areas, 0.3, 0)
        edge = _quantile(parameters["share"])
        kept = cv2.convertScaleAbs(cv2.subtract(mixed, np.full_like(mixed, max(0, edge - 12))), alpha=_HOLE_SLOPE)
        return np.asarray(
            cv2.multiply(coverage, np.maximum(kept, np.uint8(_MIN_WORN_COVERAGE)), scale=1 / 255), np.uint8
        )


def _quantile(share: float) -> int:
    """Below which value about that share of the mixed noise lies: it is nearly normal, 128 on average."""
    return round(128 + 58 * (2 * share - 1))


_BETWEEN_DOTS = 70  # of 255 between the dots: thin strokes run on


@dataclass(frozen=True)
class DotMatrix(InkStyle):
    """Letters of dots in rows, as of dot-matrix and ink-jet coders, and of displays of lamps.

    Attributes:
        pitch_range: between dots, 0.03 to 0.2 ems; three pixels at least.
    """

    pitch_range: Range = (0.06, 0.1)

    def __post_init__(self) -> None:
        check_range("pitch_range", self.pitch_range, 0.03, 0.2, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far apart dots are."""
        return {"pitch": rng.uniform(*self.pitch_range)}

    def style_coverage(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters with gaps between the dots."""
        height, width = coverage.shape
        turn = 2 * math.pi / max(3.0, parameters["pitch"] * em)
        rows = np.cos(np.arange(height, dtype=np.float32) * np.float32(turn)) + np.float32(0.9)
        columns = np.cos(np.arange(width, dtype=np.float32) * np.float32(turn))
        dots = np.clip((rows[:, None] + columns) * np.float32(140), _BETWEEN_DOTS, 255).astype(np.uint8)
        return np.asarray(cv2.multiply(coverage, dots, scale=1 / 255), np.uint8)
