"""The bank of crops, and sampling from it by weight."""

from array import array
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.crop import TextCutout
from augment.copy_paste.strokes import PatchColours, measure_patch_colours
from synthtext.core import InputError, Level, Origin


class CropSampler:
    """Samples indices by weight (N,), from one array, since a bank may hold millions of crops."""

    def __init__(self, weights: NDArray[np.float64]) -> None:
        self._cumulative = np.cumsum(weights)

    def draw(self, rng: np.random.Generator) -> int:
        """Sample an index from 0 to N - 1 with a positive weight."""
        at = rng.random() * self._cumulative[-1]
        return min(int(np.searchsorted(self._cumulative, at, side="right")), len(self._cumulative) - 1)


CropBalance: TypeAlias = Literal["crops", "images", "sources", "texts", "characters"]
"""What is chosen uniformly when a crop is sampled; "characters" favours crops with rare characters."""

LEVELS: tuple[Level, ...] = get_args(Level)


class CropColumns(NamedTuple):
    """The arrays of a bank of N crops from S images; texts and names are concatenated UTF-8 bytes."""

    pixels: NDArray[np.uint8]  # the patches one after the other, rows of RGB
    pixel_starts: NDArray[np.int64]  # (N + 1,) into `pixels`
    sizes: NDArray[np.int32]  # (N, 2) width and height of each patch
    points: NDArray[np.float32]  # (M, 2) the polygons one after the other
    point_starts: NDArray[np.int64]  # (N + 1,) into `points`
    texts: NDArray[np.uint8]
    text_starts: NDArray[np.int64]  # (N + 1,) into `texts`
    patch_colours: NDArray[np.float32]  # (N, 5, 3) `PatchColours` of each patch
    heights: NDArray[np.float32]  # (N,) height of each text in pixels
    ignored: NDArray[np.bool_]  # (N,)
    levels: NDArray[np.uint8]  # (N,) index into `LEVELS`
    images: NDArray[np.int32]  # (N,) index of the image of each crop, ascending
    indices: NDArray[np.int32]  # (N,) index of each text in its image
    text_counts: NDArray[np.int32]  # (S,) number of texts of each image, usable or not
    origins: NDArray[np.int32]  # (S,) index of the source of each image
    rows: NDArray[np.int64]  # (S,) row of each image in its source
    names: NDArray[np.uint8]  # of the sources
    name_starts: NDArray[np.int64]  # into `names`


class CropBank:
    """A sequence of crops. The arrays may lie in a memory-mapped file and are read on access.

    Raises:
        InputError: there are no crops.
    """

    def __init__(self, columns: CropColumns) -> None:
        if not len(columns.sizes):
            raise InputError(
                "there are no crops to paste: every text is ignored, too small or outside its image; add sources or "
                "lower crops.min_height"
            )
        self.columns = columns
        self._names = [bytes(columns.names[a:b]).decode() for a, b in pairwise(columns.name_starts.tolist())]

    def __len__(self) -> int:
        return len(self.columns.sizes)

    def __getitem__(self, number: int) -> TextCutout:
        columns = self.columns
        return TextCutout(
            self.patch(number),
            self.polygon(number),
            self.text(number),
            float(columns.heights[number]),
            bool(columns.ignored[number]),
            LEVELS[columns.levels[number]],
            int(columns.indices[number]),
        )

    def size(self, number: int) -> tuple[int, int]:
        """Return width and height of a patch in pixels."""
        width, height = self.columns.sizes[number].tolist()
        return width, height

    def patch(self, number: int) -> NDArray[np.uint8]:
        """Return a patch, (h, w, 3) uint8 RGB, as a view."""
        width, height = self.size(number)
        start = int(self.columns.pixel_starts[number])
        return self.columns.pixels[start : start + width * height * 3].reshape(height, width, 3)

    def polygon(self, number: int) -> NDArray[np.float32]:
        """Return the polygon (P, 2) of the text in its patch."""
        starts = self.columns.point_starts
        return self.columns.points[starts[number] : starts[number + 1]]

    def colours(self, number: int) -> PatchColours:
        """Return the colours of a patch."""
        return PatchColours(*self.columns.patch_colours[number])

    def text(self, number: int) -> str:
        """Return the text of a crop."""
        start, stop = self.columns.text_starts[number : number + 2].tolist()
        return bytes(self.columns.texts[start:stop]).decode()

    def origin(self, number: int) -> Origin:
        """Return the origin of a crop: "source:row" of the image and the index of the text."""
        image = self.columns.images[number]
        name = f"{self._names[self.columns.origins[image]]}:{self.columns.rows[image]}"
        return Origin("pasted", name, int(self.columns.indices[number]))

    def weights(self, balance: CropBalance) -> NDArray[np.float64]:
        """Return the relative frequency (N,) of each crop."""
        columns = self.columns
        if balance == "crops":
            return np.ones(len(self))
        if balance in ("images", "sources"):
            group = columns.images if balance == "images" else columns.origins[columns.images]
            return np.asarray(1.0 / np.bincount(group)[group], np.float64)
        texts = [self.text(number) for number in range(len(self))]
        if balance == "texts":
            frequencies = Counter(texts)
            return np.array([1.0 / frequencies[text] for text in texts])
        occurrences = Counter(character for text in texts for character in text)
        means = [sum(1.0 / occurrences[c] for c in text) / len(text) if text else 0.0 for text in texts]
        return np.array(means) if any(means) else np.ones(len(self))


