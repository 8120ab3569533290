"""The lines that were read worst."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from models.metrics import edit_distance
from pipelines.pages.markup import Html, element, join, user_text
from pipelines.pages.picture import picture
from pipelines.pages.tools import Order, tools, words


@dataclass(frozen=True, slots=True)
class WorstRow:
    """A line that was misread.

    Attributes:
        image: encoded.
        mime: its media type.
        truth: the label.
        reading: what the recognizer read.
        confidence: 0 to 1.
        source: data set and key.
    """

    image: bytes
    mime: str
    truth: str
    reading: str
    confidence: float
    source: str

    @property
    def distance(self) -> int:
        """Insertions, deletions and substitutions from the reading to the label."""
        return edit_distance(self.truth, self.reading)


_HEADINGS = ("line", "distance", "confidence", "source")


def worst_lines(rows: Sequence[WorstRow]) -> Html:
    """A table of the lines, in this order, with a filter and other orders."""
    if not rows:
        return element("p", "Every line was read as it is labelled.", class_="calm")
    orders = (Order("distance", "most different first"), Order("confidence", "surest first"))
    head = element("tr", *(element("th", name, scope="col", class_=_align(name)) for name in _HEADINGS))
    body = element("tbody", *map(_row, rows), data_list=True)
    return join((tools(orders, "worst first", "label, reading or source"), _table(element("thead", head), body)))


def _table(*parts: str) -> Html:
    return element("table", *parts, class_="readings")


def _align(name: str) -> str | None:
    return "number" if name in ("distance", "confidence") else None


def _row(row: WorstRow) -> Html:
    truth, reading = marked(row.truth, row.reading)
    pair = join(
        (
            element("div", element("small", "label"), truth),
            element("div", element("small", "read"), reading),
        )
    )
    shown = element("div", picture(row.image, row.mime, f"line labelled {row.truth}"), class_="shown")
    return element(
        "tr",
        element("td", element("div", shown, element("div", pair, class_="pair"), class_="line")),
        element("td", str(row.distance), class_="number", data_name="distance"),
        element("td", f"{100 * row.confidence:.1f} %", class_="number", data_name="confidence"),
        element("td", element("small", row.source), class_="source"),
        data_words=words(row.truth, row.reading, row.source),
        data_distance=row.distance,
        data_confidence=f"{row.confidence:.4f}",
    )


def marked(truth: str, reading: str) -> tuple[Html, Html]:
    """A label with what was missed in `del`, and a reading with what was invented in `ins`."""
    first, second = _clusters(truth), _clusters(reading)
    steps = Levenshtein.opcodes(first, second)
    left = (_part("del", first[s.src_start : s.src_end], s.tag == "equal") for s in steps)
    right = (_part("ins", second[s.dest_start : s.dest_end], s.tag == "equal") for s in steps)
    return user_text(join(left)), user_text(join(right), "nothing")


def _part(tag: str, clusters: Sequence[str], same: bool) -> Html:
    text = join(clusters)
    return text if same or not text else element(tag, text)


def _clusters(text: str) -> list[str]:
    """Characters with the marks on them, so that no accent is torn from its letter."""
    clusters: list[str] = []
    for character in text:
        if clusters and (unicodedata.combining(character) or unicodedata.category(character) in ("Mc", "Me")):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters
