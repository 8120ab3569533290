"""Whether stored texts, clusters and polygons can be what they should be."""

from collections.abc import Iterator
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Charset, Level

Flaw: TypeAlias = tuple[str, str]
"""What is wrong in words that can be counted, and what exactly."""

OUTSIDE_CHARSET = "label outside of the charset"
NO_TEXT = "label is no text"
CLUSTERS = "clusters do not fit the text"
QUAD = "cluster quad is wrong"
POLYGON = "polygon is wrong"
INSTANCES = "texts of the scene are wrong"

_EDGE = 1.0  # pixels that a drawn polygon may reach over the picture's edge
_SHOWN = 40  # characters of a label that are told
_LEVELS: tuple[str, ...] = get_args(Level)


def check_line(row: dict[str, Any], charset: Charset | None) -> Iterator[Flaw]:
    """The flaws of a stored line.

    Args:
        row: its columns by name.
        charset: that its text must fit, once folded; None if nobody knows it.
    """
    yield from _check_text(row["text"], charset)
    yield from _check_clusters(row, row, inside=True)


def check_scene(row: dict[str, Any], charset: Charset | None) -> Iterator[Flaw]:
    """The flaws of a stored scene; of texts to be ignored the charset is not asked.

    Args:
        row: its columns by name.
        charset: that its texts must fit, once folded; None if nobody knows it.
    """
    instances = row["instances"]
    if not isinstance(instances, list) or not all(isinstance(instance, dict) for instance in instances):
        yield INSTANCES, "they are no list"
        return
    for place, instance in enumerate(instances):
        for kind, detail in _check_instance(instance, place, row, charset):
            yield kind, f"text {place}: {detail}"


def _check_instance(
    instance: dict[str, Any], place: int, row: dict[str, Any], charset: Charset | None
) -> Iterator[Flaw]:
    text = instance["text"]
    if instance["level"] == "block" and isinstance(text, str):
        text = text.replace("\n", "")  # between its lines
    yield from _check_text(text, None if instance["ignore"] else charset)
    inside = instance["origin"]["kind"] != "real"  # people's labels may reach over the edge
    yield from _check_clusters(instance, row, inside)
    points = _points(instance["polygon"], 1)
    count = 0 if points is None else len(points)
    if points is None or count < 3:
        yield POLYGON, f"{count} points"
    elif reason := _flaw_of(points[:, 0][None], row, inside):
        yield POLYGON, reason
    if instance["level"] not in _LEVELS:
        yield INSTANCES, f"level {instance['level']!r}"
    if not -1 <= instance["parent"] < len(row["instances"]) or instance["parent"] == place:
        yield INSTANCES, f"parent {instance['parent']}"


def _check_text(text: object, charset: Charset | None) -> Iterator[Flaw]:
    if not isinstance(text, str):
        yield NO_TEXT, ""
    elif charset is not None and not charset.covers(text) and not charset.covers(charset.fold(text)):
        outside = sorted(set(charset.fold(text)) - set(charset.characters))
        yield OUTSIDE_CHARSET, f"{_shortened(text)} has {', '.join(map(ascii, outside[:5]))}"


def _shortened(text: str) -> str:
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _check_clusters(owner: dict[str, Any], row: dict[str, Any], inside: bool) -> Iterator[Flaw]:
    """The flaws of clusters; no clusters are fine, then nobody knows them."""
    quads = _points(owner["cluster_quads"], 4)
    offsets = np.asarray(owner["cluster_offsets"])
    if quads is None:
        yield CLUSTERS, f"{len(owner['cluster_quads'])} numbers are no quads"
        return
    if len(offsets) != len(quads) + 1:
        yield CLUSTERS, f"{len(offsets) - 1} clusters, {len(quads)} quads"
        return
    if not len(quads):
        return
    if offsets[0] != 0 or offsets[-1] != len(owner["text"]) or (np.diff(offsets) <= 0).any():
        yield CLUSTERS, f"offsets {offsets[:8].tolist()} for {len(owner['text'])} characters"
    if reason := _flaw_of(quads, row, inside):
        yield QUAD, reason


def _points(numbers: list[float], corners: int) -> NDArray[np.float64] | None:
    """Numbers as (K, corners, 2) pixels; None if they are too many or too few."""
    points = np.asarray(numbers, np.float64)
    return points.reshape(-1, corners, 2) if points.size % (2 * corners) == 0 else None


def _flaw_of(polygons: NDArray[np.float64], row: dict[str, Any], inside: bool) -> str:
    """What is wrong with polygons (K, P, 2); empty for nothing."""
    if not np.isfinite(polygons).all():
        return "a coordinate is no finite number"
    x, y = polygons[..., 0], polygons[..., 1]
    area = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)
    if (area <= 0).any():
        return "no area, or counterclockwise"
    size = np.array([row["width"], row["height"]])
    low, high = polygons.min(axis=1), polygons.max(axis=1)
    if inside and ((low < -_EDGE).any() or (high > size + _EDGE).any()):
        return f"reaches over the picture's edge, from {_pair(low.min(axis=0))} to {_pair(high.max(axis=0))}"
    if (high <= 0).any() or (low >= size).any():
        return "outside of the picture"
    return ""


def _pair(point: NDArray[np.float64]) -> str:
    return f"({point[0]:.1f}, {point[1]:.1f})"
