"""The page of `ocrmill inspect` about scenes: what is odd, what is in them, and what they look like."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.pages.charts import Histogram, bars, columns
from pipelines.pages.checks import Finding
from pipelines.pages.dataset import character_tiles, findings_list, summary, title_of
from pipelines.pages.frame import Section, page
from pipelines.pages.markup import Html, element, join
from pipelines.pages.scene_facts import LEVELS, ORIGINS, Rows, SceneFacts
from pipelines.pages.scene_samples import scene_samples


def scenes_page(facts: SceneFacts, found: Sequence[Finding], rows: NDArray[np.int64]) -> str:
    """A self-contained page.

    Args:
        facts: about the scenes.
        found: by the checks, gravest first.
        rows: of the source, to show.
    """
    looked = "" if facts.looked_at == len(facts) else f"{facts.looked_at:,} of {len(facts):,} scenes looked at"
    shown = f"{len(rows):,} of {len(facts):,}, chosen at random"
    sections = [
        Section("What is odd", findings_list(found), looked),
        Section("What is in it", _statistics(facts), looked),
        Section("Samples", scene_samples(facts.source, rows), shown),
    ]
    name = facts.source.name
    about = summary("scenes", name, len(facts), facts.description, facts.statistics)
    texts = {"texts": f"{len(facts.texts):,}", "to be ignored": f"{int(facts.texts['ignore'].sum()):,}"}
    first = {key: about.pop(key) for key in ("rows",)}
    return page("ocrmill inspect", title_of(name), first | texts | about, sections)


def choose_scenes(facts: SceneFacts, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random rows among the scenes that can be read, without repetition, rising."""
    readable = facts.scenes["row"]
    return np.sort(rng.choice(readable, min(most, len(readable)), replace=False))


def _statistics(facts: SceneFacts) -> Html:
    parts = [element("div", *_histograms(facts), class_="charts")]
    parts.append(element("div", *_named(facts), class_="stacks"))
    if facts.characters:
        parts.append(character_tiles(facts.characters, None))
    return join(parts)


def _histograms(facts: SceneFacts) -> list[Html]:
    scenes, texts = facts.scenes, facts.texts
    charts = []
    if len(scenes):
        charts += [
            columns("Texts in a picture", Histogram.of(scenes["texts"])),
            columns("Width of a picture", Histogram.of(scenes["width"]), " px"),
            columns("Height of a picture", Histogram.of(scenes["height"]), " px"),
        ]
    if len(texts):
        charts += [
            columns("Height of a text", Histogram.of(texts["height"]), " px"),
            columns("Direction of a text, clockwise", Histogram.of(texts["angle"]), "°"),
            columns("Points of a polygon", Histogram.of(texts["points"])),
        ]
    read = texts[~texts["ignore"]]
    if len(read):
        charts.append(columns("Characters in a text", Histogram.of(read["length"])))
    return charts + _by_origin(texts)


def _by_origin(texts: Rows) -> list[Html]:
    """Heights of pasted, drawn and real texts, where there are several: do they suit each other?"""
    kinds = [number for number in range(len(ORIGINS)) if (texts["origin"] == number).any()]
    if len(kinds) < 2:
        return []
    return [
        columns(f"Height of a {ORIGINS[kind]} text", Histogram.of(texts["height"][texts["origin"] == kind]), " px")
        for kind in kinds
    ]


def _named(facts: SceneFacts) -> list[Html]:
    texts, total = facts.texts, len(facts.texts)
    charts = [
        bars("Levels", _counts(texts["level"], LEVELS), total),
        bars("Origins", _counts(texts["origin"], ORIGINS), total),
    ]
    if texts["ignore"].any():
        charts.append(bars("To be ignored, by origin", _counts(texts["origin"][texts["ignore"]], ORIGINS), total))
    if texts["ignore"].any() and len(np.unique(texts["level"])) > 1:
        charts.append(bars("To be ignored, by level", _counts(texts["level"][texts["ignore"]], LEVELS), total))
    if effects := facts.statistics.effects:
        charts.append(bars("Effects", effects, facts.statistics.rows))
    return charts


def _counts(numbers: NDArray[np.int64], names: Sequence[str]) -> Counter[str]:
    return +Counter({name: int((numbers == number).sum()) for number, name in enumerate(names)})
