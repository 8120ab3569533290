"""PaddleOCR's label files: `labels.tsv` beside `images/`."""

from pathlib import Path

from pipelines.exporting.losses import losses_of
from pipelines.exporting.pictures import PictureFolder
from pipelines.reader import EncodedLine, EncodedScene
from pipelines.shards import leaves, scene_label


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
