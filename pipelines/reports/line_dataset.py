"""The page of `ocrmill inspect`: what is odd about a data set, what is in it, and what it looks like."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipelines.io.description import Description
from pipelines.io.location import Location
from pipelines.io.paths import place
from pipelines.io.statistics import BIN, Statistics
from pipelines.reports.charts import Histogram, bars, columns, tiles
from pipelines.reports.line_checks import Finding
from pipelines.reports.line_facts import Facts
from pipelines.reports.page import Html, Section, element, escape, join, page, user_text
from pipelines.reports.samples import Example, samples
from synthtext.core import Charset

_TILES = 240
"""Most characters that are shown with their counts."""


def dataset_page(facts: Facts, found: Sequence[Finding], examples: Sequence[Example]) -> str:
    """A self-contained page.

    Args:
        facts: about the data set.
        found: by the checks, gravest first.
        examples: lines to show.
    """
    looked = "" if len(facts.look) == len(facts) else f"pictures: {len(facts.look):,} of {len(facts):,} looked at"
    shown = f"{len(examples):,} of {len(facts):,}, chosen at random"
    sections = [
        Section("What is odd", findings_list(found), looked),
        Section("What is in it", _statistics(facts)),
        Section("Samples", samples(examples), shown),
    ]
    return page("ocrmill inspect", title_of(facts.source.name), _summary(facts), sections)


def title_of(name: str) -> str:
    """What a page about the source at this path or URI is called."""
    path = place(name)
    if isinstance(path, Location):
        return path.name or path.bucket
    resolved = path.resolve()
    return resolved.name if resolved.is_dir() else f"{resolved.parent.name}/{resolved.name}"


def _summary(facts: Facts) -> dict[str, str]:
    return summary("lines", facts.source.name, len(facts), facts.description, facts.statistics)


def summary(kind: str, path: str, rows: int, about: Description | None, statistics: Statistics) -> dict[str, str]:
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
            "gaps": f"{statistics.gap_count:,}",
            "charset": f"{len(about.charset):,} characters",
            "shards": f"{about.format}{'' if about.complete else ', not complete'}",
            "digest": about.digest[:16],
        }
    else:
        known |= {"kind": kind}
    return known | {"path": path}


def findings_list(found: Sequence[Finding]) -> Html:
    """What was found, and what was looked for in vain."""
    odd = [finding for finding in found if finding.level != "fine"]
    fine = [finding.check for finding in found if finding.level == "fine"]
    listed = element("ul", *map(_finding, odd), class_="findings") if odd else ""
    calm = element("p", element("span", "fine", class_="level fine"), f" looked for and not found: {', '.join(fine)}")
    return join((listed, element("div", calm, class_="calm") if fine else ""))


def _finding(finding: Finding) -> Html:
    examples = (element("li", user_text(example)) for example in finding.examples)
    return element(
        "li",
        element("span", finding.level, class_=f"level {finding.level}"),
        element("b", finding.check),
        element(
            "div",
            escape(finding.says),
            element("ul", *examples, class_="examples") if finding.examples else "",
        ),
    )


def _statistics(facts: Facts) -> Html:
    parts = [element("div", *_histograms(facts), class_="charts")]
    if named := _named(facts):
        parts.append(element("div", *named, class_="stacks"))
    return join((*parts, character_tiles(facts.labels.characters, facts.charset)))


def _histograms(facts: Facts) -> list[Html]:
    width, height = facts.sizes.T
    charts = [
        columns("Characters in a label", Histogram.of(facts.labels.lengths)),
        columns("Width of a picture", Histogram.of(width), " px"),
        columns("Height of a picture", Histogram.of(height), " px"),
        columns("Width at height 32, in time steps", Histogram.of(facts.steps)),
        columns("Spread of luminance", Histogram.of(np.nan_to_num(facts.look.spread).astype(np.int64))),
    ]
    if contrasts := facts.statistics.contrasts:
        charts.append(columns("Contrast of ink and paper", Histogram.binned(contrasts, BIN)))
    return charts


def _named(facts: Facts) -> list[Html]:
    made = facts.statistics
    named = {"Fonts": made.fonts, "Texts from": made.corpora, "Scripts": made.scripts, "Effects": made.effects}
    return [bars(title, counts, made.rows) for title, counts in named.items() if counts]


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
    return tiles("Characters", ordered, note)
