"""Polygons as people label them, made such as the rest of the project takes them."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.datasets.label_file import (
    MAX_INSPECTED_LABELS,
    detect_label_kind,
    line_offsets,
    read_label_rows,
    read_labelled_image,
)
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import (
    COUNTERCLOCKWISE,
    LONE_SURROGATE,
    SELF_INTERSECTING_POLYGON,
    SELF_INTERSECTING_QUAD,
    LocalSource,
)
from pipelines.io.scene_row import IGNORED_TRANSCRIPTIONS
from synthtext.core import (
    InputError,
    Polygon,
    TextInstance,
    clockwise,
    is_self_intersecting,
    signed_area,
    start_at_nearest,
)

_SMALLEST = 1.0  # square pixels: what is flatter shows no text

_FARTHEST = 1_000_000
"""Pixels: no picture is so large, and whoever draws such a polygon runs out of numbers."""


class RepairedPolygon(NamedTuple):
    """What became of a labelled polygon.

    Attributes:
        polygon: (P, 2), clockwise on the screen, not crossing itself; None when there is none in what was labelled.
        problem: what was wrong with it, or empty.
        reliable: it is what was meant; otherwise a guess that holds it, good for nothing but to be ignored.
    """

    polygon: Polygon | None
    problem: str = ""
    reliable: bool = True


def repair_polygon(points: ArrayLike) -> RepairedPolygon:
    """Check a polygon as it is labelled, and mend what can be.

    Points that run counterclockwise are taken in the other order from the same first point; four points whose sides
    cross are put in order around their middle; more points that cross become their hull, which is a guess. A ring of
    more than four points that names its first one again at its end loses that one.

    Args:
        points: pairs of pixels, x then y.
    """
    try:
        given = np.asarray(points, np.float64)
    except (TypeError, ValueError, OverflowError):
        return RepairedPolygon(None, "polygon is no list of points")
    if given.ndim != 2 or given.shape[1] != 2:
        return RepairedPolygon(None, "polygon is no list of points")
    if not np.isfinite(given).all():
        return RepairedPolygon(None, "polygon has a coordinate that is no finite number")
    if np.abs(given).max(initial=0) > _FARTHEST:
        return RepairedPolygon(None, f"polygon has a coordinate beyond {_FARTHEST:,} pixels")
    array = given.astype(np.float32)
    if len(array) > 4 and (array[0] == array[-1]).all():
        array = array[:-1]
    if len(array) < 3:
        return RepairedPolygon(None, f"polygon of {len(array)} points")
    if is_self_intersecting(array):
        return _uncrossed(array)
    area = signed_area(array)
    if abs(area) < _SMALLEST:
        return RepairedPolygon(None, "polygon without area")
    if area < 0:
        return RepairedPolygon(_from_the_same(array[::-1]), COUNTERCLOCKWISE)
    return RepairedPolygon(array)


def _uncrossed(points: Polygon) -> RepairedPolygon:
    if len(points) > 4:
        hull = cv2.convexHull(points, clockwise=False)[:, 0].astype(np.float32)
        flat = abs(signed_area(hull)) < _SMALLEST
        return RepairedPolygon(None if flat else clockwise(hull), SELF_INTERSECTING_POLYGON, reliable=False)
    around = points - points.mean(axis=0)
    order = np.argsort(np.arctan2(around[:, 1], around[:, 0]), kind="stable")
    ordered = clockwise(points[order])
    if signed_area(ordered) < _SMALLEST:
        return RepairedPolygon(None, "polygon without area")
    return RepairedPolygon(start_at_nearest(ordered, points[0]), SELF_INTERSECTING_QUAD)


def _from_the_same(points: Polygon) -> Polygon:
    """The points, whose last one was the first before they were turned, from that one on."""
    return np.roll(points, 1, axis=0)


@dataclass(frozen=True)
class SceneLabelFileSource(LocalSource):
    """A label file of scenes. It is mapped, not held in memory.

    Attributes:
        path: of the file; the pictures' paths are relative to it.

    Raises:
        InputError: the file is missing or empty, is no UTF-8 text, or labels no scenes.
    """

    READ_GROUP_SIZE: ClassVar[int] = 16

    _begins: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begins", line_offsets(self.path))
        if (
            detect_label_kind(text for _, text in read_label_rows(self.path, self._begins[:MAX_INSPECTED_LABELS]))
            == "lines"
        ):
            raise InputError(
                f"{self.path} labels no scenes but lines: a detector needs a path, a tab, and a JSON list in every line"
            )

    def __len__(self) -> int:
        return len(self._begins)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        return [
            EncodedScene(name, read_labelled_image(self.path, name), *parse_scene_label(text, f"{self.path}: {name}"))
            for name, text in read_label_rows(self.path, self._begins[rows])
        ]


def parse_scene_label(text: str, where: str) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """The texts in a label, and what was wrong with some of them.

    A text whose polygon cannot be read is left out; one whose polygon is a guess is to be ignored.

    Args:
        text: JSON as PaddleOCR writes it.
        where: names the label in errors.

    Raises:
        InputError: it is no list of transcriptions and points.
    """
    try:
        entries: Sequence[dict[str, Any]] = json.loads(text)
        labelled = [(_text(entry["transcription"]), entry["points"]) for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{where}: this is no list of texts with transcription and points ({type(error).__name__}: {error})"
        ) from None
    return repaired_instances(labelled)


def repaired_instances(
    labelled: Sequence[tuple[str, Any]],
) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """Instances of texts and points as they are labelled, and what was wrong with some of them."""
    instances: list[TextInstance] = []
    problems: list[str] = []
    for text, points in labelled:
        polygon, problem, certain = repair_polygon(points)
        if problem:
            problems.append(problem)
        if polygon is None:
            continue
        written = text.encode(errors="replace").decode()
        if written != text:
            problems.append(LONE_SURROGATE)
        composed = unicodedata.normalize("NFC", written)
        instances.append(
            TextInstance(composed, polygon, ignore=text in IGNORED_TRANSCRIPTIONS or not certain or written != text)
        )
    return tuple(instances), tuple(problems)


def _text(transcription: object) -> str:
    """A transcription as text; none at all is empty."""
    return "" if transcription is None else str(transcription)
