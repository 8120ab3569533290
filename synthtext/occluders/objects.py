"""Objects in front of lines: bands, patches, twigs, wires, and what covers a side of the image. Lengths are in ems."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthtext.core import Image, Parameters, Range, Size, bounded
from synthtext.occluders.occluder import Occluder

_SHIFT = 4  # fractional bits of OpenCV's coordinates
_SEEDS = 2**31  # of the shapes


def _empty(size: Size) -> Image:
    return np.zeros((int(size.height), int(size.width)), np.uint8)


def _fixed(points: ArrayLike) -> NDArray[np.int32]:
    """Points in OpenCV's fixed-point coordinates, which count from pixel centres."""
    return np.round((np.asarray(points, np.float64) - 0.5) * (1 << _SHIFT)).astype(np.int32)


def _draw_colour(rng: np.random.Generator) -> list[int]:
    """A colour (RGB): mostly greys and browns, some of any hue."""
    level, tint = 255 * rng.random(), 90 if rng.random() < 0.4 else 25
    return [int(part) for part in np.clip(level + rng.uniform(-tint, tint, 3), 0, 255)]


@dataclass(frozen=True)
class Band(Occluder):
    """A straight band across the line, as a pole, a cable or a strip of tape.

    Attributes:
        width_range: Width, 0.02 to 1 ems.
        degrees_range: Angle against the upright, -90 to 90 degrees; a level band runs along the line.
        opacity_range: Opacity, 0.3 to 1.
    """

    width_range: Range = bounded((0.06, 0.3), 0.02, 1)
    degrees_range: Range = bounded((-70, 70), -90, 90, "degrees")
    opacity_range: Range = bounded((0.85, 1.0), 0.3, 1, "shares")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the width, the angle, the opacity, the point that the band crosses, and the colour."""
        place = {"x": rng.uniform(0.05, 0.95), "y": rng.uniform(0.1, 0.9), "colour": _draw_colour(rng)}
        return {**self.uniform(rng, "width", "degrees", "opacity"), **place}

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the band."""
        angle, reach = math.radians(parameters["degrees"]), size.width + size.height
        along = np.array([math.sin(angle), -math.cos(angle)])
        across = np.array([along[1], -along[0]]) * max(parameters["width"] * em, 1.5) / 2
        centre = np.array([parameters["x"] * size.width, parameters["y"] * size.height])
        ends = centre - along * reach, centre + along * reach
        mask = _empty(size)
        outline = [ends[0] - across, ends[1] - across, ends[1] + across, ends[0] + across]
        cv2.fillPoly(mask, [_fixed(outline)], 255 * parameters["opacity"], cv2.LINE_AA, _SHIFT)
        return mask


@dataclass(frozen=True)
class Patch(Occluder):
    """A spot with an irregular edge on the line, as dirt, a sticker or a leaf.

    Attributes:
        size_range: Diameter, 0.1 to 3 ems.
        opacity_range: Opacity, 0.3 to 1.
    """

    size_range: Range = bounded((0.3, 0.9), 0.1, 3)
    opacity_range: Range = bounded((0.7, 1.0), 0.3, 1, "shares")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the size, the opacity, the centre, the colour, and the seed of the edge."""
        place = {"x": rng.random(), "y": rng.random(), "colour": _draw_colour(rng)}
        return {**self.uniform(rng, "size", "opacity"), **place, "shape_seed": int(rng.integers(_SEEDS))}

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the spot."""
        rng = np.random.default_rng(parameters["shape_seed"])
        corners = int(rng.integers(4, 14))
        angles = np.linspace(0, 2 * math.pi, corners, endpoint=False) + rng.uniform(0, 2 * math.pi)
        radii = parameters["size"] * em / 2 * rng.uniform(0.7, 1.15, corners)
        stretch = rng.uniform(0.6, 1.6)
        centre = np.array([parameters["x"] * size.width, parameters["y"] * size.height])
        points = centre + np.stack([np.cos(angles) * stretch, np.sin(angles)], axis=1) * radii[:, None]
        mask = _empty(size)
        cv2.fillPoly(mask, [_fixed(points)], 255 * parameters["opacity"], cv2.LINE_AA, _SHIFT)
        return mask


