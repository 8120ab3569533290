"""What flows through the project: one line (`Sample`) or one picture with many texts (`Scene`)."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from synthtext.core.clusters import Clusters
from synthtext.core.geometry import Image, Polygon

Parameters: TypeAlias = dict[str, Any]
"""What an effect or a part of the drawing drew: JSON scalars and lists of them, by name."""

Level: TypeAlias = Literal["word", "line", "block"]


class AppliedEffect(NamedTuple):
    """An effect that was applied, and the parameters it drew."""

    name: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an instance comes from: `source` and `index` say which one when it was pasted."""

    kind: Literal["drawn", "pasted", "real"] = "real"
    source: str = ""
    index: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class TextInstance:
    """One text in a scene.

    Attributes:
        text: logical order, NFC; empty when unknown.
        polygon: (P, 2) float32, pixels, clockwise from the text's top-left.
        clusters: of the text, when known.
        ignore: neither a positive nor a negative: illegible, or not transcribed.
        level: what the polygon is around.
        parent: index of the line (or block) that this one is part of; -1 for none.
        origin: drawn, pasted or real.
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
    """How a line came about: what slices of an evaluation and the statistics go by.

    Attributes:
        font: family and style, or empty.
        script: Unicode script code of most of the text ("Latn"), or empty.
        corpus: name of the source of the text.
        contrast: smallest local difference of luminance between ink and paper over the clusters, 0 to 255; NaN if
            not measured.
        effects: what was applied, in order.
        drawn: everything else that was drawn, for explanation.
        rejected: why earlier attempts at this sample were given up.
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
    """One line of text and its picture.

    Attributes:
        key: unique in its data set; first 8 hex digits of the recipe's digest and the index.
        image: (H, W, 3) uint8 RGB.
        text: what the picture says: logical order, NFC.
        clusters: where each cluster of the text is.
        meta: how it came about.
    """

    key: str
    image: Image
    text: str
    clusters: Clusters = field(default_factory=Clusters.empty)
    meta: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One picture and the texts in it.

    Attributes:
        key: unique in its data set.
        image: (H, W, 3) uint8 RGB.
        instances: the texts; `parent` counts in this order.
        meta: how it came about.
    """

    key: str
    image: Image
    instances: tuple[TextInstance, ...] = ()
    meta: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True)
class SkippedSample:
    """A sample that could not be drawn within the allowed attempts: its index stays empty.

    Attributes:
        index: of the sample.
        reasons: why each attempt was rejected, first to last.
    """

    index: int
    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The most frequent one; the first of those that are as frequent."""
        return Counter(self.reasons).most_common(1)[0][0] if self.reasons else "unknown"
