"""The grid of samples: pictures with their labels and what they were made of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipelines.pages.markup import Html, element, join, user_text
from pipelines.pages.picture import display_size, picture
from pipelines.pages.provenance import Made, provenance
from pipelines.pages.tools import Order, tools, words
from pipelines.reader import RecognitionSource, media_type
from synthtext.core import Size

_ORDERS = (Order("length", "longest label first"), Order("width", "widest picture first"))
_CONTRAST = Order("contrast", "strongest contrast first")
_LONG, _LONGEST = 210, 440  # pixels on the page from which a picture takes two columns, or all


@dataclass(frozen=True, eq=False)
class Example:
    """A line to show."""

    key: str
    image: bytes
    text: str
    size: Size
    made: Made = field(default_factory=Made)


def choose(source: RecognitionSource, sizes: np.ndarray, most: int, rng: np.random.Generator) -> list[Example]:
    """Random lines of a source, without repetition, in its order.

    Args:
        source: where they are.
        sizes: (N, 2), width and height of all pictures, pixels.
        most: lines.
        rng: chooses.
    """
    rows = np.sort(rng.choice(len(source), min(most, len(source)), replace=False))
    return [
        Example(line.key, line.image, line.text, Size(*sizes[row].tolist()), made)
        for row, line, made in zip(rows, source.read(rows), provenance(source, rows), strict=True)
    ]


def samples(examples: Sequence[Example]) -> Html:
    """The grid, with its filter, its orders and the outlines of clusters."""
    marked = any(len(example.made.clusters) for example in examples)
    measured = any(not math.isnan(example.made.meta.contrast) for example in examples)
    orders = (*_ORDERS, _CONTRAST) if measured else _ORDERS
    bar = tools(orders, "as stored", "label, font, effect …", "outline the clusters" if marked else "")
    cards = element("div", *map(_card, examples), class_="samples", data_list=True)
    return join((bar, cards))


def _card(example: Example) -> Html:
    meta, size = example.made.meta, example.size
    effects = [applied.name for applied in meta.effects]
    known = [meta.font, meta.corpus, meta.script]
    contrast = "" if math.isnan(meta.contrast) else f"contrast {meta.contrast:.0f}"
    described = join(filter(None, (*known[:2], contrast, ", ".join(effects))), " · ")
    return element(
        "figure",
        picture(example.image, media_type(example.image), f"line labelled {example.text}", example.made.clusters.quads),
        element(
            "figcaption",
            element("div", user_text(example.text)),
            element("small", described) if described else "",
            element("small", f"{size.width} × {size.height} · {example.key}", class_="key"),
        ),
        class_=f"sample{_span(size)}",
        data_words=words(example.text, *known, *effects, example.key),
        data_length=len(example.text),
        data_width=size.width,
        data_contrast=None if math.isnan(meta.contrast) else f"{meta.contrast:.1f}",
    )


def _span(size: Size) -> str:
    width, _ = display_size(size)
    return " longest" if width > _LONGEST else " long" if width > _LONG else ""
