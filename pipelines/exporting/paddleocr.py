"""PaddleOCR's label files: `labels.tsv` beside `images/`."""

from collections import Counter
from pathlib import Path

from pipelines.exporting.losses import losses_of
from pipelines.exporting.names import file_name, one_line
from pipelines.reader import EncodedLine, EncodedScene
from pipelines.shards import leaves, scene_label


class PaddleOcrFolder:
    """Writes pictures and their label file.

    Args:
        folder: to be made.

    Attributes:
        lost: what the format does not hold, by what it is.
    """

    def __init__(self, folder: Path) -> None:
        (folder / "images").mkdir(parents=True)
        self.lost: Counter[str] = Counter()
        self._folder, self._count = folder, 0
        self._labels = (folder / "labels.tsv").open("w", encoding="utf-8", newline="\n")

    def write_line(self, line: EncodedLine) -> None:
        """Write one line of text."""
        text, broken = one_line(line.text)
        self.lost.update(broken)
        self._write(line.key, line.image, text)

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
        self._count += 1
        name = f"images/{file_name(key, self._count, image)}"
        (self._folder / name).write_bytes(image)
        self._labels.write(f"{name}\t{label}\n")
