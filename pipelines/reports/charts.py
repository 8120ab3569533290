"""The bar above a list: a filter, an order, and what is drawn over the pictures. page.js makes it work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.reports.page import Html, element, join


class SortOrder(NamedTuple):
    """An order by a number that every item has as `data-<key>`, the largest first."""

    key: str
    label: str


def toolbar(
    orders: Sequence[SortOrder], first: str, filtered: str, overlay: str = "", *, checked: bool = False
) -> Html:
    """The bar; hidden until the script runs.

    Args:
        orders: that can be chosen.
        first: what the order of the page is called.
        filtered: what the filter looks in.
        overlay: what can be drawn over the pictures; empty for nothing.
        drawn: it is drawn to begin with.
    """
    options = [element("option", first, value=""), *(element("option", o.label, value=o.key) for o in orders)]
    parts = [
        element("input", type="search", name="filter", placeholder=f"filter by {filtered}", aria_label="filter"),
        element("label", "order ", element("select", *options, name="order")),
    ]
    if overlay:
        parts.append(element("label", element("input", type="checkbox", name="overlay", checked=checked), overlay))
    return element("div", *parts, element("output"), class_="tools", role="search", hidden=True)


def search_text(*texts: str) -> str:
    """What the filter of an item looks in, as an attribute."""
    return " ".join(filter(None, texts)).lower()


MAX_COLUMNS = 32
"""Most columns that a histogram has."""

_TAIL = 0.995
"""A few values far out would press all others into one column: what lies above this quantile shares the last one."""


@dataclass(frozen=True)
class Histogram:
    """Counts of whole numbers in columns of equal width.

    Attributes:
        start: lowest value of the first column.
        step: values in a column.
        counts: one for each column.
        highest: of all values; those beyond the last column are counted in it.
        median: of the values, as text.
    """

    start: int
    step: int
    counts: tuple[int, ...]
    highest: int
    median: str

    @classmethod
    def of(cls, values: NDArray[np.int64], columns: int = MAX_COLUMNS) -> "Histogram":
        """Of values, at least one. Columns are as narrow as the number of columns allows."""
        low, high = int(values.min()), int(np.quantile(values, _TAIL, method="higher"))
        step = -(-(high - low + 1) // columns)
        last = (high - low) // step
        counts = np.bincount(np.minimum((values - low) // step, last))
        return cls(low, step, tuple(counts.tolist()), int(values.max()), f"{np.median(values):g}")

    @classmethod
    def from_bins(cls, counts: Mapping[int, int], width: int) -> "Histogram":
        """Of counts by the lowest value of bins of this width; at least one."""
        edges = range(min(counts), max(counts) + 1, width)
        filled = tuple(counts.get(edge, 0) for edge in edges)
        running = np.cumsum(filled)
        middle = edges[int(np.searchsorted(running, running[-1] / 2))]
        return cls(edges[0], width, filled, edges[-1] + width - 1, f"{middle} to {middle + width - 1}")

    def label(self, column: int) -> str:
        """The values of a column, as text."""
        low = self.start + column * self.step
        high = low + self.step - 1
        if column == len(self.counts) - 1:
            if self.highest > high:
                return f"{low} or more"
            high = self.highest
        return str(low) if low == high else f"{low} to {high}"


def histogram_chart(title: str, histogram: Histogram, unit: str = "") -> Html:
    """A histogram with its range and its median; one sentence where all values are the same."""
    if histogram.start == histogram.highest:
        return _chart(title, f"always {histogram.start}{unit}")
    tallest, count = max(histogram.counts), len(histogram.counts)
    bars = join(
        element(
            "rect",
            element("title", f"{histogram.label(column)}{unit}: {value:,}"),
            x=f"{column + 0.08:.2f}",
            y=f"{100 - _height(value, tallest):.1f}",
            width="0.84",
            height=f"{_height(value, tallest):.1f}",
        )
        for column, value in enumerate(histogram.counts)
        if value
    )
    ends = histogram.label(0), histogram.label(count - 1)
    spoken = f"{title}: from {ends[0]} to {ends[1]}{unit}, median {histogram.median}"
    drawing = element(
        "svg", bars, viewBox=f"0 0 {count} 100", preserveAspectRatio="none", role="img", aria_label=spoken
    )
    axis = element("p", *(element("span", end) for end in ends), class_="axis")
    return _chart(title, f"median {histogram.median}{unit}", drawing, axis)


def _height(value: int, tallest: int) -> float:
    return max(100 * value / tallest, 1.5)  # one of a million is still to be seen


def bar_chart(title: str, counts: Mapping[str, int], total: int, limit: int = 12) -> Html:
    """Names with how often each occurs: the most frequent ones as bars, the others in one row.

    Args:
        title: above the table.
        counts: by name.
        total: what the shares are of.
        limit: most rows.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, others = ordered[:limit], ordered[limit:]
    tallest = max((count for _, count in shown), default=1)
    rows = [_bar(name or "none", count, count / tallest, count / max(total, 1)) for name, count in shown]
    if others:
        rest = sum(count for _, count in others)
        rows.append(_bar(f"{len(others):,} more", rest, 0.0, rest / max(total, 1)))
    return _chart(title, f"{len(ordered):,} different", element("table", element("tbody", *rows), class_="bars"))


def _bar(name: str, count: int, length: float, share: float) -> Html:
    return element(
        "tr",
        element("th", name, scope="row", title=name),
        element("td", fill_bar(length), class_="bar"),
        element("td", f"{count:,}", class_="number"),
        element("td", format_percent(share), class_="number"),
    )


def format_percent(share: float) -> str:
    """A share as a percentage, with as many digits as it needs to be seen."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.9995 or share == 1 else "99.9 %"


def character_grid(title: str, counts: Sequence[tuple[str, int]], note: str) -> Html:
    """Characters with how often each occurs, as tiles in the given order."""
    written = join(
        element(
            "li",
            element(
                "bdi", visible_character(character), class_="code" if len(visible_character(character)) > 1 else None
            ),
            element("span", _short(count)),
            title=f"{code_point(character)}: {count:,}",
            class_=None if count else "never",
        )
        for character, count in counts
    )
    return _chart(title, note, element("ul", written, class_="tiles"))


def visible_character(character: str) -> str:
    """A character as something that can be seen: spaces and controls by a sign or their code point."""
    if character == " ":
        return "␣"
    return character if character.isprintable() else code_point(character)


def code_point(character: str) -> str:
    """U+0041 for A."""
    return f"U+{ord(character):04X}"


def _short(count: int) -> str:
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size else f"{count // size}{unit}"
    return str(count)


def _chart(title: str, note: str, *parts: str) -> Html:
    caption = element("figcaption", element("b", title), Html(" "), element("small", note))
    return element("figure", caption, *parts, class_="chart")


def fill_bar(share: float) -> Html:
    """A bar that is this full, from 0 to 1."""
    filled = element("rect", width=f"{100 * share:.2f}", height=1)
    return element("svg", filled, viewBox="0 0 100 1", preserveAspectRatio="none", aria_hidden="true")
