"""The page of `ocrmill inspect`: what is odd about a data set, what is in it, and what it looks like."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipelines.io.description import DatasetDescription
from pipelines.io.location import RemotePath
from pipelines.io.paths import parse_path
from pipelines.io.statistics import BIN_WIDTH, Statistics
from pipelines.reports.charts import Histogram, bar_chart, character_grid, histogram_chart
from pipelines.reports.line_checks import Finding
from pipelines.reports.line_facts import LineProfile
from pipelines.reports.page import Html, Section, element, escape, join, render_page, user_text
from pipelines.reports.samples import LineExample, sample_grid
from synthtext.core import Charset

_TILES = 240
"""Most characters that are shown with their counts."""


def dataset_page(facts: LineProfile, found: Sequence[Finding], examples: Sequence[LineExample]) -> str:
    """A self-contained page.

    Args:
        facts: about the data set.
        found: by the checks, gravest first.
        examples: lines to show.
    """
    looked = (
        ""
        if len(facts.image_stats) == len(facts)
        else f"pictures: {len(facts.image_stats):,} of {len(facts):,} looked at"
    )
    shown = f"{len(examples):,} of {len(facts):,}, chosen at random"
    sections = [
        Section("What is odd", findings_list(found), looked),
        Section("What is in it", _statistics(facts)),
        Section("Samples", sample_grid(examples), shown),
    ]
    return render_page("ocrmill inspect", page_title(facts.source.name), _summary(facts), sections)


def page_title(name: str) -> str:
    """What a page about the source at this path or URI is called."""
    path = parse_path(name)
    if isinstance(path, RemotePath):
        return path.name or path.bucket
    resolved = path.resolve()
    return resolved.name if resolved.is_dir() else f"{resolved.parent.name}/{resolved.name}"


def _summary(facts: LineProfile) -> dict[str, str]:
    return summary_facts("lines", facts.source.name, len(facts), facts.description, facts.statistics)


def summary_facts(
    kind: str, path: str, rows: int, about: DatasetDescription | None, statistics: Statistics
) -> dict[str, str]:
    """The facts above everything else, by name.

    Args:
        kind: what the rows are.
        path: of the source.
        rows: how many there are.
        about: what a data set of ours says of itself.
        statistics: of its finished shards.
    """
    known = {"rows": f"{rows:,}"}
    if about:
        known |= {
            "kind": about.kind,
            "made from": about.source,
            "seed": "none" if about.seed is None else str(about.seed),
            "samples": f"{about.start:,} to {about.start + about.count - 1:,}",
            "gaps": f"{statistics.skipped_count:,}",
            "charset": f"{len(about.charset):,} characters",
            "shards": f"{about.format}{'' if about.complete else ', not complete'}",
            "digest": about.digest[:16],
        }
    else:
        known |= {"kind": kind}
    return known | {"path": path}


def findings_list(found: Sequence[Finding]) -> Html:
    """What was found, and what was looked for in vain."""
    odd = [finding for finding in found if finding.severity != "fine"]
    fine = [finding.check for finding in found if finding.severity == "fine"]
    listed = element("ul", *map(_finding, odd), class_="findings") if odd else ""
    calm = element("p", element("span", "fine", class_="level fine"), f" looked for and not found: {', '.join(fine)}")
    return join((listed, element("div", calm, class_="calm") if fine else ""))


def _finding(finding: Finding) -> Html:
    examples = (element("li", user_text(example)) for example in finding.examples)
    return element(
        "li",
        element("span", finding.severity, class_=f"level {finding.severity}"),
        element("b", finding.check),
        element(
            "div",
            escape(finding.message),
            element("ul", *examples, class_="examples") if finding.examples else "",
        ),
    )


def _statistics(facts: LineProfile) -> Html:
    parts = [element("div", *_histograms(facts), class_="charts")]
    if named := _named(facts):
        parts.append(element("div", *named, class_="stacks"))
    return join((*parts, character_tiles(facts.label_stats.characters, facts.charset)))


def _histograms(facts: LineProfile) -> list[Html]:
    width, height = facts.sizes.T
    charts = [
        histogram_chart("Characters in a label", Histogram.of(facts.label_stats.lengths)),
        histogram_chart("Width of a picture", Histogram.of(width), " px"),
        histogram_chart("Height of a picture", Histogram.of(height), " px"),
        histogram_chart("Width at height 32, in time steps", Histogram.of(facts.steps)),
        histogram_chart(
            "Spread of luminance", Histogram.of(np.nan_to_num(facts.image_stats.luminance_range).astype(np.int64))
        ),
    ]
    if contrasts := facts.statistics.contrasts:
        charts.append(histogram_chart("Contrast of ink and paper", Histogram.from_bins(contrasts, BIN_WIDTH)))
    return charts


def _named(facts: LineProfile) -> list[Html]:
    made = facts.statistics
    named = {"Fonts": made.fonts, "Texts from": made.corpora, "Scripts": made.scripts, "Effects": made.effects}
    return [bar_chart(title, counts, made.rows) for title, counts in named.items() if counts]


def character_tiles(characters: Counter[str], charset: Charset | None) -> Html:
    """Characters with how often each occurs; those of the charset that never do, last."""
    ordered = characters.most_common()
    if charset:
        ordered += [(character, 0) for character in charset if character not in characters]
    note = f"{len(characters):,} different, most frequent first"
    if len(ordered) > _TILES:
        half = _TILES // 2
        ordered = ordered[:half] + ordered[-half:]
        note += f"; the first and the last {half}"
    return character_grid("Characters", ordered, note)
