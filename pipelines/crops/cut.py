"""One text cut out of its picture, with all that is known of it."""

from typing import Any

import numpy as np

from pipelines.read.rectify import TALL, as_line, line_size, rectify
from synthtext.core import Clusters, Image, Parameters, Polygon, Provenance, Sample, TextInstance, Warp

JPEG_QUALITY = 95


def cut(image: Image, instance: TextInstance, key: str, corpus: str, drawn: Parameters) -> Sample:
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
    outline = as_line(instance.polygon)
    width, height = line_size(outline)
    turned = height >= TALL * width
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
    return Sample(key, rectify(image, outline), instance.text, clusters, Provenance(corpus=corpus, drawn=known))


def _origin(instance: TextInstance) -> dict[str, Any]:
    origin = instance.origin
    return {"kind": origin.kind, "source": origin.source, "index": origin.index}


def _warp(quad: Polygon, width: int, height: int, turned: bool) -> Warp:
    """From the picture to the line, as `rectify` resamples it."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    upright = Warp.between_quads(quad, corners)
    if not turned:
        return upright
    return upright.then(Warp.of_matrix(np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width], [0.0, 0.0, 1.0]])))
