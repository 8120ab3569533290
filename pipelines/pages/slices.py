"""Slices of an evaluation as tables: a bar a bin, cut into what became of its things, and the shares as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.pages.charts import percent
from pipelines.pages.markup import Html, element, join
from pipelines.slices import Bin, Slicing, wilson

_ROWS = 12
"""Most bins of names that are shown at once; the others can be opened."""

_FEW = 30
"""Bins of fewer things are printed quietly: their shares mean little."""


class Column(NamedTuple):
    """A share that is written as a number: of things for which `mark` holds, among all or those for which `of` does."""

    label: str
    mark: str
    of: str = ""

    def counted(self, cut: Bin) -> tuple[int, int]:
        """How many, of how many."""
        return cut.counts[self.mark], cut.counts[self.of] if self.of else cut.total


@dataclass(frozen=True)
class View:
    """How slices are shown.

    Attributes:
        things: what is counted, such as "texts".
        segments: of a bar, from the left: label and mark. What remains of the bar is empty.
        rest: what the empty part is.
        columns: shares; the first has an interval. Names are ordered by it, the worst first.
    """

    things: str
    segments: tuple[tuple[str, str], ...]
    rest: str
    columns: tuple[Column, ...]


def slice_tables(slicings: Sequence[Slicing], view: View) -> Html:
    """A legend and a table for every slicing that tells anything: more than one bin, or one of names."""
    shown = [slicing for slicing in slicings if len(slicing.bins) > 1]
    legend = (*(label for label, _ in view.segments), view.rest)
    keys = (
        element(
            "li", element("svg", element("rect", class_=f"part-{n}", width=28, height=10), viewBox="0 0 28 10"), said
        )
        for n, said in enumerate(legend[:-1])
    )
    rest = element("li", element("svg", viewBox="0 0 28 10", class_="empty"), legend[-1])
    note = element("li", "The line across a bar and the small numbers: where the share lies with 95 % confidence.")
    alone = [slicing for slicing in slicings if len(slicing.bins) == 1]
    same = "; ".join(f"{slicing.measure.title.lower()}: {slicing.bins[0].label}" for slicing in alone)
    return join(
        (
            element("ul", *keys, rest, note, class_="legend"),
            element("div", *(_figure(slicing, view) for slicing in shown), class_="slices"),
            element("p", f"All alike – {same}.", class_="calm") if same else "",
        )
    )


def _figure(slicing: Slicing, view: View) -> Html:
    bins, rest = _ordered(slicing, view)
    measure = slicing.measure
    note = element("small", " · ".join(filter(None, (measure.unit, "a line may be in several" * slicing.overlap))))
    caption = element("figcaption", element("b", measure.title), Html(" "), note)
    parts = [caption, _table(bins, view)]
    if rest:
        more = element("summary", f"{len(rest):,} more")
        parts.append(element("details", more, _table(rest, view)))
    kind = "chart" if slicing.order == "rising" else "chart names"
    return element("figure", *parts, class_=kind, data_slice=measure.key)


def _ordered(slicing: Slicing, view: View) -> tuple[list[Bin], list[Bin]]:
    """The bins to show and those to open. Names come worst first: those whose share is low beyond doubt."""
    if slicing.order == "rising" or len(slicing.bins) <= 2:
        return list(slicing.bins), []
    first = view.columns[0]
    ordered = sorted(slicing.bins, key=lambda cut: (wilson(*first.counted(cut))[1], -cut.total))
    return ordered[:_ROWS], ordered[_ROWS:]


def _table(bins: Sequence[Bin], view: View) -> Html:
    first, *others = view.columns
    names = (("", None), ("", None), (view.things, "number"), (first.label, "number"), ("95 %", "number interval"))
    shares = ((column.label, "number") for column in others)
    head = element("tr", *(element("th", name, scope="col", class_=kind) for name, kind in (*names, *shares)))
    body = element("tbody", *(_row(cut, view) for cut in bins))
    return element("table", element("thead", head), body)


def _row(cut: Bin, view: View) -> Html:
    low, high = wilson(*view.columns[0].counted(cut))
    first, *others = (_share(*column.counted(cut)) for column in view.columns)
    cells = [f"{cut.total:,}", first, f"{100 * low:.0f}–{100 * high:.0f}", *others]
    classes = ["number", "number", "number interval", *["number"] * len(others)]
    return element(
        "tr",
        element("th", cut.label, scope="row", title=cut.label),
        element("td", _bar(cut, view, low, high), class_="bar"),
        *(element("td", text, class_=name) for text, name in zip(cells, classes, strict=True)),
        class_="few" if cut.total < _FEW else None,
    )


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else "–"


def _bar(cut: Bin, view: View, low: float, high: float) -> Html:
    parts, start = [], 0.0
    for number, (label, mark) in enumerate(view.segments):
        width = 100 * cut.share(mark)
        if width:
            said = element("title", f"{label}: {cut.counts[mark]:,} of {cut.total:,}")
            parts.append(
                element("rect", said, class_=f"part-{number}", x=f"{start:.2f}", width=f"{width:.2f}", height=10)
            )
        start += width
    line = element(
        "rect", class_="line", x=f"{100 * low:.2f}", y="4.25", width=f"{100 * (high - low):.2f}", height="1.5"
    )
    return element("svg", *parts, line, viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true")
