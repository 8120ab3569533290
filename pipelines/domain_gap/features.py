"""Features by which real and generated samples are compared, and those of the images of lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.appearance import appearance_features, block_strength
from pipelines.domain_gap.geometry import geometric_features
from pipelines.domain_gap.segmented_line import segment_line

FeatureTable: TypeAlias = dict[str, NDArray[np.float64]]
"""Values (N,) of N samples by the name of the feature; NaN where one cannot be measured."""

Subject: TypeAlias = Literal["lines", "texts", "scenes"]
"""What is measured: lines, texts of scenes, or scenes."""


@dataclass(frozen=True)
class Feature:
    """Something that is measured on a line, on a text of a scene, or on a scene.

    Attributes:
        name: Key in a `FeatureTable`.
        unit: Unit of its values; empty for a ratio.
        description: What it is, as a noun with an article.
        source: Where the method is published; empty for a plain definition.
        tolerance: Difference that hardly matters, in its unit, or in octaves if `log`: the least scale of a distance.
        log: Values are positive, and compared by their logarithm to the base 2.
        classified: Belongs to the features by which a classifier tells real from generated samples.
        subject: What it is measured on.
    """

    name: str
    unit: str
    description: str
    source: str = ""
    tolerance: float = 0.05
    log: bool = False
    classified: bool = True
    subject: Subject = "lines"

    def transform(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values as they are compared: their logarithm to the base 2 if `log`."""
        return np.log2(np.maximum(values, 1e-3)) if self.log else values


_OTSU, _POSTL = "Otsu 1979", "Postl 1986"
FEATURES: tuple[Feature, ...] = (
    Feature("height", "pixels", "the height of the image", tolerance=0.2, log=True, classified=False),
    Feature("aspect", "", "the width of the image over its height", tolerance=0.2, log=True),
    Feature("margin_above", "heights", "the space above the ink"),
    Feature("margin_below", "heights", "the space below the ink"),
    Feature("margin_left", "heights", "the space on the left of the ink", tolerance=0.1),
    Feature("margin_right", "heights", "the space on the right of the ink", tolerance=0.1),
    Feature("tilt", "degrees", "the angle of the line to the horizontal, clockwise", _POSTL, tolerance=1.0),
    Feature(
        "curvature", "text heights", "the depth of the bow of the line; positive: its middle is higher", _POSTL, 0.05
    ),
    Feature("slant", "degrees", "the angle of the letters to the vertical, clockwise", _POSTL, tolerance=3.0),
    Feature(
        "stroke_width", "text heights", "the mean width of the strokes", "Rudin, Osher and Fatemi 1992", 0.2, log=True
    ),
    Feature("ink_share", "", "the share of ink in the box of the text", _OTSU),
    Feature("components", "per text height", "the number of connected parts of ink", _OTSU, 0.2, log=True),
    Feature("polarity", "", "whether the ink is darker than the background: 1 or 0", _OTSU, tolerance=0.5),
    Feature("contrast", "grey levels", "the difference of ink and background", _OTSU, tolerance=12),
    Feature(
        "local_contrast", "grey levels", "the tenth percentile of the contrast along the line", _OTSU, tolerance=12
    ),
    Feature("separability", "", "the share of the variance that is between ink and background", _OTSU),
    Feature("ink_lightness", "CIE L*", "the lightness of the mean colour of the ink", "CIE 1976", tolerance=6),
    Feature("background_lightness", "CIE L*", "the lightness of the mean colour of the background", "CIE 1976", 6),
    Feature("ink_chroma", "CIE C*", "the saturation of the mean colour of the ink", "CIE 1976", tolerance=4),
    Feature("background_chroma", "CIE C*", "the saturation of the mean colour of the background", "CIE 1976", 4),
    Feature("colours", "", "the effective number of colours, in 8 steps for each channel", "Hill 1973", 0.3, log=True),
    Feature("shading", "grey levels", "the range of the linear trend of the background", tolerance=6),
    Feature("texture", "grey levels", "the deviation of the smoothed background", tolerance=2),
    Feature(
        "edge_spread", "heights", "the deviation of the blur at the edges of the ink", "Marziliano 2004", 0.2, log=True
    ),
    Feature("resolution", "pixels", "the height to which the line can be shrunk without loss", tolerance=0.2, log=True),
    Feature("halo", "", "the lightness of the rim around the ink, over the contrast; positive: away from the ink"),
    Feature("noise", "grey levels", "the deviation of the noise of the background", "Donoho and Johnstone 1994", 2.0),
    Feature("jpeg_blocks", "", "steps at the borders of JPEG blocks over other steps", "Wang 2000", 0.2, log=True),
)
"""All features of images. Except for height and JPEG blocks, lines are measured at a height of 48 pixels."""


def line_features(images: Sequence[NDArray[np.uint8]]) -> FeatureTable:
    """Measure lines.

    Args:
        images: N lines, each (H, W, 3) uint8 RGB.

    Returns:
        Values (N,) float64 of every feature in `FEATURES`; NaN where one cannot be measured, as the colour of ink on
        a line without any.
    """
    return feature_table(map(measure_line, images))


def measure_line(image: NDArray[np.uint8]) -> dict[str, float]:
    """Measure a line (H, W, 3) uint8 RGB; features that cannot be measured are missing."""
    height, width = image.shape[:2]
    line = segment_line(image)
    return {
        "height": float(height),
        "aspect": width / height,
        "jpeg_blocks": block_strength(image),
        **geometric_features(line),
        **appearance_features(line),
    }


def feature_table(rows: Iterable[dict[str, float]], features: Sequence[Feature] = FEATURES) -> FeatureTable:
    """Make a table of measured samples; features that are missing become NaN."""
    measured = list(rows)
    return {
        feature.name: np.array([row.get(feature.name, np.nan) for row in measured], np.float64) for feature in features
    }
