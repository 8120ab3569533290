"""The inputs of CopyPaste: scenes that are pasted into, and scenes or lines whose texts are cut out."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste import BankBuilder, CropBank, CropRules, TextCutout, crop_from_line, cut_crops
from pipelines.datasets.image import IMAGE_SUFFIXES, decode_image
from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.sequence import RowSequence
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, LineSource, read_row
from pipelines.errors import format_counts
from pipelines.io.description import DESCRIPTION_FILE
from pipelines.io.paths import AnyPath, local_path
from pipelines.jobs.readable_crops import keep_readable, open_crop_filter
from pipelines.jobs.stored_lines import line_outline
from pipelines.progress import progress_bar
from synthtext.core import Image, InputError, Polygon

CropSource: TypeAlias = SceneSource | LineSource
"""A source of texts: scenes or lines."""


@dataclass(frozen=True)
class ImageFolderSource(RowSequence[EncodedScene]):
    """The images of a folder as scenes without text."""

    path: Path

    @property
    def name(self) -> str:
        """The path of the folder."""
        return str(self.path)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(file.name for file in self.path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES))

    def __len__(self) -> int:
        return len(self._names)

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(N + 1,) offsets of the groups that are read together: single rows."""
        return np.arange(len(self) + 1)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """Read the images of these rows, in this order."""
        return [EncodedScene(name, (self.path / name).read_bytes(), ()) for name in map(self._names.__getitem__, rows)]


def absolute_inputs(inputs: Sequence[str | Path], folder: AnyPath) -> list[Path]:
    """Return local inputs as absolute paths.

    Raises:
        InputError: one is a URI, or lies in the folder that the job writes.
    """
    paths = [local_path(path, "what is pasted").absolute() for path in inputs]
    for path in paths:
        if folder in (path, *path.parents):
            raise InputError(f"{path} lies in the folder {folder} that is written: choose another for -o")
    return paths


def open_target(spec: str | Path) -> SceneSource:
    """Open the scenes that are pasted into: a folder of images without text, or what `open_scene_source` accepts.

    Raises:
        InputError: it is neither.
    """
    path = Path(spec)
    if path.is_dir() and not (path / DESCRIPTION_FILE).is_file() and not (path / "data.mdb").is_file():
        images = ImageFolderSource(path)
        if len(images):
            return images
    source = open_scene_source(spec)
    if not len(source):
        raise InputError(f"{spec} holds no scene")
    return source


def open_crop_source(spec: str | Path) -> CropSource:
    """Open scenes or lines. Raises InputError if the path holds neither."""
    return open_line_source(spec) if dataset_kind(spec) == "lines" else open_scene_source(spec)


def is_line_source(source: CropSource) -> TypeGuard[LineSource]:
    """Whether a source holds lines."""
    return hasattr(source, "texts")


def unique_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """The shortest ends of paths that are unique.

    The names go into origins. As they leave out most of the path, moved sources give the same samples.

    Args:
        paths: absolute; equal paths have equal names.

    Returns:
        The name of a folder, or that of a file with its folder; with more parent folders where names are not unique.
    """
    depths = {path: 2 if path.is_file() else 1 for path in paths}
    for _ in range(max((len(path.parts) for path in paths), default=0)):
        uses = Counter(_end(path, depth) for path, depth in depths.items())
        depths = {path: depth + (uses[_end(path, depth)] > 1) for path, depth in depths.items()}
    return tuple(_end(path, depths[path]) for path in paths)


def _end(path: Path, depth: int) -> str:
    return Path(*path.parts[-depth:]).as_posix()


def build_crop_bank(
    sources: Sequence[tuple[str, CropSource]], rules: CropRules, recognizer: Path | None = None
) -> tuple[CropBank, "Counter[str]"]:
    """Cut the texts out of scenes and lines, each with its name in origins.

    Args:
        sources: scenes and lines.
        rules: which texts are cut.
        recognizer: run directory or ONNX file of a recognizer: crops that it cannot read are skipped.

    Returns:
        The crops, and the texts that were not cut, by reason.

    Raises:
        InputError: there is not one crop, or the recognizer cannot be opened.
    """
    builder, reasons = BankBuilder(), Counter[str]()
    crop_filter = open_crop_filter(recognizer) if recognizer else None
    with progress_bar("cutting", total=sum(len(source) for _, source in sources), unit="images") as bar:
        for name, source in sources:
            builder.add_source(name)
            for row in range(len(source)):
                labelled, crops = _crops(source, row, rules, reasons)
                kept = keep_readable(list(crops), crop_filter, reasons) if crop_filter else crops
                builder.add_image(row, labelled, kept)
                bar.advance(1)
    if not len(builder):
        counts = format_counts(reasons) or "there is no text"
        names = ", ".join(name for name, _ in sources)
        raise InputError(
            f"{names}: not one text can be cut out to be pasted: {counts}; name another source with --from"
        )
    return builder.build(), reasons


def _crops(source: CropSource, row: int, rules: CropRules, reasons: "Counter[str]") -> tuple[int, Iterator[TextCutout]]:
    """The number of texts in an image, and its crops."""
    nothing: tuple[int, Iterator[TextCutout]] = 0, iter(())
    item: EncodedScene | EncodedLine | str = read_row(source, row)
    if isinstance(item, str):
        reasons[item] += 1
        return nothing
    if isinstance(item, EncodedScene) and not item.instances:
        return nothing
    try:
        image = decode_image(item.image, item.key)
    except InputError:
        reasons[BROKEN_IMAGE] += 1
        return nothing
    if isinstance(item, EncodedScene):
        return len(item.instances), cut_crops(image, item.instances, rules, reasons)
    text = unicodedata.normalize("NFC", item.text)
    outline = line_outline(source, row, text) if is_line_source(source) else None
    return 1, _line_crop(image, text, outline, rules, reasons)


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
