"""The items that the project generates and reads, lines (`Sample`) and images with many texts (`Scene`); generators."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from synthtext.core.clusters import Clusters
from synthtext.core.display import encode_png, to_html
from synthtext.core.geometry import Image, Polygon

Parameters: TypeAlias = dict[str, Any]
"""Drawn parameters by name: JSON scalars and lists of them."""

Level: TypeAlias = Literal["word", "line", "block"]


class AppliedEffect(NamedTuple):
    """An effect that was applied."""

    name: str  # name of the effect in the recipe
    parameters: Parameters  # the parameters that it drew


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text instance comes from."""

    kind: Literal["rendered", "pasted", "real"] = "real"  # rendered by a generator, pasted from another image, or real
    source: str = ""  # data set that a pasted instance was cut from
    index: int = -1  # index of the sample in that data set; -1 if unknown


@dataclass(frozen=True, slots=True, eq=False)
class TextInstance:
    """A text in a scene.

    Attributes:
        text: Logical order, NFC; empty if unknown.
        polygon: (P, 2) float32, pixels, clockwise from the top-left of the text.
        clusters: Clusters of the text, if known.
        ignore: Neither positive nor negative: illegible, or not transcribed.
        level: What the polygon contains.
        parent: Index of the line or block that contains the instance; -1 for none.
        origin: Where the instance comes from.
    """

    text: str
    polygon: Polygon
    clusters: Clusters = field(default_factory=Clusters.empty)
    ignore: bool = False
    level: Level = "word"
    parent: int = -1
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a sample was generated; used for the slices of evaluations and for statistics.

    Attributes:
        font: Family and style, or empty.
        script: ISO 15924 code of the script of most characters ("Latn"), or empty.
        corpus: Name of the text's source.
        contrast: Minimum over the clusters of the local luminance difference between ink and background, 0 to 255; NaN
            if not measured.
        effects: Effects in the order in which they were applied.
        parameters: All other drawn parameters.
        rejected: Why earlier attempts at this sample were rejected.
    """

    font: str = ""
    script: str = ""
    corpus: str = ""
    contrast: float = float("nan")
    effects: tuple[AppliedEffect, ...] = ()
    parameters: Parameters = field(default_factory=dict)
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An image of one line of text. A notebook shows the image and its text.

    Attributes:
        key: Unique in its data set: the first 8 hexadecimal digits of the recipe's digest, and the index.
        image: (H, W, 3) uint8 RGB.
        text: The label, in logical order, NFC.
        clusters: Positions of the text's clusters.
        meta: How the sample was generated.
    """

    key: str
    image: Image
    text: str
    clusters: Clusters = field(default_factory=Clusters.empty)
    meta: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        font = f", font={self.meta.font!r}" if self.meta.font else ""
        return f"Sample(key={self.key!r}, text={self.text!r}, image={_describe_size(self.image)}{font})"

    def _repr_png_(self) -> bytes:
        return encode_png(self.image)

    def _repr_html_(self) -> str:
        return to_html(self._repr_png_(), " · ".join(filter(None, (self.text, self.meta.font))))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An image with many texts. A notebook shows the image with their outlines; ignored ones are orange.

    Attributes:
        key: Unique in its data set.
        image: (H, W, 3) uint8 RGB.
        instances: Texts; `parent` is an index into this tuple.
        meta: How the scene was generated.
    """

    key: str
    image: Image
    instances: tuple[TextInstance, ...] = ()
    meta: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        return f"Scene(key={self.key!r}, image={_describe_size(self.image)}, {self._describe_texts()})"

    def _repr_png_(self) -> bytes:
        return encode_png(self.image, [(text.polygon, text.ignore) for text in self._leaves()])

    def _repr_html_(self) -> str:
        return to_html(self._repr_png_(), f"{_describe_size(self.image)} pixels, {self._describe_texts()}")

    def _leaves(self) -> list[TextInstance]:
        """The texts that contain no other text."""
        parents = {instance.parent for instance in self.instances}
        return [instance for number, instance in enumerate(self.instances) if number not in parents]

    def _describe_texts(self) -> str:
        leaves = self._leaves()
        ignored = sum(leaf.ignore for leaf in leaves)
        return f"{len(leaves)} texts" + (f" ({ignored} ignored)" if ignored else "")


def _describe_size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"


@dataclass(frozen=True, slots=True)
class SkippedSample:
    """A sample that could not be generated within the maximum number of attempts; its index is missing in data sets."""

    index: int  # index of the sample
    reasons: tuple[str, ...]  # why each attempt was rejected, in order

    @property
    def reason(self) -> str:
        """The most frequent reason, or the first of the most frequent ones."""
        return Counter(self.reasons).most_common(1)[0][0] if self.reasons else "unknown"


Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Generator(Protocol[Item_co]):
    """Generates sample `index` as a pure function of (recipe, seed, index), independent of the order of calls."""

    def generate_many(self, indices: Sequence[int]) -> Iterator[Item_co | SkippedSample]:
        """Generate samples in this order; the same samples as `generate`, but faster."""

    def generate(self, index: int) -> Item_co | SkippedSample:
        """Generate a sample, or return why each attempt was rejected. Its image is not encoded."""


class CurriculumGenerator(Generic[Item]):
    """Generates samples with a generator for each stage of a curriculum.

    Args:
        bounds: Increasing; stage k generates the indices below bound k that no earlier stage generates.
        stages: One more generator than bounds; the last one generates all other indices.
    """

    def __init__(self, bounds: Sequence[int], stages: Sequence[Generator[Item]]) -> None:
        self._bounds, self.stages = tuple(bounds), tuple(stages)

    def generate(self, index: int) -> Item | SkippedSample:
        """Generate sample `index` with the generator of its stage."""
        return self.stages[self._stage(index)].generate(index)

    def generate_many(self, indices: Sequence[int]) -> Iterator[Item | SkippedSample]:
        """Generate samples in this order; the same samples as `generate`."""
        for stage, run in groupby(indices, self._stage):
            yield from self.stages[stage].generate_many(list(run))

    def _stage(self, index: int) -> int:
        return bisect_right(self._bounds, index)
