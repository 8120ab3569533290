"""Features of the texts of scenes: what a detector sees of each, and its neighbours."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from pipelines.datasets.rectify import rectify, to_line_polygon
from pipelines.domain_gap.features import Feature, measure_line
from pipelines.domain_gap.text_geometry import Gaps, TextFrame
from synthtext.core import Image, TextInstance

_of_texts = partial(Feature, subject="texts")

_POSITIONS: tuple[Feature, ...] = (
    _of_texts("height", "pixels", "the height of the text in the input of a detector", tolerance=0.2, log=True),
    _of_texts("length", "heights", "the length of the text over its height", tolerance=0.2, log=True),
    _of_texts("characters", "", "the number of characters", tolerance=0.3, log=True),
    _of_texts("character_width", "heights", "the length for each character", tolerance=0.2, log=True),
    _of_texts("angle", "degrees", "the reading direction, clockwise from the right", tolerance=2.0),
    _of_texts("gap", "heights", "the gap to the nearest text", tolerance=0.3, log=True),
    _of_texts("gap_beside", "heights", "the gap to the nearest text in the same row, up to 3", tolerance=0.3, log=True),
    _of_texts("gap_stacked", "heights", "the gap to the nearest text above or below, up to 2", tolerance=0.3, log=True),
    _of_texts("beside", "", "whether there is a text in the same row within 3 heights: 1 or 0", tolerance=0.5),
    _of_texts("stacked", "", "whether there is a text above or below within 2 heights: 1 or 0", tolerance=0.5),
    _of_texts(
        "margin_across", "heights", "the space that the label leaves above and below the ink", "", 0.1, classified=False
    ),
    _of_texts(
        "margin_along", "heights", "the space that the label leaves on both sides of the ink", "", 0.2, classified=False
    ),
)
_OTSU = "Otsu 1979"
_APPEARANCE: tuple[Feature, ...] = (
    _of_texts("contrast", "grey levels", "the difference of ink and background", _OTSU, 12),
    _of_texts("polarity", "", "whether the ink is darker than the background: 1 or 0", _OTSU, 0.5),
    _of_texts("separability", "", "the share of the variance that is between ink and background", _OTSU),
    _of_texts("ink_lightness", "CIE L*", "the lightness of the mean colour of the ink", "CIE 1976", 6),
    _of_texts("ink_chroma", "CIE C*", "the saturation of the mean colour of the ink", "CIE 1976", 4),
    _of_texts("background_lightness", "CIE L*", "the lightness of the background of the text", "CIE 1976", 6),
    _of_texts("background_chroma", "CIE C*", "the saturation of the background of the text", "CIE 1976", 4),
    _of_texts("texture", "grey levels", "the deviation of the smoothed background of the text", tolerance=2),
    _of_texts("noise", "grey levels", "the deviation of the noise behind the text", "Donoho and Johnstone 1994", 2.0),
    _of_texts(
        "edge_spread", "heights", "the deviation of the blur at the edges of the ink", "Marziliano 2004", 0.2, log=True
    ),
    _of_texts(
        "stroke_width", "text heights", "the mean width of the strokes", "Rudin, Osher and Fatemi 1992", 0.2, log=True
    ),
    _of_texts("ink_share", "", "the share of ink in the box of the text", _OTSU),
)
INSTANCE_FEATURES = (*_POSITIONS, *_APPEARANCE)
"""All features of legible texts of scenes. Heights are those in the input of a detector; the appearance is measured on
the rectified text at a height of 48 pixels, as on lines."""


def measure_instance(
    image: Image, instance: TextInstance, frame: TextFrame, gaps: Mapping[str, float], scale: float
) -> dict[str, float]:
    """Measure a text; features that cannot be measured are missing.

    Args:
        image: (H, W, 3) uint8 RGB, the scene.
        instance: The text.
        frame: Its size and direction.
        gaps: Of the text, as by `gap_features`.
        scale: Size of the scene in the input of a detector over the size of the image.
    """
    line = measure_line(rectify(image, to_line_polygon(instance.polygon)))
    features = {feature.name: line[feature.name] for feature in _APPEARANCE if feature.name in line}
    if "margin_above" in line:
        features["margin_across"] = line["margin_above"] + line["margin_below"]
        features["margin_along"] = line["margin_left"] + line["margin_right"]
    count = sum(not character.isspace() for character in instance.text)
    if count:
        features |= {"characters": count, "character_width": frame.length / frame.height / count}
    return features | {
        "height": scale * frame.height,
        "length": frame.length / frame.height,
        "angle": frame.degrees,
        **gaps,
    }


def gap_features(gaps: Gaps, row: int) -> dict[str, float]:
    """Return the features of a text that depend on its neighbours; NaN without any."""
    beside, stacked = float(gaps.beside[row]), float(gaps.stacked[row])
    return {
        "gap": float(gaps.nearest[row]),
        "gap_beside": beside,
        "gap_stacked": stacked,
        "beside": float(not np.isnan(beside)),
        "stacked": float(not np.isnan(stacked)),
    }