class BankBuilder:
    """Collects crops as bytes.

    Images must be added source by source and row by row.
    """

    def __init__(self) -> None:
        self._bytes = {name: bytearray() for name in ("pixels", "texts", "names")}
        self._starts = {f"{name}_starts": array("q", [0]) for name in ("pixel", "point", "text", "name")}
        self._numbers: dict[str, array[Any]] = {name: array(code) for name, code in _TYPE_CODES.items()}

    def __len__(self) -> int:
        return len(self._numbers["heights"])

    def add_source(self, name: str) -> None:
        """Start a source."""
        self._append("name", name.encode())

    def add_image(self, row: int, text_count: int, crops: Iterable[TextCutout]) -> None:
        """Add the crops of an image in a row of the current source; `text_count` is that of all its texts."""
        numbers, image = self._numbers, len(self._numbers["rows"])
        before = len(self)
        for crop in crops:
            self._append("pixel", np.ascontiguousarray(crop.patch).tobytes())
            self._append("text", crop.text.encode())
            numbers["points"].frombytes(crop.polygon.astype(np.float32).tobytes())
            self._starts["point_starts"].append(len(numbers["points"]) // 2)
            numbers["sizes"].extend(crop.patch.shape[1::-1])
            numbers["patch_colours"].frombytes(np.array(measure_patch_colours(crop.patch), np.float32).tobytes())
            numbers["heights"].append(crop.height)
            numbers["ignored"].append(crop.ignore)
            numbers["levels"].append(LEVELS.index(crop.level))
            numbers["images"].append(image)
            numbers["indices"].append(crop.index)
        if len(self) > before:
            numbers["rows"].append(row)
            numbers["text_counts"].append(text_count)
            numbers["origins"].append(len(self._starts["name_starts"]) - 2)

    def _append(self, name: str, data: bytes) -> None:
        """Append to the concatenated pixels, texts or names."""
        self._bytes[f"{name}s"] += data
        self._starts[f"{name}_starts"].append(len(self._bytes[f"{name}s"]))

    def build(self) -> CropBank:
        """Build the bank.

        Raises:
            InputError: there are no crops.
        """
        columns: dict[str, Any] = {name: np.frombuffer(values, np.uint8) for name, values in self._bytes.items()}
        for name, values in (self._starts | self._numbers).items():
            columns[name] = np.array(values).reshape(_SHAPES.get(name, -1))
        columns["ignored"] = columns["ignored"].astype(np.bool_)
        return CropBank(CropColumns(**columns))


# The other columns: the code of the type in the module `array`, and the shape if it is not (N,).
_TYPE_CODES = {"sizes": "i", "points": "f", "patch_colours": "f", "heights": "f", "ignored": "B", "levels": "B"}
_TYPE_CODES |= {"images": "i", "indices": "i", "text_counts": "i", "origins": "i", "rows": "q"}
_SHAPES = {"sizes": (-1, 2), "points": (-1, 2), "patch_colours": (-1, 5, 3)}
