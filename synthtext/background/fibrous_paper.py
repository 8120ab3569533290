"""Paper with fibres, stains and folds."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.background import ParametricBackground
from synthtext.background.textures import (
    HEIGHT,
    WIDTH,
    GreyTexture,
    anisotropic_noise,
    apply_colour_ramp,
    crop_tile,
    draw_noise_offset,
    draw_tile_crop,
    smooth_noise,
    to_texture,
)
from synthtext.core import Image, Parameters, Range, Size, check_fraction, check_range, lerp

_PAPER_LEVEL = 150  # of the texture: stains are darker, worn folds are lighter
_FIBRE_CONTRAST = 100  # between light and dark fibres in a tile


@dataclass(frozen=True)
class FibrousPaper(ParametricBackground):
    """White, yellowed, grey and brown paper with fibres and clouds, stains and folds.

    Attributes:
        lightness_range: Lightness of the paper, 0 to 255.
        warmth_range: Difference between red and blue, -30 to 90.
        roughness_range: Contrast of the fibres, 0 to 80.
        stain_probability: Probability of stains.
        fold_probability: Probability of one or two folds.
    """

    lightness_range: Range = (150, 245)
    warmth_range: Range = (-8, 60)
    roughness_range: Range = (8, 40)
    stain_probability: float = 0.35
    fold_probability: float = 0.35

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_range("warmth_range", self.warmth_range, -30, 90, "steps")
        check_range("roughness_range", self.roughness_range, 0, 80, "steps")
        check_fraction("stain_probability", self.stain_probability)
        check_fraction("fold_probability", self.fold_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the paper, its stains and its folds."""
        parameters: Parameters = {
            **draw_tile_crop(rng, (0.7, 1.6)),
            "lightness": lerp(self.lightness_range, rng.random()),
            "warmth": lerp(self.warmth_range, rng.random()),
            "roughness": lerp(self.roughness_range, rng.random()),
        }
        if rng.random() < self.stain_probability:
            parameters |= {
                "stain": rng.uniform(15, 60),
                "stain_noise_offset": draw_noise_offset(rng),
                "spot": rng.uniform(0.5, 1.6),
            }
        if rng.random() < self.fold_probability:
            count = int(rng.integers(1, 3))
            parameters["folds"] = [rng.random(4).tolist() for _ in range(count)]
        return parameters

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render the paper, (H, W, 3)."""
        factor = parameters["roughness"] / _FIBRE_CONTRAST
        tile = crop_tile(_make, size, parameters)
        texture = cv2.convertScaleAbs(tile, alpha=factor, beta=_PAPER_LEVEL * (1 - factor))
        if "stain" in parameters:
            texture = cv2.subtract(texture, _stains(size, parameters))
        for fold in parameters.get("folds", ()):
            texture = _folded(np.asarray(texture, np.uint8), fold)
        paper = parameters["lightness"] + np.array([0.4, 0.05, -0.6]) * parameters["warmth"]
        stain = paper * 0.45 + np.array([20.0, 8.0, -8.0])
        return apply_colour_ramp(
            np.asarray(texture, np.uint8), (0, stain), (_PAPER_LEVEL, paper), (255, paper + 255 - _PAPER_LEVEL)
        )


def _make(rng: np.random.Generator) -> GreyTexture:
    clouds = anisotropic_noise(rng, 40, 60) * 0.5 + anisotropic_noise(rng, 12, 14) * 0.3
    clouds = clouds + anisotropic_noise(rng, 1, 1) * 0.4
    texture = to_texture((clouds - clouds.mean()) * 0.25 + _PAPER_LEVEL / 255)
    for combine in (cv2.subtract, cv2.add):
        fibres = np.zeros((HEIGHT, WIDTH), np.uint8)
        count = int(rng.integers(150, 500))
        starts, turns = rng.random((count, 2)) * (WIDTH, HEIGHT), rng.uniform(0, 2 * math.pi, count)
        bends, lengths = rng.uniform(-0.5, 0.5, count), rng.uniform(4, 22, count)
        first = np.stack([np.cos(turns), np.sin(turns)], axis=1) * lengths[:, None]
        second = np.stack([np.cos(turns + bends), np.sin(turns + bends)], axis=1) * lengths[:, None]
        paths = np.stack([starts, starts + first, starts + first + second], axis=1)
        cv2.polylines(fibres, list(np.round(paths * 16).astype(np.int32)), False, 40, 1, cv2.LINE_AA, 4)
        texture = np.asarray(combine(texture, fibres), np.uint8)
    return texture


def _stains(size: Size, parameters: Parameters) -> NDArray[np.uint8]:
    """How much stains darken the paper: slightly inside, more at their edges, as dried coffee does."""
    cell = max(4.0, parameters["spot"] * size.height)
    areas = smooth_noise(size, cell, parameters["stain_noise_offset"])
    steps = np.arange(256)
    inside = np.clip((steps - 165) / 12, 0, 1) * 0.6
    edge = np.clip(1 - np.abs(steps - 170) / 8, 0, 1)
    table = np.clip((inside + edge * 0.8) * parameters["stain"], 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(areas, table), np.uint8)


def _folded(texture: GreyTexture, fold: list[float]) -> GreyTexture:
    """Add a fold across the image: darker on one side, lighter on the other, and worn in the middle."""
    position, lean, depth, direction = fold
    height, width = texture.shape
    upright = position < 0.6
    length, thick = (width, height) if upright else (height, width)
    slope = (lean - 0.5) * 0.4 * np.linspace(-0.5, 0.5, thick) * min(thick, length)
    middle = (position / 0.6 if upright else (position - 0.6) / 0.4) * length + slope
    distance = np.arange(length, dtype=np.float32) - middle[:, None].astype(np.float32)
    reach = np.float32(0.35 * min(height, width) + 1)
    contrast = np.float32((direction - 0.5) * 70 * (0.4 + depth))
    shade = np.sign(distance) * np.maximum(1 - np.abs(distance) / reach, 0) * contrast
    crease = np.maximum(1.4 - np.abs(distance), 0) * np.float32(30 * depth)
    change = shade + crease if upright else (shade + crease).T
    return np.asarray(np.clip(texture + change, 0, 255), np.uint8)
