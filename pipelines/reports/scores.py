"""Scores on a page: numbers of things among its facts, shares as a table of bars."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from models.metrics import edit_distance
from pipelines.evaluation.slices import Bin, Breakdown, wilson_interval
from pipelines.reports.charts import SortOrder, fill_bar, format_percent, search_text, toolbar
from pipelines.reports.page import Html, Section, element, join, user_text
from pipelines.reports.picture import line_image


def merge_scores(sources: Sequence[tuple[str, Mapping[str, float]]]) -> dict[str, float]:
    """The scores of sources, name and scores each, as one summary; of several each score is named after its source."""
    several = len(sources) > 1
    return {f"{name}: {key}" if several else key: value for name, scores in sources for key, value in scores.items()}


def count_facts(summary: Mapping[str, float]) -> dict[str, str]:
    """The numbers of things in a summary, which are ints, as facts of a page."""
    return {_words(name): f"{value:,}" for name, value in summary.items() if isinstance(value, int)}


def scores_section(summary: Mapping[str, float]) -> Section:
    """The scores in a summary, which are floats from 0 to 1."""
    scores = {_words(name): value for name, value in summary.items() if not isinstance(value, int)}
    return Section("Scores", _table(scores), "percent; more is better")


def _words(name: str) -> str:
    source, colon, score = name.rpartition(": ")
    return source + colon + score.replace("_", " ")


def _table(scores: Mapping[str, float]) -> Html:
    rows = (
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", f"{100 * value:.2f}", class_="number"),
            element("td", fill_bar(value)),
        )
        for name, value in scores.items()
    )
    return element("table", element("tbody", *rows), class_="scores")


@dataclass(frozen=True, slots=True)
class MisreadLine:
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


def misread_table(rows: Sequence[MisreadLine]) -> Html:
    """A table of the lines, in this order, with a filter and other orders."""
    if not rows:
        return element("p", "Every line was read as it is labelled.", class_="calm")
    orders = (SortOrder("distance", "most different first"), SortOrder("confidence", "surest first"))
    head = element("tr", *(element("th", name, scope="col", class_=_align(name)) for name in _HEADINGS))
    body = element("tbody", *map(_row, rows), data_list=True)
    return join(
        (toolbar(orders, "worst first", "label, reading or source"), _worst_table(element("thead", head), body))
    )


def _worst_table(*parts: str) -> Html:
    return element("table", *parts, class_="readings")


def _align(name: str) -> str | None:
    return "number" if name in ("distance", "confidence") else None


def _row(row: MisreadLine) -> Html:
    truth, reading = diff_markup(row.truth, row.reading)
    pair = join(
        (
            element("div", element("small", "label"), truth),
            element("div", element("small", "read"), reading),
        )
    )
    shown = element("div", line_image(row.image, row.mime, f"line labelled {row.truth}"), class_="shown")
    return element(
        "tr",
        element("td", element("div", shown, element("div", pair, class_="pair"), class_="line")),
        element("td", str(row.distance), class_="number", data_name="distance"),
        element("td", f"{100 * row.confidence:.1f} %", class_="number", data_name="confidence"),
        element("td", element("small", row.source), class_="source"),
        data_words=search_text(row.truth, row.reading, row.source),
        data_distance=row.distance,
        data_confidence=f"{row.confidence:.4f}",
    )


def diff_markup(truth: str, reading: str) -> tuple[Html, Html]:
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


_ROWS = 12
"""Most bins of names that are shown at once; the others can be opened."""

_FEW = 30
"""Bins of fewer things are printed quietly: their shares mean little."""


class ShareColumn(NamedTuple):
    """A share that is written as a number: of things for which `mark` holds, among all or those for which `of` does."""

    label: str
    flag: str
    denominator: str = ""

    def counted(self, cut: Bin) -> tuple[int, int]:
        """How many, of how many."""
        return cut.counts[self.flag], cut.counts[self.denominator] if self.denominator else cut.total


@dataclass(frozen=True)
class SliceChart:
    """How slices are shown.

    Attributes:
        things: what is counted, such as "texts".
        segments: of a bar, from the left: label and mark. What remains of the bar is empty.
        rest: what the empty part is.
        columns: shares; the first has an interval. Names are ordered by it, the worst first.
    """

    unit_name: str
    segments: tuple[tuple[str, str], ...]
    rest_label: str
    columns: tuple[ShareColumn, ...]


def slice_tables(slicings: Sequence[Breakdown], view: SliceChart) -> Html:
    """A legend and a table for every slicing that tells anything: more than one bin, or one of names."""
    shown = [slicing for slicing in slicings if len(slicing.bins) > 1]
    legend = (*(label for label, _ in view.segments), view.rest_label)
    keys = (
        element(
            "li", element("svg", element("rect", class_=f"part-{n}", width=28, height=10), viewBox="0 0 28 10"), said
        )
        for n, said in enumerate(legend[:-1])
    )
    rest = element("li", element("svg", viewBox="0 0 28 10", class_="empty"), legend[-1])
    note = element("li", "The line across a bar and the small numbers: where the share lies with 95 % confidence.")
    alone = [slicing for slicing in slicings if len(slicing.bins) == 1]
    same = "; ".join(f"{slicing.attribute.title.lower()}: {slicing.bins[0].label}" for slicing in alone)
    return join(
        (
            element("ul", *keys, rest, note, class_="legend"),
            element("div", *(_figure(slicing, view) for slicing in shown), class_="slices"),
            element("p", f"All alike – {same}.", class_="calm") if same else "",
        )
    )


def _figure(slicing: Breakdown, view: SliceChart) -> Html:
    bins, rest = _ordered(slicing, view)
    measure = slicing.attribute
    note = element("small", " · ".join(filter(None, (measure.unit, "a line may be in several" * slicing.overlap))))
    caption = element("figcaption", element("b", measure.title), Html(" "), note)
    parts = [caption, _slices_table(bins, view)]
    if rest:
        more = element("summary", f"{len(rest):,} more")
        parts.append(element("details", more, _slices_table(rest, view)))
    kind = "chart" if slicing.order == "rising" else "chart names"
    return element("figure", *parts, class_=kind, data_slice=measure.key)


def _ordered(slicing: Breakdown, view: SliceChart) -> tuple[list[Bin], list[Bin]]:
    """The bins to show and those to open. Names come worst first: those whose share is low beyond doubt."""
    if slicing.order == "rising" or len(slicing.bins) <= 2:
        return list(slicing.bins), []
    first = view.columns[0]
    ordered = sorted(slicing.bins, key=lambda cut: (wilson_interval(*first.counted(cut))[1], -cut.total))
    return ordered[:_ROWS], ordered[_ROWS:]


def _slices_table(bins: Sequence[Bin], view: SliceChart) -> Html:
    first, *others = view.columns
    names = (("", None), ("", None), (view.unit_name, "number"), (first.label, "number"), ("95 %", "number interval"))
    shares = ((column.label, "number") for column in others)
    head = element("tr", *(element("th", name, scope="col", class_=kind) for name, kind in (*names, *shares)))
    body = element("tbody", *(_slices_row(cut, view) for cut in bins))
    return element("table", element("thead", head), body)


def _slices_row(cut: Bin, view: SliceChart) -> Html:
    low, high = wilson_interval(*view.columns[0].counted(cut))
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
    return format_percent(part / whole) if whole else "–"


def _bar(cut: Bin, view: SliceChart, low: float, high: float) -> Html:
    parts, start = [], 0.0
    for number, (label, mark) in enumerate(view.segments):
        width = 100 * cut.fraction(mark)
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
