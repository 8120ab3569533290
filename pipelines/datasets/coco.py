"""Scenes in a JSON file: COCO-Text (versions 1 and 2), or COCO with texts."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.scene_labels import repaired_instances
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import (
    BOX_INSTEAD_OF_POLYGON,
    MISSING_LABEL,
    SEVERAL_POLYGONS,
    LocalSource,
    MissingDataError,
)
from synthtext.core import Box, InputError

_TEXTS = ("utf8_string", "text", "transcription")
_MASKS = ("mask", "polygon", "segmentation")

NO_POLYGON_OR_BOX = "label without polygon or box"


@dataclass(frozen=True)
class CocoScenes(LocalSource):
    """A JSON file, and its pictures beside it or in `images/`.

    COCO-Text has `imgs` and `anns`, by number, with `mask` (a flat list; `polygon` in version 1), `utf8_string` and
    `legibility`; COCO has lists `images` and `annotations` with `segmentation`, whose texts may be under
    `utf8_string`, `text` or `transcription`. Without a polygon the `bbox` is taken. What is "illegible", a crowd, or
    written as "###" is to be ignored; a text that is not given is empty. Pictures of COCO-Text's test set have texts
    whose labels are not given: they count as without a label.

    Attributes:
        path: of the file.

    Raises:
        InputError: it is no such file.
    """

    def __post_init__(self) -> None:
        if not len(self):
            raise InputError(f"{self.path} names no picture")

    def __len__(self) -> int:
        return len(self._images)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        return [self._read(self._images[row]) for row in rows.tolist()]

    def _read(self, image: "_Image") -> EncodedScene:
        name = image.name
        if image.withheld:
            raise MissingDataError(f"{self.path}: {name} is of the test set, whose labels are not given", MISSING_LABEL)
        places = (self.path.parent / name, self.path.parent / "images" / name)
        picture = next((place for place in places if place.is_file()), None)
        if picture is None:
            raise MissingDataError(f"{self.path}: the picture {name} is neither beside it nor in images/")
        labelled, problems = [], []
        for annotation in image.annotations:
            try:
                points, problem = _points(annotation)
            except (TypeError, ValueError, KeyError, OverflowError):
                problems.append(NO_POLYGON_OR_BOX)
                continue
            ignored = annotation.get("legibility") == "illegible" or annotation.get("iscrowd") == 1
            labelled.append(("###" if ignored or problem == SEVERAL_POLYGONS else _text(annotation), points))
            problems += [problem] if problem else []
        instances, mended = repaired_instances(labelled)
        return EncodedScene(name, read_image_file(picture), instances, (*problems, *mended))

    @cached_property
    def _images(self) -> "list[_Image]":
        try:
            tree = json.loads(self.path.read_bytes())
            images, annotations = _entries(tree, "imgs", "images"), _entries(tree, "anns", "annotations")
            of_picture: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
            for annotation in annotations:
                of_picture[str(annotation["image_id"])].append(annotation)
            return [_Image.of(image, of_picture[str(image["id"])]) for image in images]
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InputError(
                f"{self.path} is no file of COCO-Text (imgs, anns) or COCO (images, annotations): "
                f"{type(error).__name__}: {error}"
            ) from None


class _Image(NamedTuple):
    """A picture's file name, its annotations, and whether it has some that are not given."""

    name: str
    annotations: list[Mapping[str, Any]]
    withheld: bool

    @classmethod
    def of(cls, image: Mapping[str, Any], annotations: list[Mapping[str, Any]]) -> "_Image":
        withheld = not annotations and image.get("set") == "test"
        return cls(str(image["file_name"]), annotations, withheld)


def _entries(tree: Mapping[str, Any], by_number: str, listed: str) -> list[Mapping[str, Any]]:
    entries: Iterable[Mapping[str, Any]] = tree[by_number].values() if by_number in tree else tree[listed]
    return list(entries)


def _text(annotation: Mapping[str, Any]) -> str:
    return next((str(annotation[name]) for name in _TEXTS if annotation.get(name)), "")


def _points(annotation: Mapping[str, Any]) -> tuple[Any, str]:
    """The points of an annotation, pairs of pixels, and what is wrong with them or empty."""
    mask = next((annotation[name] for name in _MASKS if annotation.get(name)), None)
    if isinstance(mask, list):
        pieces = [np.asarray(piece, np.float64) for piece in (mask if isinstance(mask[0], list) else [mask])]
        if any(piece.ndim != 1 or len(piece) % 2 for piece in pieces):
            raise ValueError("its polygon is no list of x and y in turn")
        return np.concatenate(pieces).reshape(-1, 2), SEVERAL_POLYGONS if len(pieces) > 1 else ""
    left, top, width, height = map(float, annotation["bbox"])
    return Box(left, top, left + width, top + height).polygon(), BOX_INSTEAD_OF_POLYGON if mask else ""
