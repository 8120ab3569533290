"""ICDAR 2015's files: `gt/gt_NAME.txt` with `x1,y1,...,x4,y4,text` for each text, beside `images/NAME`."""

from pathlib import Path

import numpy as np

from pipelines.exporting.losses import losses_of
from pipelines.exporting.pictures import PictureFolder
from pipelines.read.rectify import rectangle_around
from pipelines.reader import EncodedScene, mend_polygon
from pipelines.shards import leaves
from synthtext.core import Polygon, TextInstance

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
