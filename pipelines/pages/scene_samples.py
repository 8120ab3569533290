"""The grid of scenes: pictures with the polygons of their texts."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.pages.frame import data_uri
from pipelines.pages.markup import Html, element, join, user_text
from pipelines.pages.picture import jpeg
from pipelines.pages.tools import Order, tools, words
from pipelines.read.rectify import as_line, line_size
from pipelines.reader import EncodedScene, SceneSource, decode
from synthtext.core import InputError, TextInstance

_SIDE = 640  # pixels of the longer side on the page
_PICTURES = 4  # that are held while cards are made
_ORDERS = (
    Order("texts", "most texts first"),
    Order("ignored", "most ignored texts first"),
    Order("small", "smallest text first"),
    Order("large", "largest text first"),
    Order("problems", "most mended labels first"),
)
_LEGEND = {
    "word": "word",
    "line": "line",
    "block": "block",
    "pasted": "pasted",
    "ignored": "to be ignored",
}


def scene_samples(source: SceneSource, rows: NDArray[np.int64]) -> Html:
    """The scenes of these rows, with a filter, orders, and the outlines of texts, which are drawn to begin with."""
    bar = tools(_ORDERS, "as stored", "text, key, level, pasted, ignored …", "outline the texts", drawn=True)
    cards = element("div", *_cards(source, rows), class_="scenes", data_list=True)
    return join((bar, _legend(), cards))


def kind_of_outline(instance: TextInstance) -> str:
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
            yield _card(scene)


def _card(scene: EncodedScene) -> Html:
    instances = scene.instances
    ignored = sum(instance.ignore for instance in instances)
    heights = [min(line_size(as_line(i.polygon))) for i in instances if not i.ignore]
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
        data_words=words(*_searched(scene)),
        data_texts=len(instances),
        data_ignored=ignored,
        data_small=f"{1 / max(min(heights), 1):.6f}" if heights else None,
        data_large=max(heights) if heights else None,
        data_problems=len(scene.problems),
    )


def _searched(scene: EncodedScene) -> Iterable[str]:
    instances = scene.instances
    kinds = {kind_of_outline(i) for i in instances} | {i.level for i in instances} | {i.origin.kind for i in instances}
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
        pixels = decode(scene.image, scene.key)
    except InputError:
        return element("span", "cannot be decoded", class_="broken"), "no picture"
    height, width = pixels.shape[:2]
    scale = min(_SIDE / max(width, height), 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    image = element(
        "img",
        src=data_uri("image/jpeg", jpeg(small)),
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
    return element("path", element("title", instance.text), d=f"M{drawn}Z", class_=kind_of_outline(instance))
