"""Materials: fabric, wood and metal."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

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
from synthtext.core import Image, Parameters, Range, Size, check_fraction, check_number, check_range, lerp
from synthtext.core.compositing import composite_image

_THREAD = 6  # width of a thread in a tile, pixels
_WEAVES = ("plain", "twill", "basket", "knit")


@dataclass(frozen=True)
class Fabric(ParametricBackground):
    """Cloth of threads of two colours: plain weave, twill (jeans), basket weave, knit.

    Attributes:
        lightness_range: Lightness of the first colour, 0 to 255.
        difference: Maximum difference in lightness of the second colour, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
        scale_range: Size of the threads, 0.3 to 3; 1 is six pixels.
    """

    lightness_range: Range = (20, 235)
    difference: float = 50
    tint: float = 50
    scale_range: Range = (0.5, 1.1)

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_number("difference", self.difference, 0, 255)
        check_number("tint", self.tint, 0, 255)
        check_range("scale_range", self.scale_range, 0.3, 3)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the cloth and its colours (RGB)."""
        first = lerp(self.lightness_range, rng.random()) + rng.uniform(-self.tint, self.tint, 3)
        second = first + rng.uniform(-self.difference, self.difference) + rng.uniform(-10, 10, 3)
        return {
            **draw_tile_crop(rng, self.scale_range),
            "warp": np.clip(first, 0, 255).round().tolist(),
            "weft": np.clip(second, 0, 255).round().tolist(),
            "relief": rng.uniform(0.25, 0.7),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render the cloth, (H, W, 3)."""
        warp, weft = np.array(parameters["warp"]), np.array(parameters["weft"])
        dark = 1 - parameters["relief"]
        texture = crop_tile(_make_fabric, size, parameters)
        return apply_colour_ramp(texture, (0, weft * dark), (127, weft), (128, warp * dark), (255, warp))


def _make_fabric(rng: np.random.Generator) -> GreyTexture:
    """Create a tile: levels below 128 are threads across, others are threads along; each is dark at its edges."""
    weave = _WEAVES[int(rng.integers(len(_WEAVES)))]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    sway = (anisotropic_noise(rng, 60, 60) - 0.5) * 6
    if weave == "knit":
        return _knit(rng, x + sway, y)
    column, row = (x + sway) / _THREAD, (y + sway) / _THREAD
    i, j = np.floor(column), np.floor(row)
    over = {"plain": (i + j) % 2 == 0, "twill": (i + j) % 4 < 2, "basket": (i // 2 + j // 2) % 2 == 0}[weave]
    across, along = 1 - np.abs(2 * (row - j) - 1), 1 - np.abs(2 * (column - i) - 1)  # 0 at a thread's edges
    round_ = np.where(over, along, across) ** 0.6
    uneven = np.where(over, anisotropic_noise(rng, 90, _THREAD), anisotropic_noise(rng, _THREAD, 90))
    shade = np.clip(round_ * 0.75 + (uneven - 0.5) * 0.5 + 0.15 + (anisotropic_noise(rng, 1, 1) - 0.5) * 0.25, 0, 0.995)
    return to_texture(((shade + over) / 2).astype(np.float32))


def _knit(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> GreyTexture:
    """Rows of V-shaped stitches."""
    column = x / (2 * _THREAD)
    half = np.abs(2 * (column - np.floor(column)) - 1)
    row = y / _THREAD + half * 1.4
    depth = np.abs(2 * (row - np.floor(row)) - 1)
    shade = (1 - depth**2) * 0.7 + np.minimum(half, 1 - half) * 0.5 + (anisotropic_noise(rng, 1, 1) - 0.5) * 0.2
    return to_texture((0.5 + np.clip(shade, 0, 0.995) / 2).astype(np.float32))


_WOODS = (  # dark and light colour of the grain
    *(((176, 124, 70), (226, 184, 126)), ((134, 92, 52), (196, 152, 98))),  # pine, oak
    *(((186, 140, 104), (226, 188, 152)), ((62, 38, 24), (124, 84, 54))),  # beech, walnut
    *(((84, 34, 22), (150, 76, 50)), ((24, 20, 18), (66, 56, 50))),  # mahogany, ebony
    *(((92, 90, 86), (164, 160, 152)), ((188, 186, 178), (238, 236, 230))),  # weathered, painted white
    ((54, 86, 104), (112, 148, 162)),  # painted blue
)


@dataclass(frozen=True)
class Wood(ParametricBackground):
    """Boards with grain along them, of several kinds of wood and paint.

    Attributes:
        scale_range: Size of the grain, 0.3 to 4.
        contrast_range: Contrast of the grain, 0 to 2; 1 is that of the wood.
        joint_probability: Probability of a joint between two boards.
    """

    scale_range: Range = (0.6, 1.6)
    contrast_range: Range = (0.5, 1.2)
    joint_probability: float = 0.3

    def __post_init__(self) -> None:
        check_range("scale_range", self.scale_range, 0.3, 4)
        check_range("contrast_range", self.contrast_range, 0, 2)
        check_fraction("joint_probability", self.joint_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the wood, the crop of a tile, and the joint (a fraction of the height)."""
        parameters: Parameters = {
            **draw_tile_crop(rng, self.scale_range),
            "wood": int(rng.integers(len(_WOODS))),
            "contrast": lerp(self.contrast_range, rng.random()),
            "shade": rng.uniform(0.8, 1.15),
        }
        if rng.random() < self.joint_probability:
            parameters["joint"] = float(rng.random())
        return parameters

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render one board or two, (H, W, 3)."""
        dark, light = (np.array(colour, np.float64) for colour in _WOODS[parameters["wood"]])
        middle, half = (dark + light) / 2 * parameters["shade"], (light - dark) / 2 * parameters["contrast"]
        texture = crop_tile(_make_wood, size, parameters)
        if "joint" in parameters:
            texture = _jointed(texture, parameters["joint"])
        return apply_colour_ramp(texture, (0, dark * 0.35), (40, middle - half), (255, middle + half))


def _make_wood(rng: np.random.Generator) -> GreyTexture:
    """Create a tile: bands of growth rings, cut lengthwise, with pores; levels are 40 and above."""
    y = np.arange(HEIGHT, dtype=np.float32)[:, None]
    waves = (anisotropic_noise(rng, 70, 320) - 0.5) * float(rng.uniform(40, 140))
    bent = y + waves + (anisotropic_noise(rng, 18, 120) - 0.5) * 6
    turn = bent / float(rng.uniform(9, 26))
    ring = turn - np.floor(turn)  # light earlywood, gradually darker latewood, then light again
    fibres = anisotropic_noise(rng, 1.2, 60) * 0.6 + anisotropic_noise(rng, 3, 160) * 0.4
    pores = np.clip((anisotropic_noise(rng, 1, 22) - 0.8) * 4, 0, 1)
    value = 0.95 - 0.5 * ring**2 + (fibres - 0.5) * 0.6 - pores * 0.35
    return np.asarray(np.maximum(to_texture(value.astype(np.float32)), 40), np.uint8)


def _jointed(texture: GreyTexture, position: float) -> GreyTexture:
    """Put another board below a dark joint."""
    height, width = texture.shape
    row = int(position * height)
    other = np.asarray(cv2.flip(texture, 1), np.uint8)
    joined = np.concatenate([texture[:row], cv2.convertScaleAbs(other[row:], alpha=0.92)]) if row else other
    thick = max(1, height // 32)
    joined[row : row + thick] = 0
    return np.asarray(joined.reshape(height, width), np.uint8)


_METALS = (
    *((146, 150, 156), (188, 190, 192), (186, 152, 78)),  # steel, aluminium, brass
    *((176, 104, 70), (122, 96, 62), (70, 74, 80)),  # copper, bronze, gunmetal
    *((40, 92, 70), (140, 40, 36), (40, 66, 120)),  # green, red and blue enamel
)


@dataclass(frozen=True)
class Metal(ParametricBackground):
    """Brushed sheets of several metals with reflections, scratches and rust.

    Attributes:
        brushing_range: Contrast of the brushing, 0 to 80 steps of luminance.
        shine_range: Contrast of the reflections, 0 to 120 steps of luminance.
        rust_probability: Probability of rust.
    """

    brushing_range: Range = (6, 36)
    shine_range: Range = (20, 75)
    rust_probability: float = 0.2

    def __post_init__(self) -> None:
        check_range("brushing_range", self.brushing_range, 0, 80, "steps")
        check_range("shine_range", self.shine_range, 0, 120, "steps")
        check_fraction("rust_probability", self.rust_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the metal, its reflections and its rust."""
        parameters: Parameters = {
            **draw_tile_crop(rng, (0.7, 1.3)),
            "metal": int(rng.integers(len(_METALS))),
            "shade": rng.uniform(0.75, 1.2),
            "brushing": lerp(self.brushing_range, rng.random()),
            "shine": lerp(self.shine_range, rng.random()),
            "degrees": 180 * rng.random(),
            "bands": rng.uniform(0.3, 1.6),
            "phase": rng.random(),
        }
        if rng.random() < self.rust_probability:
            parameters |= {"rust": rng.uniform(150, 185), "rust_noise_offset": draw_noise_offset(rng)}
        return parameters

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render a sheet, (H, W, 3)."""
        texture = crop_tile(_make_metal, size, parameters)
        angle, turns = math.radians(parameters["degrees"]), 2 * math.pi * parameters["bands"]
        x = np.linspace(0, 1, int(size.width), dtype=np.float32) * np.float32(turns * math.cos(angle))
        y = np.linspace(0, 1, int(size.height), dtype=np.float32) * np.float32(turns * math.sin(angle))
        light = np.sin(x + y[:, None] + np.float32(2 * math.pi * parameters["phase"]))
        whole = parameters["brushing"] + parameters["shine"]
        strength = np.float32(parameters["shine"] / whole * 127 if whole else 0)
        brushing = np.float32(parameters["brushing"] / max(whole, 1e-6))
        shown = np.clip((texture.astype(np.float32) - 128) * brushing + light * strength + 128, 0, 255)
        base = np.array(_METALS[parameters["metal"]], np.float64) * parameters["shade"]
        image = apply_colour_ramp(shown.astype(np.uint8), (0, base - whole / 2), (255, base + whole / 2))
        return _rusty(image, size, parameters) if "rust" in parameters else image


def _make_metal(rng: np.random.Generator) -> GreyTexture:
    """Create a tile: horizontal traces of brushing, and a few scratches."""
    traces = anisotropic_noise(rng, 1, 200) * 0.6 + anisotropic_noise(rng, 1, 50) * 0.4
    value = traces + anisotropic_noise(rng, 5, 400) * 0.3
    texture = to_texture((value - value.mean()) * 0.9 + 0.5)
    for _ in range(int(rng.integers(4, 16))):
        start, turn = rng.random(2) * (WIDTH, HEIGHT), rng.normal(0, 0.5)
        end = start + np.array([math.cos(turn), math.sin(turn)]) * rng.uniform(30, 250)
        first, last = (tuple(np.round(point * 16).astype(int).tolist()) for point in (start, end))
        cv2.line(texture, first, last, int(rng.choice([40, 230])), 1, cv2.LINE_AA, 4)
    return texture


def _rusty(image: Image, size: Size, parameters: Parameters) -> Image:
    """Add patches of rust with ragged edges."""
    column, row = parameters["rust_noise_offset"]
    areas = smooth_noise(size, max(4.0, size.height * 0.6), (column, row))
    fine = smooth_noise(size, 2.5, (row, column))
    mixed = cv2.addWeighted(areas, 0.75, fine, 0.25, 0)
    amount = cv2.convertScaleAbs(cv2.subtract(mixed, np.full_like(areas, round(parameters["rust"]))), alpha=9)
    colour = apply_colour_ramp(fine, (0, np.array([74.0, 34.0, 18.0])), (255, np.array([170.0, 96.0, 50.0])))
    return composite_image(image, np.minimum(amount, 225).astype(np.uint8), colour)
