"""The page of `ocrmill evaluate --report` for detectors: what is missed, what is invented, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.evaluation.outcomes import WorstPicture, worst_pictures
from pipelines.evaluation.slices import Bin, Breakdown
from pipelines.reports.charts import fill_bar, format_percent
from pipelines.reports.page import Html, Section, element, join, render_page
from pipelines.reports.scores import ShareColumn, SliceChart, count_facts, merge_scores, scores_section, slice_tables

_TEXTS = SliceChart(
    "texts",
    (("matched", "matched"), ("covered but not matched", "only_covered")),
    "missed",
    (
        ShareColumn("matched", "matched"),
        ShareColumn("only covered", "only_covered"),
        ShareColumn("missed", "missed"),
        ShareColumn("merged", "merged"),
    ),
)
_DETECTIONS = SliceChart(
    "found",
    (("matched", "matched"), ("of several texts", "merged"), ("splits a text, too large or too small", "other")),
    "on no text",
    (
        ShareColumn("matched", "matched"),
        ShareColumn("merged", "merged"),
        ShareColumn("other", "other"),
        ShareColumn("invented", "invented"),
    ),
)
_WHY_TEXTS = {
    "merged": ("merged", "one detection holds it together with other texts"),
    "split": ("split", "it takes several detections to cover it"),
    "too_large": ("box too large", "a detection holds it and reaches far beyond it"),
    "too_small": ("box too small", "a detection takes in a part of it, or lies beside"),
    "no_detection": ("nothing there", "no detection is on it"),
}
_WHY_DETECTIONS = {
    "merged": ("merged", "holds several texts"),
    "split": ("split", "one of several on one text"),
    "too_large": ("too large", "reaches far beyond its text"),
    "too_small": ("too small", "takes in a part of its text, or lies beside it"),
    "repeated": ("repeated", "another one matches its text already"),
    "invented": ("invented", "on no text"),
}


@dataclass(frozen=True, eq=False)
class DetectorResults:
    """What a page says of one source.

    Attributes:
        name: of the source.
        scores: as an evaluation's JSON has them.
        texts: all texts that count, as one bin.
        detections: all detections that count, as one bin.
        text_slices: the texts by what they are like.
        detection_slices: the detections by what they are like.
        pictures: the worst first.
    """

    name: str
    scores: Mapping[str, float]
    texts: Bin
    detections: Bin
    text_slices: Sequence[Breakdown]
    detection_slices: Sequence[Breakdown]
    pictures: Sequence[WorstPicture]


def detector_page(title: str, sources: Sequence[DetectorResults]) -> str:
    """A self-contained page.

    Args:
        title: what was evaluated, on what.
        sources: at least one.
    """
    summary = merge_scores([(source.name, source.scores) for source in sources])
    sections = [scores_section(summary)]
    for source in sources:
        sections += _sections(source, f"{source.name}: " if len(sources) > 1 else "")
    pictures = [picture for source in sources for picture in source.pictures]
    sections.append(
        Section("Worst pictures", worst_pictures(pictures), "select a picture to enlarge it" if pictures else "")
    )
    return render_page("ocrmill evaluate", title, count_facts(summary), sections)


def _sections(source: DetectorResults, prefix: str) -> list[Section]:
    def heading(words: str) -> str:
        return prefix + words if prefix else words.capitalize()

    return [
        Section(heading("what goes wrong"), _causes(source)),
        Section(heading("texts by what they are like"), slice_tables(source.text_slices, _TEXTS)),
        Section(heading("detections by what they are like"), slice_tables(source.detection_slices, _DETECTIONS)),
    ]


def _causes(source: DetectorResults) -> Html:
    texts, found = source.texts, source.detections
    tables = (
        _reasons("Texts that are not matched", texts, _WHY_TEXTS),
        _reasons("Detections that match no text", found, _WHY_DETECTIONS),
    )
    return join((element("p", _verdict(texts, found), class_="verdict"), element("div", *tables, class_="slices")))


def _verdict(texts: Bin, found: Bin) -> str:
    """The main causes in plain words."""
    wrong = texts.total - texts.counts["matched"]
    told = [
        f"{texts.counts['matched']:,} of {texts.total:,} texts are matched ({format_percent(texts.fraction('matched'))})."
    ]
    if wrong:
        causes = sorted(_VERDICTS, key=lambda name: -texts.counts[name])[:2]
        shares = {name: texts.counts[name] / wrong for name in causes if texts.counts[name] >= _TOLD * wrong}
        found_out = (
            f"{texts.counts[name]:,} ({format_percent(share)}) {_VERDICTS[name]}" for name, share in shares.items()
        )
        told.append(f"Of the {wrong:,} others, {', and '.join(found_out)}.")
        covered, missed = texts.counts["only_covered"], texts.counts["missed"]
        told.append(f"{covered:,} of them are covered by detections all the same, {missed:,} are missed.")
    if found.total:
        told.append(
            f"Of {found.total:,} detections {found.counts['merged']:,} ({format_percent(found.fraction('merged'))}) hold several "
            f"texts, and {found.counts['invented']:,} ({format_percent(found.fraction('invented'))}) are on no text."
        )
    return " ".join(told)


_TOLD = 0.1  # a cause of a smaller share is not worth a sentence
_VERDICTS = {
    "merged": "lie in one detection with other texts: boxes are drawn around lines, labels around less",
    "split": "are covered by several detections each: boxes are drawn around less than labels",
    "too_large": "have a detection that is too large to match",
    "too_small": "have a detection that is too small to match, or lies beside",
    "no_detection": "have no detection on them",
}


def _reasons(title: str, total: Bin, reasons: Mapping[str, tuple[str, str]]) -> Html:
    wrong = total.total - total.counts["matched"]
    note = f"{wrong:,} of {total.total:,}"
    caption = element("figcaption", element("b", title), Html(" "), element("small", note))
    rows = (
        element(
            "tr",
            element("th", name, Html("<br>"), element("small", meaning), scope="row"),
            element("td", fill_bar(total.counts[mark] / wrong if wrong else 0.0), class_="bar"),
            element("td", f"{total.counts[mark]:,}", class_="number"),
            element("td", format_percent(total.counts[mark] / wrong) if wrong else "–", class_="number"),
            data_reason=mark,
        )
        for mark, (name, meaning) in reasons.items()
    )
    return element("figure", caption, element("table", element("tbody", *rows)), class_="chart why")
