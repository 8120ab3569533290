"""Scenes in a JSON file: COCO-Text (versions 1 and 2), or COCO with texts."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.outside import check_image_name
from pipelines.datasets.scene_labels import repair_labels
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import (
    BOX_INSTEAD_OF_POLYGON,
    MISSING_LABEL,
    SEVERAL_POLYGONS,
    LocalSource,
    MissingDataError,
)
from synthtext.core import Box, InputError

_TEXT_KEYS = ("utf8_string", "text", "transcription")
_POLYGON_KEYS = ("mask", "polygon", "segmentation")

NO_POLYGON_OR_BOX = "label without polygon or box"


@dataclass(frozen=True)
class CocoScenes(LocalSource[EncodedScene]):
    """A JSON file, with its images beside it or in `images/`.

    COCO-Text has `imgs` and `anns`, by id, with `mask` (a flat list; `polygon` in version 1), `utf8_string` and
    `legibility`. COCO has lists `images` and `annotations` with `segmentation`, and texts under `utf8_string`, `text`
    or `transcription`. Without a polygon, the `bbox` is used. An annotation that is "illegible", a crowd, or "###" is
    ignored; an annotation without a text has an empty one. The labels of the test set of COCO-Text are not public: its
    images count as without a label.

    Attributes:
        path: Of the file.

    Raises:
        InputError: It is not such a file, or names an image outside of its folder.
    """

    def __post_init__(self) -> None:
        if not len(self):
            raise InputError(f"{self.path} names no image")
        for name, _, _ in self._images:
            check_image_name(self.path, name)

    def __len__(self) -> int:
        return len(self._images)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """Read scenes, in the given order."""
        return [self._read(*self._images[row]) for row in rows.tolist()]

    def _read(self, name: str, annotations: list[Mapping[str, Any]], subset: object) -> EncodedScene:
        if not annotations and subset == "test":
            raise MissingDataError(
                f"{self.path}: {name} is in the test set, whose labels are not public", MISSING_LABEL
            )
        candidates = (self.path.parent / name, self.path.parent / "images" / name)
        path = next((candidate for candidate in candidates if candidate.is_file()), None)
        if path is None:
            raise MissingDataError(f"{self.path}: the image {name} is neither beside it nor in images/")
        labels, problems = [], []
        for annotation in annotations:
            try:
                points, problem = _parse_points(annotation)
            except (TypeError, ValueError, KeyError, OverflowError):
                problems.append(NO_POLYGON_OR_BOX)
                continue
            ignore = annotation.get("legibility") == "illegible" or annotation.get("iscrowd") == 1
            labels.append(("###" if ignore or problem == SEVERAL_POLYGONS else _parse_text(annotation), points))
            problems += [problem] if problem else []
        instances, repaired = repair_labels(labels)
        return EncodedScene(name, read_image_file(path, self.path.parent), instances, (*problems, *repaired))

    @cached_property
    def _images(self) -> list[tuple[str, list[Mapping[str, Any]], object]]:
        """Return file name, annotations and subset of COCO-Text of every image."""
        try:
            data = json.loads(self.path.read_bytes())
            images, annotations = _entries(data, "imgs", "images"), _entries(data, "anns", "annotations")
            by_image: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
            for annotation in annotations:
                by_image[str(annotation["image_id"])].append(annotation)
            return [(str(image["file_name"]), by_image[str(image["id"])], image.get("set")) for image in images]
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InputError(
                f"{self.path} is not a file of COCO-Text (imgs, anns) or COCO (images, annotations): "
                f"{type(error).__name__}: {error}"
            ) from None


def _entries(data: Mapping[str, Any], by_id: str, listed: str) -> list[Mapping[str, Any]]:
    return list(data[by_id].values() if by_id in data else data[listed])


def _parse_text(annotation: Mapping[str, Any]) -> str:
    return next((str(annotation[name]) for name in _TEXT_KEYS if annotation.get(name)), "")


def _parse_points(annotation: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the points of an annotation, pairs of pixels, and what is wrong with them (empty if nothing)."""
    mask = next((annotation[name] for name in _POLYGON_KEYS if annotation.get(name)), None)
    if isinstance(mask, list):
        parts = [np.asarray(part, np.float64) for part in (mask if isinstance(mask[0], list) else [mask])]
        if any(part.ndim != 1 or len(part) % 2 for part in parts):
            raise ValueError("the polygon is not a list of alternating x and y")
        return np.concatenate(parts).reshape(-1, 2), SEVERAL_POLYGONS if len(parts) > 1 else ""
    left, top, width, height = map(float, annotation["bbox"])
    return Box(left, top, left + width, top + height).polygon(), BOX_INSTEAD_OF_POLYGON if mask else ""
