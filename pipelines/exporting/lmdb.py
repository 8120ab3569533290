"""One LMDB in the layout of deep-text-recognition-benchmark, which PaddleOCR reads too, with `meta-%09d` beside."""

from collections import Counter
from pathlib import Path

from pipelines.exporting.names import stem
from pipelines.pages.provenance import Made
from pipelines.reader import EncodedLine, EncodedScene, picture_size
from pipelines.reader.picture import suffix_of
from pipelines.shards import LineRow, SceneRow
from pipelines.shards.lmdb import LmdbWriter

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
