"""Weights of fonts from the lines that resemble real ones, by stroke width, case, spacing, slant and family."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.domain_gap.fitted_values import PRIOR_LINES, Floats, value_ratio
from synthtext.core.errors import Rejection
from synthtext.fonts import Face, FaceCache, FontInventory
from synthtext.fonts.pool import font_weights

STROKE_EDGES = (0.075, 0.105, 0.135, 0.17, 0.22)
"""Edges of the classes of stroke widths, over the height of a capital: hairline, light, book, medium, bold, black."""

STROKE_CLASSES = ("hairline", "light", "book", "medium", "bold", "black")
"""Names of the classes of stroke widths."""

_SIZE = 64  # pixels of an em at which strokes are measured
_CAPITALS = "HEN"  # letters of straight strokes
_MAX_WEIGHT = 1e6


class FontTraits(NamedTuple):
    """What is measured of a face.

    Attributes:
        stroke: One of `STROKE_CLASSES`, or "unknown" for a font without Latin capitals.
        case: "both", "upper" or "lower": the case that it displays.
        spacing: "monospaced" or "proportional".
        slant: "italic" or "upright", by its name.
        family: Name of the family.
    """

    stroke: str
    case: str
    spacing: str
    slant: str
    family: str


def measure_font(face: Face) -> FontTraits:
    """Measure a face: its stroke width is twice the area of some capitals over the length of their outline."""
    widths = [width for letter in _CAPITALS if (width := _stroke_width(face, letter)) is not None]
    stroke = STROKE_CLASSES[int(np.digitize(np.median(widths), STROKE_EDGES))] if widths else "unknown"
    boxes = [face.boxes[face.nominal_glyph(letter)] for letter in "iW"]
    spacing = "proportional"
    if all(box is not None for box in boxes):
        narrow, wide = (box[2] - box[0] + 2 * max(box[0], 0) for box in boxes if box is not None)
        spacing = "monospaced" if narrow > 0.6 * wide else "proportional"
    style = face.file.style.lower()
    slant = "italic" if "italic" in style or "oblique" in style or "slanted" in style else "upright"
    return FontTraits(stroke, face.case, spacing, slant, face.file.family)


def _stroke_width(face: Face, letter: str) -> float | None:
    """Return the mean stroke width of a capital over its height; None if the face lacks it."""
    if not face.covers(letter):
        return None
    try:
        raster = face.rasterize(face.nominal_glyph(letter), _SIZE)
    except Rejection:
        return None
    if not raster.height:
        return None
    padded = cv2.copyMakeBorder(raster.coverage, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    outlines, _ = cv2.findContours((padded > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(outline, closed=True) for outline in outlines)
    return 2 * float(raster.coverage.sum()) / 255 / length / raster.height if length else None


class FontWeights:
    """Weights of the faces of an inventory, by name, and what is measured of the faces.

    Args:
        inventory: The fonts.
        given: `fonts.weights` of the recipe.
        cache: Open fonts.
    """

    def __init__(self, inventory: FontInventory, given: Mapping[str, float], cache: FaceCache) -> None:
        self._fonts = inventory.fonts
        self.values = self.values_of(inventory, given)
        self.traits = {font.name: measure_font(cache.face(font)) for font in self._fonts if self.values[font.name]}

    @staticmethod
    def values_of(inventory: FontInventory, given: Mapping[str, float]) -> dict[str, float]:
        """Return the weight of every face by name, from `fonts.weights` of a recipe."""
        weights = font_weights(inventory.fonts, given)
        return {font.name: weight for font, weight in zip(inventory.fonts, weights, strict=True)}

    def explored(self, weights: Mapping[str, float], share: float) -> dict[str, float]:
        """Return weights of which a share is equal for all fonts in use, so that rare fonts are tried, too."""
        used = [weight for weight in weights.values() if weight > 0]
        mean = sum(used) / len(used)
        return {name: (1 - share) * weight + share * mean if weight else 0.0 for name, weight in weights.items()}

    def minimal(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return the entries of `fonts.weights` that are necessary.

        A face named like its family would set all of its faces, so these families are written completely.
        """
        families = {f.family for f in self._fonts if f.name == f.family and weights[f.name] != 1}
        names = {f.name for f in self._fonts if weights[f.name] != 1 or f.family in families}
        return {name: weights[name] for name in sorted(names)}


def update_fonts(
    now: Mapping[str, float],
    base: Mapping[str, float],
    traits: Mapping[str, FontTraits],
    drawn: Sequence[str],
    weights: Floats,
    lines: float,
) -> dict[str, float]:
    """Return new weights of faces.

    The factors of one trait after the other are estimated on what the traits before it leave unexplained, with one
    value for each face: the lines of a face are no independent evidence about other faces with the same stroke width.
    The family comes last: it changes only where enough lines show that it differs from other families with the same
    traits.

    Args:
        now: The present weights by name of the face.
        base: The weights before the fit.
        traits: Of the faces with a weight above 0.
        drawn: (N,) names of the faces of lines.
        weights: (N,) density ratios of the lines.
        lines: Number of real lines.
    """
    known = np.array([name in traits for name in drawn])
    remaining = weights[known].copy()
    names, faces = np.unique([name for name in drawn if name in traits], return_inverse=True)
    factors = dict.fromkeys(traits, 1.0)
    for attribute in FontTraits._fields:
        values = np.array([getattr(traits[name], attribute) for name in names])
        if attribute == "family":
            ratios = {str(value): value_ratio(remaining, values[faces] == value) for value in np.unique(values)}
        else:
            means = np.bincount(faces, remaining) / np.bincount(faces)
            ratios = {str(value): value_ratio(means, values == value) for value in np.unique(values)}
        factors = {name: f * ratios.get(getattr(traits[name], attribute), 1.0) for name, f in factors.items()}
        remaining = remaining / np.array([ratios[str(value)] for value in values])[faces]
    power = lines / (lines + PRIOR_LINES)
    new = {
        name: (now[name] * factors[name]) ** power * base[name] ** (1 - power) if now[name] else 0.0 for name in traits
    }
    usual = Counter(f"{value:.3g}" for value in new.values() if value).most_common(1)[0][0]  # becomes 1: not written
    scaled = {name: min(float(f"{value / float(usual):.3g}"), _MAX_WEIGHT) for name, value in new.items()}
    return {**dict.fromkeys(now, 0.0), **scaled}
