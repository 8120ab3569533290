"""The page of `ocrmill evaluate --report` for recognizers: where it fails, what it confuses, and the worst lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.evaluation.confusion import ConfusableGroup, Confusion, ConfusionCounts
from pipelines.evaluation.slices import Breakdown
from pipelines.reports.charts import code_point, fill_bar, format_percent, visible_character
from pipelines.reports.page import Html, Section, element, join, render_page
from pipelines.reports.scores import (
    MisreadLine,
    ShareColumn,
    SliceChart,
    count_facts,
    merge_scores,
    misread_table,
    scores_section,
    slice_tables,
)

_LINES = SliceChart(
    "lines",
    (("read exactly", "right"),),
    "misread",
    (ShareColumn("exact", "right"), ShareColumn("letters, digits", "right_letters", denominator="letters")),
)
_CONFUSED = 40
"""Most confusions in a table."""


@dataclass(frozen=True, eq=False)
class RecognizerResults:
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
    slices: Sequence[Breakdown]
    confusions: ConfusionCounts
    worst: Sequence[MisreadLine]


def recognizer_page(title: str, sources: Sequence[RecognizerResults]) -> str:
    """A self-contained page.

    Args:
        title: what was evaluated, on what.
        sources: at least one.
    """
    summary = merge_scores([(source.name, source.scores) for source in sources])
    sections = [scores_section(summary)]
    for source in sources:
        prefix = f"{source.name}: " if len(sources) > 1 else ""
        sections += [
            Section(f"{prefix}Lines by what they are like", slice_tables(source.slices, _LINES)),
            Section(f"{prefix}What is read for what", _characters(source.confusions)),
        ]
    rows = [row for source in sources for row in source.worst]
    sections.append(Section("Worst lines", misread_table(rows), f"{len(rows):,} misread lines, worst first"))
    return render_page("ocrmill evaluate", title, count_facts(summary), sections)


def _characters(confusions: ConfusionCounts) -> Html:
    tables = element("div", *_tables(confusions), class_="slices") if confusions.confusions else ""
    return join((element("p", _verdict(confusions), class_="verdict"), tables))


def _verdict(confusions: ConfusionCounts) -> str:
    told = f"{confusions.compared_lines:,} lines were compared character by character"
    if confusions.skipped_lines:
        told += f" ({confusions.skipped_lines:,} are too different for that)"
    if not confusions.error_total:
        return f"{told}: no mistake."
    by_sort = {sort: sum(c.error_count for c in confusions.confusions if c.error_type == sort) for sort in _SORTS}
    sorts = ", ".join(f"{times:,} {_SORTS[sort]}" for sort, times in by_sort.items() if times)
    alike = sum(c.error_count for c in confusions.confusions if c.look_alikes and c.error_type == "substituted")
    told += f": {confusions.error_total:,} mistakes in {confusions.num_characters:,} characters, namely {sorts}."
    return f"{told} {alike:,} of the substituted ones look alike."


_SORTS = {"substituted": "substituted", "form": "in the wrong case or width", "left out": "left out", "added": "added"}


def _tables(confusions: ConfusionCounts) -> list[Html]:
    shown = confusions.confusions[:_CONFUSED]
    half, most = -(-len(shown) // 2), shown[0].error_count
    tables = [
        _figure(
            title, "mistakes", _COLUMNS, [_confusion(confusion, confusions.error_total, most) for confusion in part]
        )
        for title, part in (("Most frequent mistakes", shown[:half]), ("The next ones", shown[half:]))
        if part
    ]
    groups = [_group(found) for found in confusions.confusables if found.confused]
    if groups:
        tables.append(_figure("Look-alikes", "groups", ("group", "", "in labels", "confused", "share"), groups))
    return tables


_COLUMNS = ("label", "read", "", "times", "of all mistakes", "of its own", "look-alikes")


def _figure(title: str, kind: str, names: Sequence[str], rows: Sequence[Html]) -> Html:
    head = element("tr", *(element("th", name, scope="col") for name in names))
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("figure", element("figcaption", element("b", title)), table, class_=f"chart {kind}")


def _confusion(found: Confusion, total: int, most: int) -> Html:
    own = format_percent(min(found.error_count / found.support, 1)) if found.support else "–"
    return element(
        "tr",
        element("th", _signs(found.label), scope="row"),
        element("td", _signs(found.reading)),
        element("td", fill_bar(found.error_count / most), class_="bar"),
        element("td", f"{found.error_count:,}", class_="number"),
        element("td", format_percent(found.error_count / total), class_="number"),
        element("td", own, class_="number"),
        element("td", "case or width" if found.error_type == "form" else " ".join(found.look_alikes), class_="group"),
    )


def _group(found: ConfusableGroup) -> Html:
    share = min(found.confused / found.occurrences, 1)
    return element(
        "tr",
        element("th", " ".join(found.group), scope="row"),
        element("td", fill_bar(share), class_="bar"),
        element("td", f"{found.occurrences:,}", class_="number"),
        element("td", f"{found.confused:,}", class_="number"),
        element("td", format_percent(share), class_="number"),
    )


def _signs(text: str) -> Html:
    """Characters such that each can be seen."""
    if not text:
        return element("small", "nothing")
    return element("bdi", "".join(map(visible_character, text)), class_="sign", title=" ".join(map(code_point, text)))
