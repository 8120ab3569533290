"""Where the text of a generated line lies in its picture."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from augment.copy_paste import BankBuilder, CropBank, CropRules, TextCutout, crop_from_line, cut_crops
from pipelines.datasets.image import decode_image
from pipelines.datasets.lmdb import LmdbSource, read_transaction
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.parquet import ParquetSource, open_parquet
from pipelines.datasets.scene_labels import repair_polygon
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.shards import DESCRIPTION_FILE
from pipelines.datasets.source import BROKEN_IMAGE, ConcatenatedLines, EncodedLine, LineSource, read_row
from pipelines.errors import format_counts
from pipelines.inference.reader import IMAGE_SUFFIXES
from pipelines.io.paths import AnyPath
from pipelines.progress import progress_bar
from synthtext.core import Clusters, Image, InputError, Points, Polygon

_STRAIGHT = 0.08  # of a line's height: an outline that strays no farther from the quad of its corners is that quad
_NONE = Clusters.empty()


def line_outline(source: LineSource, row: int, text: str) -> Polygon | None:
    """The outline of a line's clusters, or None where nobody knows them: labels of photographs have no clusters.

    Args:
        source: of the line; data sets of ours hold clusters.
        row: of the line.
        text: of the line, as it is labelled.

    Returns:
        (P, 2), half of the points along the top; four of them if the line is straight.
    """
    clusters = line_clusters(source, row)
    if not len(clusters) or clusters.offsets[-1] != len(text):
        return None
    outline = clusters.outline(text)
    half = len(outline) // 2
    corners = outline[[0, half - 1, half, -1]]
    height = float(np.hypot(*(corners[3] - corners[0])))
    if _strays(outline[:half], corners[:2]) < _STRAIGHT * height > _strays(outline[half:], corners[2:]):
        outline = corners
    mended = repair_polygon(outline)
    return outline if mended.polygon is not None and not mended.problem else None


def line_clusters(source: LineSource, row: int) -> Clusters:
    """The clusters of a line; none where its source has none."""
    if isinstance(source, ConcatenatedLines):
        part = int(np.searchsorted(source.part_offsets, row, side="right")) - 1
        return line_clusters(source.parts[part], row - int(source.part_offsets[part]))
    if isinstance(source, ParquetSource):
        group = int(np.searchsorted(source.group_offsets, row, side="right")) - 1
        columns = _columns(source.path, group)
        place = row - int(source.group_offsets[group])
        return _clusters(*(column[place].values for column in columns)) if columns else _NONE
    if isinstance(source, LmdbSource):
        with read_transaction(source.path) as transaction:
            meta = json.loads(bytes(transaction.get(f"meta-{row + 1:09d}".encode()) or b"{}"))
        return _clusters(meta["cluster_offsets"], meta["cluster_quads"]) if "cluster_quads" in meta else _NONE
    return _NONE


def _clusters(offsets: "pa.Array | list[int]", quads: "pa.Array | list[float]") -> Clusters:
    return Clusters(np.asarray(offsets, np.int32), np.asarray(quads, np.float32).reshape(-1, 4, 2))


@lru_cache(maxsize=4)
def _columns(path: AnyPath, group: int) -> "tuple[pa.Array, ...]":
    """Offsets and quads of a row group; nothing if the file has no such columns."""
    names = ["cluster_offsets", "cluster_quads"]
    with open_parquet(path) as file:
        if not set(names) <= set(file.schema_arrow.names):
            return ()
        table = file.read_row_group(group, columns=names)
    return tuple(table[name].combine_chunks() for name in names)


def _strays(points: Points, ends: Points) -> float:
    """How far points (N, 2) are from the line through two ends, at most."""
    along = ends[1] - ends[0]
    length = max(float(np.hypot(*along)), 1e-6)
    to = points - ends[0]
    return float(np.abs(along[0] * to[:, 1] - along[1] * to[:, 0]).max()) / length


CropSource: TypeAlias = SceneSource | LineSource
"""What crops may be cut from: scenes, or lines."""


@dataclass(frozen=True)
class ImageFolderSource:
    """The pictures of a folder as scenes without text.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.path)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(file.name for file in self.path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES))

    def __len__(self) -> int:
        return len(self._names)

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """Runs of rows; reading one alone costs no more."""
        return np.arange(len(self) + 1)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The pictures of these rows, in this order."""
        return [EncodedScene(name, (self.path / name).read_bytes(), ()) for name in map(self._names.__getitem__, rows)]


def open_target(spec: str | Path) -> SceneSource:
    """Open what is pasted into: whatever `open_scenes` opens, or a folder of pictures without text.

    Raises:
        InputError: it is neither.
    """
    path = Path(spec)
    if path.is_dir() and not (path / DESCRIPTION_FILE).is_file() and not (path / "data.mdb").is_file():
        pictures = ImageFolderSource(path)
        if len(pictures):
            return pictures
    source = open_scene_source(spec)
    if not len(source):
        raise InputError(f"{spec} holds no scene")
    return source


def open_crop_source(spec: str | Path) -> CropSource:
    """Open scenes or lines, whichever it is.

    Raises:
        InputError: there is nothing of that name, or it is neither.
    """
    return open_line_source(spec) if dataset_kind(spec) == "lines" else open_scene_source(spec)


def is_line_source(source: CropSource) -> TypeGuard[LineSource]:
    """Whether a source holds lines, not scenes."""
    return hasattr(source, "texts")


def unique_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """What sources are called in origins: as little of their paths as tells them apart.

    Where they lie is left out as far as that goes, so that moved sources give the same samples.

    Args:
        paths: absolute; one that comes twice has one name.

    Returns:
        A folder's name, or a file's with that of its folder; more of those folders that several share a name with.
    """
    depths = {path: 2 if path.is_file() else 1 for path in paths}
    for _ in range(max((len(path.parts) for path in paths), default=0)):
        uses = Counter(_end(path, depth) for path, depth in depths.items())
        depths = {path: depth + (uses[_end(path, depth)] > 1) for path, depth in depths.items()}
    return tuple(_end(path, depths[path]) for path in paths)


def _end(path: Path, depth: int) -> str:
    return Path(*path.parts[-depth:]).as_posix()


def build_crop_bank(sources: Sequence[tuple[str, CropSource]], rules: CropRules) -> tuple[CropBank, "Counter[str]"]:
    """Cut the crops of all sources.

    Args:
        sources: scenes or lines, each under the name that goes into origins.
        rules: what is cut.

    Returns:
        The bank, and why texts were left out, counted.

    Raises:
        InputError: there is not one crop.
    """
    builder, reasons = BankBuilder(), Counter[str]()
    with progress_bar("cutting", total=sum(len(source) for _, source in sources), unit="pictures") as bar:
        for name, source in sources:
            builder.add_source(name)
            for row in range(len(source)):
                labelled, crops = _crops(source, row, rules, reasons)
                builder.add_image(row, labelled, crops)
                bar.advance(1)
    if not len(builder):
        told = format_counts(reasons) or "there is no text"
        names = ", ".join(name for name, _ in sources)
        raise InputError(f"{names}: not one text can be cut out to be pasted: {told}; name another source with --from")
    return builder.build(), reasons


def _crops(source: CropSource, row: int, rules: CropRules, reasons: "Counter[str]") -> tuple[int, Iterator[TextCutout]]:
    """How many texts a picture has, and its crops."""
    item: EncodedScene | EncodedLine | str = read_row(source, row)
    if isinstance(item, str):
        reasons[item] += 1
        return 0, iter(())
    if isinstance(item, EncodedScene) and not item.instances:
        return 0, iter(())
    try:
        image = decode_image(item.image, item.key)
    except InputError:
        reasons[BROKEN_IMAGE] += 1
        return 0, iter(())
    if isinstance(item, EncodedLine):
        text = unicodedata.normalize("NFC", item.text)
        outline = line_outline(source, row, text) if is_line_source(source) else None
        return 1, _line_crop(image, text, outline, rules, reasons)
    return len(item.instances), cut_crops(image, item.instances, rules, reasons)


def _line_crop(
    image: Image, text: str, outline: Polygon | None, rules: CropRules, reasons: "Counter[str]"
) -> Iterator[TextCutout]:
    if not text.strip():
        reasons["empty label"] += 1
        return
    try:
        yield crop_from_line(image, text, rules, outline)
    except InputError:
        reasons["too small"] += 1
