"""Sheets of metal."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Parameters, Range, Size, check_range, check_share
from synthtext.grain import draw_place, grain
from synthtext.paper.made import MadePaper
from synthtext.paper.tile import HEIGHT, WIDTH, Relief, coloured, cut, draw_cut, levels, streaks

# Steel, aluminium, brass, copper, bronze, gunmetal, and enamel in green, red and blue.
_METALS = (
    (146, 150, 156),
    (188, 190, 192),
    (186, 152, 78),
    (176, 104, 70),
    (122, 96, 62),
    (70, 74, 80),
    (40, 92, 70),
    (140, 40, 36),
    (40, 66, 120),
)


@dataclass(frozen=True)
class Metal(MadePaper):
    """Brushed sheets of several metals with bands of reflected light, scratches and rust.

    Attributes:
        brushing_range: how strong the traces of brushing are, 0 to 80 steps of luminance.
        shine_range: of the reflections, 0 to 120 steps of luminance.
        rust_probability: of rust.
    """

    brushing_range: Range = (6, 36)
    shine_range: Range = (20, 75)
    rust_probability: float = 0.2

    def __post_init__(self) -> None:
        check_range("brushing_range", self.brushing_range, 0, 80, "steps")
        check_range("shine_range", self.shine_range, 0, 120, "steps")
        check_share("rust_probability", self.rust_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the metal, the light on it, and its rust."""
        drawn: Parameters = {
            **draw_cut(rng, (0.7, 1.3)),
            "metal": int(rng.integers(len(_METALS))),
            "shade": rng.uniform(0.75, 1.2),
            "brushing": rng.uniform(*self.brushing_range),
            "shine": rng.uniform(*self.shine_range),
            "degrees": rng.uniform(0, 180),
            "bands": rng.uniform(0.3, 1.6),
            "phase": rng.random(),
        }
        if rng.random() < self.rust_probability:
            drawn |= {"rust": rng.uniform(150, 185), "rusted": draw_place(rng)}
        return drawn

    def show(self, size: Size, parameters: Parameters) -> Image:
        """A piece of a sheet, (H, W, 3)."""
        relief = cut(_make, size, parameters)
        angle, turns = math.radians(parameters["degrees"]), 2 * math.pi * parameters["bands"]
        x = np.linspace(0, 1, int(size.width), dtype=np.float32) * np.float32(turns * math.cos(angle))
        y = np.linspace(0, 1, int(size.height), dtype=np.float32) * np.float32(turns * math.sin(angle))
        light = np.sin(x + y[:, None] + np.float32(2 * math.pi * parameters["phase"]))
        whole = parameters["brushing"] + parameters["shine"]
        strength = np.float32(parameters["shine"] / whole * 127 if whole else 0)
        shown = np.clip(
            (relief.astype(np.float32) - 128) * np.float32(parameters["brushing"] / max(whole, 1e-6))
            + light * strength
            + 128,
            0,
            255,
        ).astype(np.uint8)
        base = np.array(_METALS[parameters["metal"]], np.float64) * parameters["shade"]
        image = coloured(shown, (0, base - whole / 2), (255, base + whole / 2))
        return _rusty(image, size, parameters) if "rust" in parameters else image


def _make(rng: np.random.Generator) -> Relief:
    """Traces of brushing from left to right, and a few scratches."""
    value = streaks(rng, 1, 200) * 0.6 + streaks(rng, 1, 50) * 0.4 + streaks(rng, 5, 400) * 0.3
    relief = levels((value - value.mean()) * 0.9 + 0.5)
    for _ in range(int(rng.integers(4, 16))):
        start, turn = rng.random(2) * (WIDTH, HEIGHT), rng.normal(0, 0.5)
        end = start + np.array([math.cos(turn), math.sin(turn)]) * rng.uniform(30, 250)
        first, last = (tuple(np.round(point * 16).astype(int).tolist()) for point in (start, end))
        cv2.line(relief, first, last, int(rng.choice([40, 230])), 1, cv2.LINE_AA, 4)
    return relief


def _rusty(image: Image, size: Size, parameters: Parameters) -> Image:
    """Rust in patches with ragged edges."""
    column, row = parameters["rusted"]
    areas = grain(size, max(4.0, size.height * 0.6), (column, row))
    fine = grain(size, 2.5, (row, column))
    mixed = cv2.addWeighted(areas, 0.75, fine, 0.25, 0)
    share = cv2.convertScaleAbs(cv2.subtract(mixed, np.full_like(areas, round(parameters["rust"]))), alpha=9)
    colour = coloured(fine, (0, np.array([74.0, 34.0, 18.0])), (255, np.array([170.0, 96.0, 50.0])))
    mask = cv2.cvtColor(np.minimum(share, 225), cv2.COLOR_GRAY2BGR)
    kept = cv2.multiply(image, cv2.bitwise_not(mask), scale=1 / 255)
    return np.asarray(cv2.add(kept, cv2.multiply(colour, mask, scale=1 / 255)), np.uint8)