@dataclass(frozen=True)
class Edge(Occluder):
    """Something that covers one side of the line: its upper or lower part, or a part of its first or last letter.

    Attributes:
        depth_range: How far it reaches beyond the margin of the image, 0.02 to 0.6 ems.
        degrees_range: Angle of its edge against the side, -20 to 20 degrees.
    """

    depth_range: Range = bounded((0.05, 0.3), 0.02, 0.6)
    degrees_range: Range = bounded((-6, 6), -20, 20, "degrees")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the depth, the angle, the side (left, top, right, bottom as 0 to 3), and the colour."""
        side = int(rng.choice(4, p=(0.1, 0.4, 0.1, 0.4)))
        return {**self.uniform(rng, "depth", "degrees"), "side": side, "colour": _draw_colour(rng)}

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the covered side."""
        width, height, side = size.width, size.height, parameters["side"]
        length = width if side % 2 else height
        margin = max(0.0, (min(width, height) - em) / 2)
        slope = math.tan(math.radians(parameters["degrees"])) * min(length, 4 * em) / 2
        depths = parameters["depth"] * em + margin + np.array([-slope, slope])
        points = np.array([[0, -2], [length, -2], [length, depths[1]], [0, depths[0]]], np.float64)
        if side >= 2:
            points[:, 1] = (height if side == 3 else width) - points[:, 1]
        mask = _empty(size)
        cv2.fillPoly(mask, [_fixed(points if side % 2 else points[:, ::-1])], 255, cv2.LINE_AA, _SHIFT)
        return mask


@dataclass(frozen=True)
class Twigs(Occluder):
    """Several thin curved lines, as twigs, hairs and cracks.

    Attributes:
        count_range: Number of lines, 1 to 40.
        width_range: Width, 0.01 to 0.3 ems.
    """

    count_range: tuple[int, int] = bounded((1, 6), 1, 40, "counts")
    width_range: Range = bounded((0.02, 0.08), 0.01, 0.3)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the number and the width of the lines, the colour, and the seed of the paths."""
        count, seed = int(rng.integers(*self.count_range, endpoint=True)), int(rng.integers(_SEEDS))
        return {"count": count, **self.uniform(rng, "width"), "colour": _draw_colour(rng), "shape_seed": seed}

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the lines, quadratic Bezier curves between points near the image."""
        rng, mask, count = np.random.default_rng(parameters["shape_seed"]), _empty(size), parameters["count"]
        controls = rng.uniform(-0.1, 1.1, (count, 3, 2)) * (size.width, size.height)
        reach = 3 * em  # a curve stays near its first point: long ones would run along the line
        controls[:, 1:] = controls[:, :1] + np.clip(controls[:, 1:] - controls[:, :1], -reach, reach)
        t = np.linspace(0, 1, 17)[:, None]
        width = max(1, round(parameters["width"] * em))
        for first, middle, last in controls:
            path = first * (1 - t) ** 2 + 2 * middle * t * (1 - t) + last * t**2
            cv2.polylines(mask, [_fixed(path)], False, 255, width, cv2.LINE_AA, _SHIFT)
        return mask


@dataclass(frozen=True)
class Wires(Occluder):
    """Parallel thin lines in one or two directions, as a fence, a grating or blinds.

    Attributes:
        width_range: Width of a line, 0.01 to 0.2 ems.
        pitch_range: Distance of the lines, 0.15 to 3 ems.
        degrees_range: Angle against the upright, -90 to 90 degrees.
        crossing_probability: Probability of lines in a second direction.
    """

    width_range: Range = bounded((0.02, 0.06), 0.01, 0.2)
    pitch_range: Range = bounded((0.35, 1.2), 0.15, 3)
    degrees_range: Range = bounded((-80, 80), -90, 90, "degrees")
    crossing_probability: float = bounded(0.4, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the width, the distance, the angle, the phase, whether there is a second direction, and the colour."""
        return {
            **self.uniform(rng, "width", "pitch", "degrees"),
            "phase": rng.random(),
            "crossing": bool(rng.random() < self.crossing_probability),
            "colour": _draw_colour(rng),
        }

    def mask(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the lines."""
        mask, reach = _empty(size), size.width + size.height
        pitch, width = max(parameters["pitch"] * em, 3.0), max(1, round(parameters["width"] * em))
        places = (np.arange(-reach / pitch, reach / pitch) + parameters["phase"])[:, None] * pitch
        centre = np.array([size.width, size.height]) / 2
        for degrees in (parameters["degrees"], parameters["degrees"] + 90)[: 2 if parameters["crossing"] else 1]:
            along = np.array([math.sin(math.radians(degrees)), -math.cos(math.radians(degrees))])
            middles = centre + places * (along[1], -along[0])
            for start, stop in zip(_fixed(middles - along * reach), _fixed(middles + along * reach), strict=True):
                cv2.line(mask, start.tolist(), stop.tolist(), 255, width, cv2.LINE_AA, _SHIFT)
        return mask
