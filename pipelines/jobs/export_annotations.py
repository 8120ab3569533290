"""Writers of formats that keep images in a folder and all labels in one JSON file: docTR, COCO and COCO-Text."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.datasets.image import image_size
from pipelines.datasets.provenance import SampleProvenance
from pipelines.datasets.rectify import min_area_quad
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import EncodedLine
from pipelines.io.scene_row import leaf_instances
from pipelines.jobs.export_formats import (
    IGNORED_TEXTS,
    POLYGONS_TO_RECTANGLES,
    READ_AS_IGNORED,
    ImageFolderWriter,
    unsupported_fields,
    unsupported_line_fields,
)
from synthtext.core import Polygon, TextInstance, bounding_box, signed_area

IGNORED_TO_TEXTS = "ignored texts, now texts like others"
TRANSCRIPTIONS = "transcriptions"
EMPTY_IMAGES = "images without texts, left out"


class JsonWriter(ImageFolderWriter):
    """Writes images, and one JSON file for all labels when it is closed.

    Args:
        folder: the new folder.
    """

    file_name = "labels.json"

    def labels(self) -> Any:
        """Return the content of the JSON file."""
        raise NotImplementedError

    def close(self) -> None:
        """Write the JSON file."""
        with (self.folder / self.file_name).open("w", encoding="utf-8", newline="\n") as file:
            json.dump(self.labels(), file, ensure_ascii=False)


class DoctrRecognitionWriter(JsonWriter):
    """Writes lines for docTR's `RecognitionDataset`: a text by file name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._labels: dict[str, str] = {}

    def write_line(self, line: EncodedLine, provenance: SampleProvenance) -> None:
        """Write a line of text; its provenance is not supported."""
        self.unsupported.update(unsupported_line_fields(provenance))
        self._labels[self.write_image(line.key, line.image).name] = line.text

    def labels(self) -> dict[str, str]:
        """Return the texts by file name."""
        return self._labels


class DoctrDetectionWriter(JsonWriter):
    """Writes scenes for docTR's `DetectionDataset`: polygons of four points by file name.

    The format has neither texts nor ignored regions. An ignored text becomes a text like others, as in docTR's own
    loader of ICDAR 2015; left out, it would be background. docTR refuses images without texts; they are left out.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._labels: dict[str, dict[str, Any]] = {}

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        leaves = leaf_instances(scene.instances)
        if not leaves:
            self.unsupported[EMPTY_IMAGES] += 1
            return 0
        lost = unsupported_fields(scene.instances)
        del lost[IGNORED_TEXTS], lost[READ_AS_IGNORED]
        lost[IGNORED_TO_TEXTS] += sum(leaf.ignore for leaf in leaves)
        lost[TRANSCRIPTIONS] += sum(bool(leaf.text) for leaf in leaves)
        lost[POLYGONS_TO_RECTANGLES] += sum(len(leaf.polygon) != 4 for leaf in leaves)
        self.unsupported.update(lost)
        width, height = image_size(scene.image, scene.key)
        self._labels[self.write_image(scene.key, scene.image).name] = {
            "img_dimensions": [height, width],
            "img_hash": hashlib.sha256(scene.image).hexdigest(),
            "polygons": [_rounded(_quad(leaf.polygon)).tolist() for leaf in leaves],
        }
        return len(leaves)

    def labels(self) -> dict[str, dict[str, Any]]:
        """Return the entries by file name."""
        return self._labels


class CocoWriter(JsonWriter):
    """Writes scenes as COCO (`images`, `annotations`): one category, and the texts under `text`.

    An ignored text is a crowd (`iscrowd`), which COCO's evaluation ignores.
    """

    file_name = "annotations.json"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        leaves = leaf_instances(scene.instances)
        lost = unsupported_fields(scene.instances)
        del lost[IGNORED_TEXTS], lost[READ_AS_IGNORED]
        self.unsupported.update(lost)
        width, height = image_size(scene.image, scene.key)
        path = self.write_image(scene.key, scene.image)
        # COCO's evaluation takes the number 0 for "no match", so that everything counts from 1.
        number = len(self._images) + 1
        self._images.append({"id": number, "file_name": path.name, "width": width, "height": height})
        for leaf in leaves:
            self._annotations.append({"id": len(self._annotations) + 1, "image_id": number, **self.annotation(leaf)})
        return len(leaves)

    def annotation(self, instance: TextInstance) -> dict[str, Any]:
        """Return the annotation of a text, without its numbers."""
        return {
            "category_id": 1,
            **_geometry("segmentation", [_flat(instance.polygon)], instance.polygon),
            "iscrowd": int(instance.ignore),
            "text": instance.text,
        }

    def labels(self) -> dict[str, Any]:
        """Return the content of the JSON file."""
        categories = [{"id": 1, "name": "text", "supercategory": "text"}]
        return {"info": {}, "licenses": [], "images": self._images, "annotations": self._annotations} | {
            "categories": categories
        }


class CocoTextWriter(CocoWriter):
    """Writes scenes as COCO-Text, version 2 (`imgs`, `anns`, `imgToAnns`, by number).

    An ignored text is illegible, and has no transcription. `language` is "english" for texts of ASCII characters, and
    "not english" for others; all images are of the set "train".
    """

    file_name = "cocotext.json"

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        leaves = leaf_instances(scene.instances)
        self.unsupported[IGNORED_TEXTS] += sum(leaf.ignore and bool(leaf.text) for leaf in leaves)
        return super().write_scene(scene)

    def annotation(self, instance: TextInstance) -> dict[str, Any]:
        """Return the annotation of a text, without its numbers."""
        language = "english" if instance.text.isascii() else "not english"
        entry = {
            **_geometry("mask", _flat(instance.polygon), instance.polygon),
            "class": "machine printed" if instance.origin.kind == "rendered" else "others",
            "legibility": "illegible" if instance.ignore else "legible",
            "language": "na" if instance.ignore else language,
        }
        return entry if instance.ignore else entry | {"utf8_string": instance.text}

    def labels(self) -> dict[str, Any]:
        """Return the content of the JSON file."""
        numbers: dict[str, list[int]] = {str(image["id"]): [] for image in self._images}
        for annotation in self._annotations:
            numbers[str(annotation["image_id"])].append(annotation["id"])
        return {
            "info": {},
            "cats": {},
            "imgs": {str(image["id"]): image | {"set": "train"} for image in self._images},
            "anns": {str(annotation["id"]): annotation for annotation in self._annotations},
            "imgToAnns": numbers,
        }


def _geometry(name: str, points: Any, polygon: Polygon) -> dict[str, Any]:
    """Return the outline under its name, the bounding box and the area of a polygon, in pixels."""
    left, top, right, bottom = bounding_box(_rounded(polygon))
    box = [round(float(value), 3) for value in (left, top, right - left, bottom - top)]
    return {name: points, "bbox": box, "area": round(float(abs(signed_area(polygon))), 3)}


def _quad(polygon: Polygon) -> Polygon:
    return polygon if len(polygon) == 4 else min_area_quad(polygon)


def _flat(polygon: Polygon) -> list[float]:
    numbers: list[float] = _rounded(polygon).ravel().tolist()
    return numbers


def _rounded(polygon: Polygon) -> np.ndarray:
    return polygon.astype(np.float64).round(3)
