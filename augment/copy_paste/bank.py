"""Drawing crops by weight."""

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
    """Draws numbers by weight from one array: a bank may have millions of crops.

    Args:
        weights: (N,), none negative, their sum above 0.
    """

    def __init__(self, weights: NDArray[np.float64]) -> None:
        self._cumulative = np.cumsum(weights)

    def draw(self, rng: np.random.Generator) -> int:
        """A number from 0 to N - 1 whose weight is above 0."""
        at = rng.random() * self._cumulative[-1]
        return min(int(np.searchsorted(self._cumulative, at, side="right")), len(self._cumulative) - 1)


CropBalance: TypeAlias = Literal["crops", "pictures", "sources", "texts", "characters"]
"""What every crop, picture, source or text has the same chance of; "characters" favours crops of rare ones."""

LEVELS: tuple[Level, ...] = get_args(Level)


class CropColumns(NamedTuple):
    """The arrays of a bank of N crops out of S pictures; texts and names are UTF-8 bytes, one after the other.

    Attributes:
        pixels: uint8, the patches one after the other, rows of RGB.
        pixel_starts: (N + 1,) int64 into `pixels`.
        sizes: (N, 2) int32, width and height of each patch.
        points: (M, 2) float32, the polygons one after the other.
        point_starts: (N + 1,) int64 into `points`.
        texts: uint8.
        text_starts: (N + 1,) int64 into `texts`.
        patch_colours: (N, 3, 3) float32, the colours of each patch: ground, darkest, brightest.
        heights: (N,) float32, pixels of each text's height.
        ignored: (N,) bool.
        levels: (N,) uint8, place in `LEVELS`.
        pictures: (N,) int32, the picture each was cut from; ascending.
        indices: (N,) int32, which one of its picture's texts each was.
        labelled: (S,) int32, texts that each picture had, usable or not.
        origins: (S,) int32, the source of each picture.
        rows: (S,) int64, the row of each picture in its source.
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
    pictures: NDArray[np.int32]
    indices: NDArray[np.int32]
    labelled: NDArray[np.int32]
    origins: NDArray[np.int32]
    rows: NDArray[np.int64]
    names: NDArray[np.uint8]
    name_starts: NDArray[np.int64]


class CropBank:
    """Crops by number. The arrays may lie in a mapped file: nothing is read before it is asked for.

    Args:
        columns: of the bank.

    Raises:
        InputError: there is not one crop.
    """

    def __init__(self, columns: CropColumns) -> None:
        if not len(columns.sizes):
            raise InputError("there is not one crop to paste: every text is ignored, too small, or out of its picture")
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
        """Width and height of its patch, pixels."""
        width, height = self.columns.sizes[number].tolist()
        return width, height

    def patch(self, number: int) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 RGB, a view."""
        width, height = self.size(number)
        start = int(self.columns.pixel_starts[number])
        return self.columns.pixels[start : start + width * height * 3].reshape(height, width, 3)

    def polygon(self, number: int) -> NDArray[np.float32]:
        """(P, 2) of the text in its patch."""
        starts = self.columns.point_starts
        return self.columns.points[starts[number] : starts[number + 1]]

    def tone(self, number: int) -> PatchColours:
        """The colours of its patch."""
        return PatchColours(*self.columns.patch_colours[number])

    def text(self, number: int) -> str:
        """What it says."""
        start, stop = self.columns.text_starts[number : number + 2].tolist()
        return bytes(self.columns.texts[start:stop]).decode()

    def origin(self, number: int) -> Origin:
        """Where it was cut: "source:row" of the picture, and which one of its texts."""
        picture = self.columns.pictures[number]
        name = f"{self._names[self.columns.origins[picture]]}:{self.columns.rows[picture]}"
        return Origin("pasted", name, int(self.columns.indices[number]))

    def weights(self, balance: CropBalance) -> NDArray[np.float64]:
        """(N,) how often each crop is to be drawn, against the others."""
        columns = self.columns
        if balance == "crops":
            return np.ones(len(self))
        if balance in ("pictures", "sources"):
            group = columns.pictures if balance == "pictures" else columns.origins[columns.pictures]
            return np.asarray(1.0 / np.bincount(group)[group], np.float64)
        texts = [self.text(number) for number in range(len(self))]
        if balance == "texts":
            counted = Counter(texts)
            return np.array([1.0 / counted[text] for text in texts])
        written = Counter(character for text in texts for character in text)
        means = [sum(1.0 / written[c] for c in text) / len(text) if text else 0.0 for text in texts]
        return np.array(means) if any(means) else np.ones(len(self))


class BankBuilder:
    """Collects crops.

    The pictures come source by source and row by row; crops are held as bytes, not as objects.
    """

    def __init__(self) -> None:
        self._pixels, self._texts, self._names = bytearray(), bytearray(), bytearray()
        self._tones: list[PatchColours] = []
        self._points: list[NDArray[np.float32]] = []
        self._starts = {name: array("q", [0]) for name in ("pixel", "point", "text", "name")}
        self._numbers = {
            name: array("q")
            for name in ("width", "height", "ignored", "level", "picture", "index", "labelled", "origin", "row")
        }
        self._heights = array("d")

    def __len__(self) -> int:
        return len(self._heights)

    def add_source(self, name: str) -> None:
        """Begin a source."""
        self._names += name.encode()
        self._starts["name"].append(len(self._names))

    def add_picture(self, row: int, labelled: int, crops: Iterable[TextCutout]) -> None:
        """Add the crops of a picture.

        Args:
            row: of the picture in the source that was begun last.
            labelled: texts it has, usable or not.
            crops: cut from it.
        """
        numbers, picture = self._numbers, len(self._numbers["row"])
        before = len(self)
        for crop in crops:
            self._pixels += np.ascontiguousarray(crop.patch).tobytes()
            self._texts += crop.text.encode()
            self._points.append(crop.polygon)
            self._tones.append(measure_patch_colours(crop.patch))
            self._starts["pixel"].append(len(self._pixels))
            self._starts["point"].append(self._starts["point"][-1] + len(crop.polygon))
            self._starts["text"].append(len(self._texts))
            self._heights.append(crop.height)
            entry = crop.patch.shape[1], crop.patch.shape[0], crop.ignore, LEVELS.index(crop.level), picture, crop.index
            for name, value in zip(("width", "height", "ignored", "level", "picture", "index"), entry, strict=True):
                numbers[name].append(value)
        if len(self) > before:
            numbers["row"].append(row)
            numbers["labelled"].append(labelled)
            numbers["origin"].append(len(self._starts["name"]) - 2)

    def build(self) -> CropBank:
        """The bank.

        Raises:
            InputError: there is not one crop.
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
                patch_colours=np.array(self._tones, np.float32).reshape(-1, 3, 3),
                heights=np.array(self._heights, np.float32),
                ignored=numbers["ignored"].astype(np.bool_),
                levels=numbers["level"].astype(np.uint8),
                pictures=numbers["picture"].astype(np.int32),
                indices=numbers["index"].astype(np.int32),
                labelled=numbers["labelled"].astype(np.int32),
                origins=numbers["origin"].astype(np.int32),
                rows=numbers["row"],
                names=np.frombuffer(self._names, np.uint8),
                name_starts=starts["name"],
            )
        )


def check_crop_balance(name: str) -> CropBalance:
    """Check the name of a balance.

    Raises:
        InputError: there is none of that name.
    """
    if name not in get_args(CropBalance):
        raise InputError(f"balance {name!r} is unknown; known are {', '.join(get_args(CropBalance))}")
    return cast(CropBalance, name)
