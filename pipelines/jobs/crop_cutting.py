"""Selects the texts of a scene that become lines, and cuts them out."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from pipelines.datasets.rectify import VERTICAL_RATIO, line_size, rectify, to_line_polygon
from synthtext.core import Clusters, Image, Level, Parameters, Polygon, Provenance, Sample, Size, TextInstance, Warp

CropLevel: TypeAlias = Level | Literal["leaves"]
"""The level of the texts that become lines; "leaves" are the texts that contain no other text."""

OTHER_LEVEL, MARKED_IGNORE = "of another level", "ignored"
EMPTY_TEXT, TOO_LARGE = "without a text", "larger than an image"

_MAX_AREA = 4.0  # relative to the image: a polygon may reach far out of it
_MAX_SIDE = 2**15 - 1  # pixels; a limit of OpenCV's warps

JPEG_QUALITY = 95


class CropSelection(NamedTuple):
    """The indices of the texts of one scene that become lines, and the reasons why the others do not."""

    selected: tuple[int, ...]
    left_out: tuple[str, ...]


def select_instances(instances: Sequence[TextInstance], size: Size, level: CropLevel) -> CropSelection:
    """Select the texts of a level in a scene, whose image has this size in pixels."""
    parents = {instance.parent for instance in instances}
    selected, left_out = [], []
    for index, instance in enumerate(instances):
        has_level = index not in parents if level == "leaves" else instance.level == level
        reason = _reason(instance, size) if has_level else OTHER_LEVEL
        if reason:
            left_out.append(reason)
        else:
            selected.append(index)
    return CropSelection(tuple(selected), tuple(left_out))


def _reason(instance: TextInstance, size: Size) -> str:
    """The reason why a text does not become a line; empty if it does."""
    if instance.ignore:
        return MARKED_IGNORE
    if not instance.text.strip():
        return EMPTY_TEXT
    width, height = line_size(to_line_polygon(instance.polygon))
    too_large = width * height > _MAX_AREA * size.width * size.height or max(width, height) > _MAX_SIDE
    return TOO_LARGE if too_large else ""


def crop_line(image: Image, instance: TextInstance, key: str, corpus: str, parameters: Parameters) -> Sample:
    """Cut a text out of an image as an upright line.

    The line has clusters if it is cut out by one homography, that is, if its polygon is a quad.

    Args:
        image: (H, W, 3) uint8, the image of the scene.
        instance: the text; its polygon in pixels of the image.
        key: of the line.
        corpus: name of the scenes.
        parameters: provenance to be recorded in addition to the location of the text.
    """
    polygon = to_line_polygon(instance.polygon)
    width, height = line_size(polygon)
    is_vertical = height >= VERTICAL_RATIO * width
    recorded = {
        **parameters,
        "polygon": instance.polygon.astype(np.float64).round(3).tolist(),
        "level": instance.level,
        "origin": asdict(instance.origin),
        "turned": is_vertical,
        "jpeg_quality": JPEG_QUALITY,
    }
    clusters = Clusters.empty()
    if len(instance.polygon) == 4 and len(instance.clusters):
        clusters = instance.clusters.warped(_warp(polygon, width, height, is_vertical))
    provenance = Provenance(corpus=corpus, parameters=recorded)
    return Sample(key, rectify(image, polygon), instance.text, clusters, provenance)


def _warp(quad: Polygon, width: int, height: int, is_vertical: bool) -> Warp:
    """The warp from the image to the line, the same as in `rectify`."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    upright = Warp.between_quads(quad, corners)
    if not is_vertical:
        return upright
    return upright.then(Warp.from_matrix(np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width], [0.0, 0.0, 1.0]])))
