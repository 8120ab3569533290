"""Which texts of a scene become lines."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from pipelines.datasets.rectify import VERTICAL_RATIO, line_size, rectify, to_line_polygon
from synthtext.core import Clusters, Image, Level, Parameters, Polygon, Provenance, Sample, Size, TextInstance, Warp

CropLevel: TypeAlias = Level | Literal["leaves"]
"""Texts of one level, or those that no other one is a part of."""

OTHER_LEVEL, MARKED_IGNORE, EMPTY_TEXT, TOO_LARGE = (
    "of another level",
    "to be ignored",
    "without a text",
    "larger than a picture",
)

_MOST = 4.0  # times the pixels of the picture: a polygon may reach far out of it
_LONGEST = 2**15 - 1  # pixels of a side; OpenCV warps no more


class CropSelection(NamedTuple):
    """What becomes of the texts of one scene.

    Attributes:
        usable: which ones become lines, in their order.
        left_out: why the others do not, one entry each.
    """

    selected: tuple[int, ...]
    left_out: tuple[str, ...]


def select_instances(instances: Sequence[TextInstance], size: Size, level: CropLevel) -> CropSelection:
    """Choose the texts of a scene, whose picture has this size in pixels."""
    parents = {instance.parent for instance in instances}
    usable, left_out = [], []
    for place, instance in enumerate(instances):
        wanted = place not in parents if level == "leaves" else instance.level == level
        reason = _reason(instance, size) if wanted else OTHER_LEVEL
        if reason:
            left_out.append(reason)
        else:
            usable.append(place)
    return CropSelection(tuple(usable), tuple(left_out))


def _reason(instance: TextInstance, size: Size) -> str:
    if instance.ignore:
        return MARKED_IGNORE
    if not instance.text.strip():
        return EMPTY_TEXT
    width, height = line_size(to_line_polygon(instance.polygon))
    too_large = width * height > _MOST * size.width * size.height or max(width, height) > _LONGEST
    return TOO_LARGE if too_large else ""


JPEG_QUALITY = 95


def crop_line(image: Image, instance: TextInstance, key: str, corpus: str, drawn: Parameters) -> Sample:
    """The line of a text, upright.

    Clusters follow where the line is cut out by one homography, which is so for quads; of other outlines they are
    left out.

    Args:
        image: (H, W, 3) uint8, the picture of the scene.
        instance: the text; its polygon in pixels of the picture.
        key: for the line.
        corpus: what the scenes are called.
        drawn: what is to be known of the line beside its place.
    """
    outline = to_line_polygon(instance.polygon)
    width, height = line_size(outline)
    turned = height >= VERTICAL_RATIO * width
    known = {
        **drawn,
        "polygon": instance.polygon.astype(np.float64).round(3).tolist(),
        "level": instance.level,
        "origin": _origin(instance),
        "turned": turned,
        "jpeg_quality": JPEG_QUALITY,
    }
    clusters = Clusters.empty()
    if len(instance.polygon) == 4 and len(instance.clusters):
        clusters = instance.clusters.warped(_warp(outline, width, height, turned))
    return Sample(key, rectify(image, outline), instance.text, clusters, Provenance(corpus=corpus, parameters=known))


def _origin(instance: TextInstance) -> dict[str, Any]:
    origin = instance.origin
    return {"kind": origin.kind, "source": origin.source, "index": origin.index}


def _warp(quad: Polygon, width: int, height: int, turned: bool) -> Warp:
    """From the picture to the line, as `rectify` resamples it."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    upright = Warp.between_quads(quad, corners)
    if not turned:
        return upright
    return upright.then(Warp.from_matrix(np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width], [0.0, 0.0, 1.0]])))
