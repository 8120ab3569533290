"""The page of `ocrmill evaluate --report` for recognizers: where it fails, what it confuses, and the worst lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.evaluation.confusion import Confusion, Confusions, LookAlikes
from pipelines.evaluation.slices import Slicing
from pipelines.reports.charts import code_point, level, percent, visible
from pipelines.reports.page import Html, Section, element, join, page
from pipelines.reports.scores import (
    Column,
    View,
    WorstRow,
    counts_of,
    scores_section,
    slice_tables,
    summary_of,
    worst_lines,
)

_LINES = View(
    "lines",
    (("read exactly", "right"),),
    "misread",
    (Column("exact", "right"), Column("letters, digits", "right_letters", of="letters")),
)
_CONFUSED = 40
"""Most confusions in a table."""


@dataclass(frozen=True, eq=False)
class ReadSource:
    """What a page says of one source.

    Attributes:
        name: of the source.
        scores: as an evaluation's JSON has them.
        slices: the lines by what they are like.
        confusions: of characters.
        worst: lines, worst first.
    """

    name: str
    scores: Mapping[str, float]
    slices: Sequence[Slicing]
    confusions: Confusions
    worst: Sequence[WorstRow]


def recognizer_page(title: str, sources: Sequence[ReadSource]) -> str:
    """A self-contained page.

    Args:
        title: what was evaluated, on what.
        sources: at least one.
    """
    summary = summary_of([(source.name, source.scores) for source in sources])
    sections = [scores_section(summary)]
    for source in sources:
        prefix = f"{source.name}: " if len(sources) > 1 else ""
        sections += [
            Section(f"{prefix}Lines by what they are like", slice_tables(source.slices, _LINES)),
            Section(f"{prefix}What is read for what", _characters(source.confusions)),
        ]
    rows = [row for source in sources for row in source.worst]
    sections.append(Section("Worst lines", worst_lines(rows), f"{len(rows):,} misread lines, worst first"))
    return page("ocrmill evaluate", title, counts_of(summary), sections)


def _characters(confusions: Confusions) -> Html:
    tables = element("div", *_tables(confusions), class_="slices") if confusions.found else ""
    return join((element("p", _verdict(confusions), class_="verdict"), tables))


def _verdict(confusions: Confusions) -> str:
    told = f"{confusions.lines:,} lines were compared character by character"
    if confusions.torn:
        told += f" ({confusions.torn:,} are too different for that)"
    if not confusions.total:
        return f"{told}: no mistake."
    by_sort = {sort: sum(c.times for c in confusions.found if c.sort == sort) for sort in _SORTS}
    sorts = ", ".join(f"{times:,} {_SORTS[sort]}" for sort, times in by_sort.items() if times)
    alike = sum(c.times for c in confusions.found if c.look_alikes and c.sort == "substituted")
    told += f": {confusions.total:,} mistakes in {confusions.characters:,} characters, namely {sorts}."
    return f"{told} {alike:,} of the substituted ones look alike."


_SORTS = {"substituted": "substituted", "form": "in the wrong case or width", "left out": "left out", "added": "added"}


def _tables(confusions: Confusions) -> list[Html]:
    shown = confusions.found[:_CONFUSED]
    half, most = -(-len(shown) // 2), shown[0].times
    tables = [
        _figure(title, "mistakes", _COLUMNS, [_confusion(confusion, confusions.total, most) for confusion in part])
        for title, part in (("Most frequent mistakes", shown[:half]), ("The next ones", shown[half:]))
        if part
    ]
    groups = [_group(found) for found in confusions.look_alikes if found.confused]
    if groups:
        tables.append(_figure("Look-alikes", "groups", ("group", "", "in labels", "confused", "share"), groups))
    return tables


_COLUMNS = ("label", "read", "", "times", "of all mistakes", "of its own", "look-alikes")


def _figure(title: str, kind: str, names: Sequence[str], rows: Sequence[Html]) -> Html:
    head = element("tr", *(element("th", name, scope="col") for name in names))
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("figure", element("figcaption", element("b", title)), table, class_=f"chart {kind}")


def _confusion(found: Confusion, total: int, most: int) -> Html:
    own = percent(min(found.times / found.occurrences, 1)) if found.occurrences else "–"
    return element(
        "tr",
        element("th", _signs(found.truth), scope="row"),
        element("td", _signs(found.reading)),
        element("td", level(found.times / most), class_="bar"),
        element("td", f"{found.times:,}", class_="number"),
        element("td", percent(found.times / total), class_="number"),
        element("td", own, class_="number"),
        element("td", "case or width" if found.sort == "form" else " ".join(found.look_alikes), class_="group"),
    )


def _group(found: LookAlikes) -> Html:
    share = min(found.confused / found.occurrences, 1)
    return element(
        "tr",
        element("th", " ".join(found.group), scope="row"),
        element("td", level(share), class_="bar"),
        element("td", f"{found.occurrences:,}", class_="number"),
        element("td", f"{found.confused:,}", class_="number"),
        element("td", percent(share), class_="number"),
    )


def _signs(text: str) -> Html:
    """Characters such that each can be seen."""
    if not text:
        return element("small", "nothing")
    return element("bdi", "".join(map(visible, text)), class_="sign", title=" ".join(map(code_point, text)))
