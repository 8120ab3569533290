"""Writer of WebDataset: tar files in which the files of a sample have the same stem."""

import io
import tarfile
from collections import Counter
from pathlib import Path

from pipelines.datasets.image import image_suffix
from pipelines.datasets.provenance import SampleProvenance
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import EncodedLine
from pipelines.io.line_row import LineRow
from pipelines.io.scene_row import SceneRow
from pipelines.jobs.export_formats import file_stem, to_line_row, to_scene_row

MAX_SHARD_SAMPLES, MAX_SHARD_BYTES = 10_000, 512 * 2**20
"""Limits of a tar file; the next sample begins a new one."""


class WebDatasetWriter:
    """Writes `shard-%06d.tar`: KEY.jpg or KEY.png, KEY.txt (of lines) and KEY.json, which has all that is known.

    The same samples give the same bytes.

    Args:
        folder: the new folder.

    Attributes:
        unsupported: always empty.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.unsupported: Counter[str] = Counter()
        self._folder = folder
        self._tar: tarfile.TarFile | None = None
        self._count = self._shards = 0
        self._shard_samples = self._shard_bytes = 0

    def write_line(self, line: EncodedLine, provenance: SampleProvenance) -> None:
        """Write a line of text and its provenance."""
        row = to_line_row(self._key(line.key), line, provenance)
        self._write(row, {".txt": row.text.encode()})

    def write_scene(self, scene: EncodedScene) -> int:
        """Write a scene; returns the number of texts that were written."""
        self._write(to_scene_row(self._key(scene.key), scene), {})
        return len(scene.instances)

    def close(self) -> None:
        """Finish the last tar file."""
        if self._tar is not None:
            self._tar.close()
        self._tar = None

    def _key(self, key: str) -> str:
        self._count += 1
        return file_stem(key, self._count)

    def _write(self, row: LineRow | SceneRow, more: dict[str, bytes]) -> None:
        files = {image_suffix(row.image): row.image, **more, ".json": row.meta_json().encode()}
        size = sum(map(len, files.values()))
        is_full = self._shard_samples == MAX_SHARD_SAMPLES or self._shard_bytes + size > MAX_SHARD_BYTES
        if self._tar is None or (self._shard_samples and is_full):
            self.close()
            path = self._folder / f"shard-{self._shards:06d}.tar"
            self._tar = tarfile.TarFile(path, "w", format=tarfile.USTAR_FORMAT)
            self._shards, self._shard_samples, self._shard_bytes = self._shards + 1, 0, 0
        for suffix, content in files.items():
            info = tarfile.TarInfo(row.key + suffix)  # without time and owner, which would change the bytes
            info.size = len(content)
            self._tar.addfile(info, io.BytesIO(content))
        self._shard_samples, self._shard_bytes = self._shard_samples + 1, self._shard_bytes + size
