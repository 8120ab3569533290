"""Pictures with the texts that are labelled and the detections, and what became of each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from models.detection_outcomes import DetectionOutcome
from pipelines.datasets.image import decode_image
from pipelines.reports.charts import SortOrder, search_text, toolbar
from pipelines.reports.page import Html, data_uri, element, join, user_text
from pipelines.reports.picture import encode_jpeg
from synthtext.core import Polygon

_SIDE = 1000  # pixels of the longer side on the page
_LETTERS = 0.024  # of the longer side: how high the numbers over a picture are

OverlayClass: TypeAlias = Literal[
    "matched", "covered", "missed", "ignored", "fits", "merged", "other", "invented", "beside"
]
"""How something is drawn: the first four are texts, the others detections."""

OVERLAY_LEGEND: dict[OverlayClass, str] = {
    "matched": "text, matched",
    "covered": "text, covered but not matched",
    "missed": "text, missed (crossed out)",
    "ignored": "text to be ignored",
    "fits": "detection, matched",
    "merged": "detection of several texts (how many)",
    "other": "detection that splits a text, or is too large or too small",
    "invented": "detection on no text (struck through)",
    "beside": "detection that does not count",
}
"""What they are, for the legend: texts are drawn through, detections broken."""

_ORDERS = (
    SortOrder("missed", "most missed texts first"),
    SortOrder("merged", "most merged texts first"),
    SortOrder("invented", "most invented detections first"),
)


@dataclass(frozen=True, eq=False)
class EvaluatedInstance:
    """A text or a detection in a picture.

    Attributes:
        what: which of the two.
        outcome: of it.
        polygon: (P, 2) pixels of the picture.
        label: the text, or the confidence.
        covered: a text is covered, or a detection is on text.
        held: texts that a detection holds.
    """

    role: Literal["text", "detection"]
    outcome: DetectionOutcome
    polygon: Polygon
    label: str
    covered: bool
    held: int = 0

    @property
    def overlay_class(self) -> OverlayClass:
        """How it is drawn."""
        if self.role == "text":
            if self.outcome in (DetectionOutcome.IGNORED, DetectionOutcome.MATCHED):
                return "ignored" if self.outcome == DetectionOutcome.IGNORED else "matched"
            return "covered" if self.covered else "missed"
        return _DETECTIONS.get(self.outcome, "other")


_DETECTIONS: dict[DetectionOutcome, OverlayClass] = {
    DetectionOutcome.IGNORED: "beside",
    DetectionOutcome.MATCHED: "fits",
    DetectionOutcome.MERGED: "merged",
    DetectionOutcome.ALONE: "invented",
}


@dataclass(frozen=True, eq=False)
class WorstPicture:
    """A picture and all that is in it: source and key say which one, `image` is encoded."""

    source: str
    key: str
    image: bytes
    instances: tuple[EvaluatedInstance, ...]


def worst_pictures(pictures: Sequence[WorstPicture]) -> Html:
    """The pictures with a filter, orders, and everything drawn over them."""
    if not pictures:
        return element("p", "Every text is matched, and every detection matches a text.", class_="calm")
    bar = toolbar(
        _ORDERS, "most that is wrong first", "text, key, missed, invented …", "draw texts and detections", checked=True
    )
    cards = element("div", *map(_card, pictures), class_="scenes large", data_list=True)
    return join((bar, _legend(), cards))


def _legend() -> Html:
    box = np.array([[2, 2], [34, 2], [34, 12], [2, 12]], np.float32)
    entries = (
        element("li", element("svg", *_drawn(kind, box), *_number(kind), viewBox="0 0 36 14", class_="sign"), said)
        for kind, said in OVERLAY_LEGEND.items()
    )
    return element("ul", *entries, class_="legend found")


def _number(kind: OverlayClass) -> Iterable[Html]:
    if kind == "merged":
        yield element("text", "3", x="14", y="11", font_size="11")


def _card(shown: WorstPicture) -> Html:
    kinds = Counter(found.overlay_class for found in shown.instances)
    image, size = _picture(shown)
    texts = [f"{kinds[kind]:,} {said}" for kind, said in _SAID_OF_TEXTS.items() if kinds[kind]]
    boxes = [f"{kinds[kind]:,} {said}" for kind, said in _SAID_OF_DETECTIONS.items() if kinds[kind]]
    return element(
        "figure",
        image,
        element(
            "figcaption",
            element("small", "texts: " + (", ".join(texts) or "none")),
            element("small", "detections: " + (", ".join(boxes) or "none")),
            element("small", f"{size} · {shown.source}, {shown.key}", class_="key"),
            _listed(shown.instances),
        ),
        class_="sample scene",
        data_words=search_text(
            *(f.label for f in shown.instances if f.role == "text"), *sorted(kinds), shown.source, shown.key
        ),
        data_missed=kinds["missed"],
        data_merged=sum(f.role == "text" and f.outcome == DetectionOutcome.MERGED for f in shown.instances),
        data_invented=kinds["invented"],
    )


_SAID_OF_TEXTS: dict[OverlayClass, str] = {
    "matched": "matched",
    "covered": "covered only",
    "missed": "missed",
    "ignored": "to be ignored",
}
_SAID_OF_DETECTIONS: dict[OverlayClass, str] = {
    "fits": "matched",
    "merged": "of several texts",
    "other": "of another size",
    "invented": "on no text",
    "beside": "not counted",
}


def _listed(found: Iterable[EvaluatedInstance]) -> Html:
    wrong = [f for f in found if f.role == "text" and f.overlay_class in ("missed", "covered")]
    if not wrong:
        return Html()
    items = (element("li", element("small", f"{f.overlay_class} "), user_text(f.label)) for f in wrong)
    return element("details", element("summary", "texts that are not matched"), element("ul", *items))


def _picture(shown: WorstPicture) -> tuple[Html, str]:
    """The picture with everything over it, and its size in words."""
    pixels = decode_image(shown.image, shown.key)
    height, width = pixels.shape[:2]
    scale = min(_SIDE / max(width, height), 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    source = data_uri("image/jpeg", encode_jpeg(small))
    image = element(
        "img", src=source, alt=f"texts and detections in {shown.key}", width=size[0], height=size[1], loading="lazy"
    )
    # Detections first: the texts in them lie above and are what the pointer finds.
    ordered = sorted(shown.instances, key=lambda found: found.role)
    letters = _LETTERS * max(width, height)
    outlines = (element("g", *_marked(found, letters), class_=found.overlay_class) for found in ordered)
    drawing = element("svg", *outlines, viewBox=f"0 0 {width} {height}", class_="found", aria_hidden="true")
    return element("span", image, drawing, class_="picture", tabindex=0), f"{width} × {height}"


def _marked(found: EvaluatedInstance, letters: float) -> Iterable[Html]:
    yield element("title", f"{OVERLAY_LEGEND[found.overlay_class].split(' (')[0]}: {found.label}")
    yield from _drawn(found.overlay_class, found.polygon)
    if found.overlay_class == "merged":
        left, top = found.polygon[found.polygon.sum(axis=1).argmin()].tolist()
        place = {"x": f"{left:.1f}", "y": f"{max(top - 0.2 * letters, letters):.1f}"}
        yield element("text", str(found.held), font_size=f"{letters:.1f}", **place)


def _drawn(kind: OverlayClass, polygon: Polygon) -> Iterable[Html]:
    """An outline; a text that is missed has both diagonals, an invented detection one."""
    yield element("path", d=f"M{_points(polygon)}Z", class_=kind)
    if kind in ("missed", "invented"):
        half, last = len(polygon) // 2, len(polygon) - 1
        ends = [(0, half), (half - 1, last)] if kind == "missed" else [(half - 1, last)]
        yield element("path", d="".join(f"M{_points(polygon[list(pair)])}" for pair in ends), class_=f"{kind} across")


def _points(polygon: Polygon) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in polygon.tolist())
