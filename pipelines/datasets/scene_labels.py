"""Labels of scenes: label files and their entries, and the repair of polygons."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.datasets.label_file import LabelFile
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import (
    COUNTERCLOCKWISE,
    LONE_SURROGATE,
    SELF_INTERSECTING_POLYGON,
    SELF_INTERSECTING_QUAD,
)
from pipelines.io.scene_row import IGNORED_TRANSCRIPTIONS, instance_from_dict
from synthtext.core import (
    InputError,
    Polygon,
    TextInstance,
    clockwise,
    is_self_intersecting,
    signed_area,
    start_at_nearest,
)

_MIN_AREA = 1.0  # square pixels; a smaller polygon shows no text
_MAX_COORDINATE = 1_000_000  # pixels; no image is as large, and drawing such a polygon overflows
_NO_AREA = "polygon without area"


class RepairedPolygon(NamedTuple):
    """The result of repairing a labelled polygon.

    Attributes:
        polygon: (P, 2), clockwise on the screen, without self-intersections; None if it cannot be repaired.
        problem: What was wrong with it; empty if nothing.
        reliable: Whether it is what was meant. If not, it is a guess that covers it, and the text is to be ignored.
    """

    polygon: Polygon | None
    problem: str = ""
    reliable: bool = True


def repair_polygon(points: ArrayLike) -> RepairedPolygon:
    """Check a labelled polygon and repair it where possible.

    The order of counterclockwise points is reversed; the first point stays. Four points with crossing sides are sorted
    around their centre. More points with crossing sides are replaced by their convex hull, which is a guess. The last
    of more than four points is removed if it repeats the first.

    Args:
        points: Pairs of x and y, pixels.
    """
    try:
        given = np.asarray(points, np.float64)
    except (TypeError, ValueError, OverflowError):
        given = np.empty(0)
    if given.ndim != 2 or given.shape[1] != 2:
        return RepairedPolygon(None, "polygon is not a list of points")
    if not np.isfinite(given).all():
        return RepairedPolygon(None, "polygon with a coordinate that is not finite")
    if np.abs(given).max(initial=0) > _MAX_COORDINATE:
        return RepairedPolygon(None, f"polygon with a coordinate beyond {_MAX_COORDINATE:,} pixels")
    array = given.astype(np.float32)
    if len(array) > 4 and (array[0] == array[-1]).all():
        array = array[:-1]
    if len(array) < 3:
        return RepairedPolygon(None, f"polygon of {len(array)} points")
    if is_self_intersecting(array):
        return _repair_self_intersection(array)
    area = signed_area(array)
    if abs(area) < _MIN_AREA:
        return RepairedPolygon(None, _NO_AREA)
    if area < 0:
        return RepairedPolygon(np.roll(array[::-1], 1, axis=0), COUNTERCLOCKWISE)
    return RepairedPolygon(array)


def _repair_self_intersection(points: Polygon) -> RepairedPolygon:
    if len(points) > 4:
        hull = cv2.convexHull(points, clockwise=False)[:, 0].astype(np.float32)
        flat = abs(signed_area(hull)) < _MIN_AREA
        return RepairedPolygon(None if flat else clockwise(hull), SELF_INTERSECTING_POLYGON, reliable=False)
    offsets = points - points.mean(axis=0)
    order = np.argsort(np.arctan2(offsets[:, 1], offsets[:, 0]), kind="stable")
    ordered = clockwise(points[order])
    if signed_area(ordered) < _MIN_AREA:
        return RepairedPolygon(None, _NO_AREA)
    return RepairedPolygon(start_at_nearest(ordered, points[0]), SELF_INTERSECTING_QUAD)


@dataclass(frozen=True)
class SceneLabelFileSource(LabelFile[EncodedScene]):
    """A label file of scenes."""

    READ_GROUP_SIZE = 16
    KIND = "scenes"
    WRONG_KIND = "labels lines, not scenes: a detector needs a path, a tab, and a JSON list in every line"

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """Read scenes, in the given order."""
        return [self._scene(row, *labelled) for row, labelled in zip(rows.tolist(), self._images(rows), strict=True)]

    def _scene(self, row: int, name: str, image: bytes, label: str) -> EncodedScene:
        try:
            return EncodedScene(name, image, *parse_scene_label(label, name))
        except InputError as error:
            raise InputError(f"{self.path}, line {self.line_number(row)}: {error}") from None

    def label_problem(self, text: str) -> str:
        """Return why a label cannot be parsed; empty if it can."""
        try:
            parse_scene_label(text, "its label")
        except InputError as error:
            return str(error)
        return ""


def parse_scene_label(text: str, where: str) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """Parse the label of a scene, JSON as PaddleOCR writes it; see `repair_labels` for its texts.

    Raises:
        InputError: It is not a list of transcriptions and points; the message starts with `where`.
    """
    try:
        entries: Sequence[dict[str, Any]] = json.loads(text)
        texts = ((entry["transcription"], entry["points"]) for entry in entries)
        labels = [("" if text is None else str(text), points) for text, points in texts]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{where}: not a list of texts with transcription and points ({type(error).__name__}: {error})"
        ) from None
    return repair_labels(labels)


def repair_labels(labels: Sequence[tuple[str, Any]]) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """Convert labelled texts and points to text instances.

    A text whose polygon cannot be repaired is left out; one whose polygon is a guess is to be ignored.

    Returns:
        The text instances, and the problem of each label that was repaired, ignored or left out.
    """
    instances: list[TextInstance] = []
    problems: list[str] = []
    for text, points in labels:
        polygon, problem, reliable = repair_polygon(points)
        if problem:
            problems.append(problem)
        if polygon is None:
            continue
        encodable = text.encode(errors="replace").decode()
        if encodable != text:
            problems.append(LONE_SURROGATE)
        ignore = text in IGNORED_TRANSCRIPTIONS or not reliable or encodable != text
        instances.append(TextInstance(unicodedata.normalize("NFC", encodable), polygon, ignore=ignore))
    return tuple(instances), tuple(problems)


def parse_instances(data: Sequence[dict[str, Any]], where: str) -> tuple[TextInstance, ...]:
    """Parse the text instances of a scene in the Parquet column `instances` or the `meta-%09d` of an LMDB.

    Raises:
        InputError: They are not text instances; the message starts with `where`.
    """
    try:
        return tuple(instance_from_dict(entry) for entry in data)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: invalid text instances of a scene ({type(error).__name__}: {error})") from None
