"""Writers of the formats of other tools. They count what a format does not support."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.datasets.image import image_size, image_suffix
from pipelines.datasets.provenance import SampleProvenance
from pipelines.datasets.rectify import min_area_quad
from pipelines.datasets.scene_labels import repair_polygon
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import EncodedLine
from pipelines.io.line_row import LineRow
from pipelines.io.scene_row import IGNORED_TRANSCRIPTIONS, SceneRow, leaf_instances, paddleocr_label
from pipelines.io.writers import LmdbWriter
from synthtext.core import Origin, Polygon, TextInstance

IGNORED_TEXTS, READ_AS_IGNORED = "transcriptions of ignored texts", "texts that now read as ignored"
POLYGONS_TO_RECTANGLES = "polygons without four corners, now rectangles"
LINE_CLUSTERS, LINE_PROVENANCE = "lines' clusters", "lines' fonts, corpora and effects"


def unsupported_fields(instances: Sequence[TextInstance]) -> Counter[str]:
    """What a list of texts and polygons, as in the formats of PaddleOCR and ICDAR, does not support of a scene."""
    leaves = leaf_instances(instances)
    lost = Counter({"lines and blocks around other texts": len(instances) - len(leaves)})
    for leaf in leaves:
        lost["levels other than word"] += leaf.level != "word"
        lost["texts' clusters"] += len(leaf.clusters) > 0
        lost["texts' origins"] += leaf.origin != Origin()
        lost[IGNORED_TEXTS] += leaf.ignore and leaf.text not in IGNORED_TRANSCRIPTIONS
        lost[READ_AS_IGNORED] += not leaf.ignore and leaf.text in IGNORED_TRANSCRIPTIONS
    return +lost


def unsupported_line_fields(line: SampleProvenance) -> list[str]:
    """What a list of images and texts does not support of a line."""
    meta = line.meta
    has_provenance = bool(meta.font or meta.corpus or meta.script or meta.effects)
    return [LINE_CLUSTERS] * (len(line.clusters) > 0) + [LINE_PROVENANCE] * has_provenance


_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # those of str.splitlines


def file_stem(key: str, number: int) -> str:
    """Return the name of an image: its key if that consists of letters and digits, otherwise its number."""
    return key if key.isascii() and key.isalnum() else f"img_{number}"


class ImageFolderWriter:
    """Writes images to `images/`.

    Args:
        folder: the new folder.

    Attributes:
        folder: the new folder.
        unsupported: number of items that the format does not support, by what they are.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        self.folder = folder
        self.unsupported: Counter[str] = Counter()
        self._count = 0

    def write_image(self, key: str, image: bytes) -> Path:
        """Write an encoded image; returns its path relative to the folder."""
        self._count += 1
        path = Path("images", file_stem(key, self._count) + image_suffix(image))
        (self.folder / path).write_bytes(image)
        return path

    def without_line_breaks(self, text: str) -> str:
        """A text with spaces instead of line breaks, which are counted."""
        joined = _BREAK.sub(" ", text)
        self.unsupported["line breaks in texts, now spaces"] += joined != text
        return joined


class IcdarWriter(ImageFolderWriter):
    """Writes images, and a label file for each (ICDAR)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "gt").mkdir()

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        self.unsupported.update(unsupported_fields(scene.instances))
        lines = [line for line in map(self._line, leaf_instances(scene.instances)) if line]
        path = self.write_image(scene.key, scene.image)
        label = self.folder / "gt" / f"gt_{path.stem}.txt"
        label.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        return len(lines)

    def close(self) -> None:
        """Do nothing: all files are complete."""

    def _line(self, instance: TextInstance) -> str:
        """The line of a text; empty if its polygon has no area when rounded to pixels."""
        quad = self._quad(instance.polygon)
        if quad is None:
            return ""
        text = self.without_line_breaks("###" if instance.ignore else instance.text)
        return ",".join([*(f"{number:.0f}" for number in quad.ravel()), text])

    def _quad(self, polygon: Polygon) -> Polygon | None:
        corners = polygon if len(polygon) == 4 else min_area_quad(polygon)
        self.unsupported[POLYGONS_TO_RECTANGLES] += len(polygon) != 4
        rounded = repair_polygon(np.rint(corners)).polygon
        if rounded is None:
            self.unsupported["texts thinner than a pixel, left out"] += 1
            return None
        self.unsupported["texts' corners, now whole pixels"] += not np.array_equal(rounded, corners)
        return rounded


class PaddleOcrWriter(ImageFolderWriter):
    """Writes images, and one label file (PaddleOCR)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._labels = (folder / "labels.tsv").open("w", encoding="utf-8", newline="\n")

    def write_line(self, line: EncodedLine, provenance: SampleProvenance) -> None:
        """Write a line of text; its provenance is not supported."""
        self.unsupported.update(unsupported_line_fields(provenance))
        self._write(line.key, line.image, self.without_line_breaks(line.text))

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        leaves = leaf_instances(scene.instances)
        self.unsupported.update(unsupported_fields(scene.instances))
        self._write(scene.key, scene.image, paddleocr_label(leaves))
        return len(leaves)

    def close(self) -> None:
        """Finish the label file."""
        self._labels.close()

    def _write(self, key: str, image: bytes, label: str) -> None:
        self._labels.write(f"{self.write_image(key, image).as_posix()}\t{label}\n")


def to_line_row(key: str, line: EncodedLine, provenance: SampleProvenance) -> LineRow:
    """Return the row of a line, without `meta`, under a new key."""
    meta, (width, height) = provenance.meta, image_size(line.image, line.key)
    return LineRow(
        key=key,
        image=line.image,
        path=key + image_suffix(line.image),
        text=line.text,
        width=width,
        height=height,
        clusters=provenance.clusters,
        font=meta.font,
        script=meta.script,
        corpus=meta.corpus,
        contrast=meta.contrast,
        effects=tuple(applied.name for applied in meta.effects),
    )


def to_scene_row(key: str, scene: EncodedScene) -> SceneRow:
    """Return the row of a scene, without `meta`, under a new key."""
    width, height = image_size(scene.image, scene.key)
    return SceneRow(key, scene.image, key + image_suffix(scene.image), width, height, scene.instances)


_BATCH_SIZE = 64  # rows in a transaction


class LmdbExportWriter:
    """Writes images, labels and metadata to an LMDB. It supports everything about texts.

    Args:
        folder: the new folder.

    Attributes:
        unsupported: always empty.
    """

    def __init__(self, folder: Path) -> None:
        self.unsupported: Counter[str] = Counter()
        self._writer = LmdbWriter(folder)
        self._rows: list[LineRow | SceneRow] = []
        self._count = 0

    def write_line(self, line: EncodedLine, provenance: SampleProvenance) -> None:
        """Write a line of text and its provenance."""
        self._add(to_line_row(self._key(line.key), line, provenance))

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        self._add(to_scene_row(self._key(scene.key), scene))
        return len(scene.instances)

    def close(self) -> None:
        """Write the buffered rows and the number of samples."""
        self._flush()
        self._writer.close()

    def _key(self, key: str) -> str:
        self._count += 1
        return file_stem(key, self._count)

    def _add(self, row: LineRow | SceneRow) -> None:
        self._rows.append(row)
        if len(self._rows) == _BATCH_SIZE:
            self._flush()

    def _flush(self) -> None:
        self._writer.write(self._rows)
        self._rows = []
