"""The grid of samples: pictures with their labels and what they were made of."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import decode_image, media_type
from pipelines.datasets.provenance import SampleProvenance, read_provenance
from pipelines.datasets.rectify import line_size, to_line_polygon
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import LineSource
from pipelines.reports.charts import SortOrder, search_text, toolbar
from pipelines.reports.page import Html, data_uri, element, join, user_text
from pipelines.reports.picture import display_size, encode_jpeg, line_image
from synthtext.core import InputError, Size, TextInstance

_ORDERS = (SortOrder("length", "longest label first"), SortOrder("width", "widest picture first"))
_CONTRAST = SortOrder("contrast", "strongest contrast first")
_LONG, _LONGEST = 210, 440  # pixels on the page from which a picture takes two columns, or all


@dataclass(frozen=True, eq=False)
class LineExample:
    """A line to show."""

    key: str
    image: bytes
    text: str
    size: Size
    provenance: SampleProvenance = field(default_factory=SampleProvenance)


def choose_examples(source: LineSource, sizes: np.ndarray, most: int, rng: np.random.Generator) -> list[LineExample]:
    """Random lines of a source, without repetition, in its order.

    Args:
        source: where they are.
        sizes: (N, 2), width and height of all pictures, pixels.
        most: lines.
        rng: chooses.
    """
    rows = np.sort(rng.choice(len(source), min(most, len(source)), replace=False))
    return [
        LineExample(line.key, line.image, line.text, Size(*sizes[row].tolist()), made)
        for row, line, made in zip(rows, source.read(rows), read_provenance(source, rows), strict=True)
    ]


def sample_grid(examples: Sequence[LineExample]) -> Html:
    """The grid, with its filter, its orders and the outlines of clusters."""
    marked = any(len(example.provenance.clusters) for example in examples)
    measured = any(not math.isnan(example.provenance.meta.contrast) for example in examples)
    orders = (*_ORDERS, _CONTRAST) if measured else _ORDERS
    bar = toolbar(orders, "as stored", "label, font, effect …", "outline the clusters" if marked else "")
    cards = element("div", *map(_card, examples), class_="samples", data_list=True)
    return join((bar, cards))


def _card(example: LineExample) -> Html:
    meta, size = example.provenance.meta, example.size
    effects = [applied.name for applied in meta.effects]
    known = [meta.font, meta.corpus, meta.script]
    contrast = "" if math.isnan(meta.contrast) else f"contrast {meta.contrast:.0f}"
    described = join(filter(None, (*known[:2], contrast, ", ".join(effects))), " · ")
    return element(
        "figure",
        line_image(
            example.image, media_type(example.image), f"line labelled {example.text}", example.provenance.clusters.quads
        ),
        element(
            "figcaption",
            element("div", user_text(example.text)),
            element("small", described) if described else "",
            element("small", f"{size.width} × {size.height} · {example.key}", class_="key"),
        ),
        class_=f"sample{_span(size)}",
        data_words=search_text(example.text, *known, *effects, example.key),
        data_length=len(example.text),
        data_width=size.width,
        data_contrast=None if math.isnan(meta.contrast) else f"{meta.contrast:.1f}",
    )


def _span(size: Size) -> str:
    width, _ = display_size(size)
    return " longest" if width > _LONGEST else " long" if width > _LONG else ""


_SIDE = 640  # pixels of the longer side on the page
_PICTURES = 4  # that are held while cards are made
_SCENE_ORDERS = (
    SortOrder("texts", "most texts first"),
    SortOrder("ignored", "most ignored texts first"),
    SortOrder("small", "smallest text first"),
    SortOrder("large", "largest text first"),
    SortOrder("problems", "most mended labels first"),
)
_LEGEND = {
    "word": "word",
    "line": "line",
    "block": "block",
    "pasted": "pasted",
    "ignored": "to be ignored",
}


def scene_grid(source: SceneSource, rows: NDArray[np.int64]) -> Html:
    """The scenes of these rows, with a filter, orders, and the outlines of texts, which are drawn to begin with."""
    bar = toolbar(_SCENE_ORDERS, "as stored", "text, key, level, pasted, ignored …", "outline the texts", checked=True)
    cards = element("div", *_cards(source, rows), class_="scenes", data_list=True)
    return join((bar, _legend(), cards))


def outline_class(instance: TextInstance) -> str:
    """How a text is outlined: to be ignored, pasted, or by its level."""
    if instance.ignore:
        return "ignored"
    return "pasted" if instance.origin.kind == "pasted" else instance.level


def _legend() -> Html:
    entries = (
        element("li", element("svg", element("path", d="M2 2H26V8H2Z", class_=name), viewBox="0 0 28 10"), said)
        for name, said in _LEGEND.items()
    )
    return element("ul", *entries, class_="legend")


def _cards(source: SceneSource, rows: NDArray[np.int64]) -> Iterator[Html]:
    for begin in range(0, len(rows), _PICTURES):
        for scene in source.read(rows[begin : begin + _PICTURES]):
            yield _scene_card(scene)


def _scene_card(scene: EncodedScene) -> Html:
    instances = scene.instances
    ignored = sum(instance.ignore for instance in instances)
    heights = [min(line_size(to_line_polygon(i.polygon))) for i in instances if not i.ignore]
    shown, size = _picture(scene)
    counts = f"{len(instances):,} texts" + (f", {ignored:,} to be ignored" if ignored else "")
    return element(
        "figure",
        shown,
        element(
            "figcaption",
            element("small", f"{counts} · {size} · {scene.key}", class_="key"),
            *(element("small", problem, class_="problem") for problem in dict.fromkeys(scene.problems)),
            _texts(instances),
        ),
        class_="sample scene",
        data_words=search_text(*_searched(scene)),
        data_texts=len(instances),
        data_ignored=ignored,
        data_small=f"{1 / max(min(heights), 1):.6f}" if heights else None,
        data_large=max(heights) if heights else None,
        data_problems=len(scene.problems),
    )


def _searched(scene: EncodedScene) -> Iterable[str]:
    instances = scene.instances
    kinds = {outline_class(i) for i in instances} | {i.level for i in instances} | {i.origin.kind for i in instances}
    return (*(i.text for i in instances), *sorted(kinds), *scene.problems, scene.key)


def _texts(instances: Iterable[TextInstance]) -> Html:
    listed = [
        element("li", user_text(i.text), class_="left" if i.ignore else None)
        for i in instances
        if not (i.ignore and i.text in ("", "*", "###"))
    ]
    return element("details", element("summary", "texts"), element("ul", *listed)) if listed else Html()


def _picture(scene: EncodedScene) -> tuple[Html, str]:
    """The picture with its outlines, and its size in words."""
    try:
        pixels = decode_image(scene.image, scene.key)
    except InputError:
        return element("span", "cannot be decoded", class_="broken"), "no picture"
    height, width = pixels.shape[:2]
    scale = min(_SIDE / max(width, height), 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    image = element(
        "img",
        src=data_uri("image/jpeg", encode_jpeg(small)),
        alt=f"scene with {len(scene.instances)} texts",
        width=size[0],
        height=size[1],
        loading="lazy",
    )
    # Blocks and lines first: their parts lie above them and are what the pointer finds.
    ordered = sorted(scene.instances, key=lambda instance: ("block", "line", "word").index(instance.level))
    box = f"0 0 {width} {height}"
    outlines = element("svg", *map(_outline, ordered), viewBox=box, preserveAspectRatio="none", aria_hidden="true")
    return element("span", image, outlines, class_="picture"), f"{width} × {height}"


def _outline(instance: TextInstance) -> Html:
    drawn = "L".join(f"{x:.1f} {y:.1f}" for x, y in instance.polygon.tolist())
    return element("path", element("title", instance.text), d=f"M{drawn}Z", class_=outline_class(instance))
