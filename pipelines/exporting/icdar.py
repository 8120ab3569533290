"""ICDAR 2015's files: `gt/gt_NAME.txt` with `x1,y1,...,x4,y4,text` for each text, beside `images/NAME`."""

from collections import Counter
from pathlib import Path

import numpy as np

from pipelines.exporting.losses import losses_of
from pipelines.exporting.names import file_name, one_line
from pipelines.read.rectify import rectangle_around
from pipelines.reader import EncodedScene, mend_polygon
from pipelines.shards import leaves
from synthtext.core import Polygon, TextInstance

RECTANGLES = "polygons without four corners, now rectangles"
ROUNDED = "texts' corners, now whole pixels"
TOO_THIN = "texts thinner than a pixel, left out"


class IcdarFolder:
    """Writes pictures and their label files.

    Args:
        folder: to be made.

    Attributes:
        lost: what the format does not hold, by what it is.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        (folder / "gt").mkdir()
        self.lost: Counter[str] = Counter()
        self._folder, self._count = folder, 0

    def write_scene(self, scene: EncodedScene) -> int:
        """Write one scene; returns how many texts were written."""
        self._count += 1
        name = file_name(scene.key, self._count, scene.image)
        self.lost.update(losses_of(scene.instances))
        lines = [line for line in map(self._line, leaves(scene.instances)) if line]
        (self._folder / "images" / name).write_bytes(scene.image)
        label = self._folder / "gt" / f"gt_{Path(name).stem}.txt"
        label.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
        return len(lines)

    def close(self) -> None:
        """Nothing is left to do: every file is whole."""

    def _line(self, instance: TextInstance) -> str:
        """The line of a text; empty if nothing of its polygon is left among whole pixels."""
        quad = self._quad(instance.polygon)
        if quad is None:
            return ""
        text, broken = one_line("###" if instance.ignore else instance.text)
        self.lost.update(broken)
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
