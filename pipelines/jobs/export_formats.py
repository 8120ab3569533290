"""What a format of another tool cannot hold of the texts of a scene."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.datasets.image import picture_size, suffix_of
from pipelines.datasets.provenance import Made
from pipelines.datasets.rectify import rectangle_around
from pipelines.datasets.scene_labels import mend_polygon
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import EncodedLine
from pipelines.io.line_row import LineRow
from pipelines.io.scene_row import IGNORED, SceneRow, leaves, scene_label
from pipelines.io.writers import LmdbWriter
from synthtext.core import Origin, Polygon, TextInstance

AROUND = "lines and blocks around other texts"
LEVELS = "levels other than word"
TEXT_CLUSTERS = "texts' clusters"
ORIGINS = "texts' origins"
TRANSCRIPTIONS = "transcriptions of texts to be ignored"
READ_AS_IGNORED = "texts that now read as to be ignored"


def losses_of(instances: Sequence[TextInstance]) -> Counter[str]:
    """What is lost when a scene becomes a list of texts and polygons, as PaddleOCR and ICDAR have it."""
    written = leaves(instances)
    lost = Counter({AROUND: len(instances) - len(written)})
    for leaf in written:
        lost[LEVELS] += leaf.level != "word"
        lost[TEXT_CLUSTERS] += len(leaf.clusters) > 0
        lost[ORIGINS] += leaf.origin != Origin()
        lost[TRANSCRIPTIONS] += leaf.ignore and leaf.text not in IGNORED
        lost[READ_AS_IGNORED] += not leaf.ignore and leaf.text in IGNORED
    return +lost


BREAKS = "line breaks in texts, now spaces"

_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # all that Python's splitlines takes for one


def stem(key: str, number: int) -> str:
    """What a picture is called: by its key if that is plain letters and digits, not a path; else by its number."""
    return key if key.isascii() and key.isalnum() else f"img_{number}"


def file_name(key: str, number: int, image: bytes) -> str:
    """What a picture's file is called."""
    return stem(key, number) + suffix_of(image)


def one_line(text: str) -> tuple[str, list[str]]:
    """A text without line breaks, and what was lost of it."""
    whole = _BREAK.sub(" ", text)
    return whole, [BREAKS] if whole != text else []


class PictureFolder:
    """Writes pictures to `images/`.

    Args:
        folder: to be made.

    Attributes:
        folder: where everything is written.
        lost: what the format does not hold, by what it is.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        self.folder = folder
        self.lost: Counter[str] = Counter()
        self._count = 0

    def write_picture(self, key: str, image: bytes) -> Path:
        """Write an encoded picture; returns where, seen from the folder."""
        self._count += 1
        path = Path("images", file_name(key, self._count, image))
        (self.folder / path).write_bytes(image)
        return path

    def in_one_line(self, text: str) -> str:
        """A text without line breaks."""
        whole, broken = one_line(text)
        self.lost.update(broken)
        return whole


RECTANGLES = "polygons without four corners, now rectangles"
ROUNDED = "texts' corners, now whole pixels"
TOO_THIN = "texts thinner than a pixel, left out"


class IcdarFolder(PictureFolder):
    """Writes pictures and their label files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "gt").mkdir()

    def write_scene(self, scene: EncodedScene) -> int:
        """Write one scene; returns how many texts were written."""
        self.lost.update(losses_of(scene.instances))
        lines = [line for line in map(self._line, leaves(scene.instances)) if line]
        picture = self.write_picture(scene.key, scene.image)
        label = self.folder / "gt" / f"gt_{picture.stem}.txt"
        label.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        return len(lines)

    def close(self) -> None:
        """Nothing is left to do: every file is whole."""

    def _line(self, instance: TextInstance) -> str:
        """The line of a text; empty if nothing of its polygon is left among whole pixels."""
        quad = self._quad(instance.polygon)
        if quad is None:
            return ""
        text = self.in_one_line("###" if instance.ignore else instance.text)
        return ",".join([*(f"{number:.0f}" for number in quad.ravel()), text])

    def _quad(self, polygon: Polygon) -> Polygon | None:
        corners = polygon if len(polygon) == 4 else rectangle_around(polygon)
        self.lost[RECTANGLES] += len(polygon) != 4
        whole = mend_polygon(np.rint(corners)).polygon
        if whole is None:
            self.lost[TOO_THIN] += 1
            return None
        self.lost[ROUNDED] += not np.array_equal(whole, corners)
        return whole


class PaddleOcrFolder(PictureFolder):
    """Writes pictures and their label file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._labels = (folder / "labels.tsv").open("w", encoding="utf-8", newline="\n")

    def write_line(self, line: EncodedLine) -> None:
        """Write one line of text."""
        self._write(line.key, line.image, self.in_one_line(line.text))

    def write_scene(self, scene: EncodedScene) -> int:
        """Write one scene; returns how many texts were written."""
        written = leaves(scene.instances)
        self.lost.update(losses_of(scene.instances))
        self._write(scene.key, scene.image, scene_label(written))
        return len(written)

    def close(self) -> None:
        """Finish the label file."""
        self._labels.close()

    def _write(self, key: str, image: bytes, label: str) -> None:
        self._labels.write(f"{self.write_picture(key, image).as_posix()}\t{label}\n")


_TOGETHER = 64  # rows in a transaction


class LmdbFolder:
    """Writes pictures, labels and what is known of them; everything about texts is kept.

    Args:
        folder: to be made.
        kind: what is written.

    Attributes:
        lost: what the format does not hold: nothing.
    """

    def __init__(self, folder: Path, kind: type[LineRow] | type[SceneRow]) -> None:
        self.lost: Counter[str] = Counter()
        self._writer = LmdbWriter(folder, kind)
        self._rows: list[LineRow | SceneRow] = []
        self._count = 0

    def write_line(self, line: EncodedLine, made: Made) -> None:
        """Write one line of text and what is known of it."""
        width, height = picture_size(line.image, line.key)
        key = self._key(line.key)
        self._add(
            LineRow(
                key=key,
                image=line.image,
                path=key + suffix_of(line.image),
                text=line.text,
                width=width,
                height=height,
                clusters=made.clusters,
                font=made.meta.font,
                script=made.meta.script,
                corpus=made.meta.corpus,
                contrast=made.meta.contrast,
                effects=tuple(applied.name for applied in made.meta.effects),
            )
        )

    def write_scene(self, scene: EncodedScene) -> int:
        """Write one scene; returns how many texts were written."""
        width, height = picture_size(scene.image, scene.key)
        key = self._key(scene.key)
        self._add(SceneRow(key, scene.image, key + suffix_of(scene.image), width, height, scene.instances))
        return len(scene.instances)

    def close(self) -> None:
        """Write what is held, and the number of samples."""
        self._flush()
        self._writer.close()

    def _key(self, key: str) -> str:
        self._count += 1
        return stem(key, self._count)

    def _add(self, row: LineRow | SceneRow) -> None:
        self._rows.append(row)
        if len(self._rows) == _TOGETHER:
            self._flush()

    def _flush(self) -> None:
        self._writer.write(self._rows)
        self._rows = []
