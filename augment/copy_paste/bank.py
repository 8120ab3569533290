"""The bank of crops, and sampling from it by weight."""

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.blend import PatchColours, measure_patch_colours
from augment.copy_paste.crop import TextCutout
from synthtext.core import InputError, Level, Origin


class CropSampler:
    """Samples indices by weight, from one array, since a bank may hold millions of crops.

    Args:
        weights: (N,), not negative, of positive sum.
    """

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
    """The arrays of a bank of N crops from S images; texts and names are concatenated UTF-8 bytes.

    Attributes:
        pixels: uint8, the patches one after the other, rows of RGB.
        pixel_starts: (N + 1,) int64 into `pixels`.
        sizes: (N, 2) int32, width and height of each patch.
        points: (M, 2) float32, the polygons one after the other.
        point_starts: (N + 1,) int64 into `points`.
        texts: uint8.
        text_starts: (N + 1,) int64 into `texts`.
        patch_colours: (N, 3, 3) float32, the colours of each patch: background, darkest, brightest.
        heights: (N,) float32, height of each text in pixels.
        ignored: (N,) bool.
        levels: (N,) uint8, index into `LEVELS`.
        images: (N,) int32, index of the image of each crop, ascending.
        indices: (N,) int32, index of each text in its image.
        text_counts: (S,) int32, number of texts of each image, usable or not.
        origins: (S,) int32, index of the source of each image.
        rows: (S,) int64, row of each image in its source.
        names: uint8, names of the sources.
        name_starts: int64 into `names`.
    """

    pixels: NDArray[np.uint8]
    pixel_starts: NDArray[np.int64]
    sizes: NDArray[np.int32]
    points: NDArray[np.float32]
    point_starts: NDArray[np.int64]
    texts: NDArray[np.uint8]
    text_starts: NDArray[np.int64]
    patch_colours: NDArray[np.float32]
    heights: NDArray[np.float32]
    ignored: NDArray[np.bool_]
    levels: NDArray[np.uint8]
    images: NDArray[np.int32]
    indices: NDArray[np.int32]
    text_counts: NDArray[np.int32]
    origins: NDArray[np.int32]
    rows: NDArray[np.int64]
    names: NDArray[np.uint8]
    name_starts: NDArray[np.int64]


class CropBank:
    """A sequence of crops. The arrays may lie in a memory-mapped file and are read on access.

    Args:
        columns: the arrays of the bank.

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
        self._names = [
            bytes(columns.names[a:b]).decode()
            for a, b in zip(columns.name_starts[:-1].tolist(), columns.name_starts[1:].tolist(), strict=True)
        ]

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
        self._pixels, self._texts, self._names = bytearray(), bytearray(), bytearray()
        self._colours: list[PatchColours] = []
        self._points: list[NDArray[np.float32]] = []
        self._starts = {name: array("q", [0]) for name in ("pixel", "point", "text", "name")}
        self._numbers = {
            name: array("q")
            for name in ("width", "height", "ignored", "level", "image", "index", "text_counts", "origin", "row")
        }
        self._heights = array("d")

    def __len__(self) -> int:
        return len(self._heights)

    def add_source(self, name: str) -> None:
        """Start a source."""
        self._names += name.encode()
        self._starts["name"].append(len(self._names))

    def add_image(self, row: int, text_count: int, crops: Iterable[TextCutout]) -> None:
        """Add the crops of an image.

        Args:
            row: row of the image in the current source.
            text_count: number of its texts, usable or not.
            crops: the crops cut from it.
        """
        numbers, image = self._numbers, len(self._numbers["row"])
        before = len(self)
        for crop in crops:
            self._pixels += np.ascontiguousarray(crop.patch).tobytes()
            self._texts += crop.text.encode()
            self._points.append(crop.polygon)
            self._colours.append(measure_patch_colours(crop.patch))
            self._starts["pixel"].append(len(self._pixels))
            self._starts["point"].append(self._starts["point"][-1] + len(crop.polygon))
            self._starts["text"].append(len(self._texts))
            self._heights.append(crop.height)
            entry = crop.patch.shape[1], crop.patch.shape[0], crop.ignore, LEVELS.index(crop.level), image, crop.index
            for name, value in zip(("width", "height", "ignored", "level", "image", "index"), entry, strict=True):
                numbers[name].append(value)
        if len(self) > before:
            numbers["row"].append(row)
            numbers["text_counts"].append(text_count)
            numbers["origin"].append(len(self._starts["name"]) - 2)

    def build(self) -> CropBank:
        """Build the bank.

        Raises:
            InputError: there are no crops.
        """
        numbers = {name: np.array(values, np.int64) for name, values in self._numbers.items()}
        starts = {name: np.array(values, np.int64) for name, values in self._starts.items()}
        points = np.concatenate(self._points) if self._points else np.zeros((0, 2), np.float32)
        return CropBank(
            CropColumns(
                pixels=np.frombuffer(self._pixels, np.uint8),
                pixel_starts=starts["pixel"],
                sizes=np.stack([numbers["width"], numbers["height"]], 1).astype(np.int32),
                points=points.astype(np.float32),
                point_starts=starts["point"],
                texts=np.frombuffer(self._texts, np.uint8),
                text_starts=starts["text"],
                patch_colours=np.array(self._colours, np.float32).reshape(-1, 3, 3),
                heights=np.array(self._heights, np.float32),
                ignored=numbers["ignored"].astype(np.bool_),
                levels=numbers["level"].astype(np.uint8),
                images=numbers["image"].astype(np.int32),
                indices=numbers["index"].astype(np.int32),
                text_counts=numbers["text_counts"].astype(np.int32),
                origins=numbers["origin"].astype(np.int32),
                rows=numbers["row"],
                names=np.frombuffer(self._names, np.uint8),
                name_starts=starts["name"],
            )
        )


def check_crop_balance(name: str) -> CropBalance:
    """Check the name of a balance.

    Raises:
        InputError: the name is unknown.
    """
    if name not in get_args(CropBalance):
        raise InputError(f"unknown balance {name!r}: use one of {', '.join(get_args(CropBalance))}")
    return cast(CropBalance, name)
