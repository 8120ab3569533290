"""The pages of `ocrmill inspect`: problems, statistics and samples of a dataset."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.line_profile import LineExample, LineProfile
from pipelines.datasets.rectify import line_size, to_line_polygon
from pipelines.datasets.scene_profile import LEVELS, ORIGINS, SceneProfile
from pipelines.io.statistics import BIN_WIDTH
from pipelines.reports.charts import BarChart, CharacterGrid, Histogram
from pipelines.reports.findings import Finding
from pipelines.reports.page import render_page, search_text, source_title
from synthtext.core import TextInstance

_BATCH_SIZE = 4  # scenes that are held in memory


def line_page(profile: LineProfile, findings: Sequence[Finding], examples: Sequence[LineExample]) -> str:
    """Render the page of labelled lines: findings (most severe first), statistics, and example lines."""
    inspected, total, statistics = len(profile.image_stats), len(profile), profile.statistics
    names = {"Fonts": statistics.fonts, "Corpora": statistics.corpora}
    names |= {"Scripts": statistics.scripts, "Effects": statistics.effects}
    return _render(
        "lines",
        profile,
        findings,
        {"rows": f"{total:,}"},
        sampled="" if inspected == total else f"{inspected:,} of {total:,} images inspected",
        histograms=_line_histograms(profile),
        bar_charts=[BarChart.from_counts(name, counts, statistics.rows) for name, counts in names.items() if counts],
        characters=CharacterGrid.from_counts(profile.label_stats.characters, profile.charset or ()),
        examples=examples,
        has_contrast=any(not math.isnan(example.provenance.meta.contrast) for example in examples),
        has_clusters=any(len(example.provenance.clusters) for example in examples),
    )


def _render(
    kind: str,
    profile: LineProfile | SceneProfile,
    findings: Sequence[Finding],
    counts: dict[str, str],
    **context: object,
) -> str:
    """Render the page of either kind; the values below its title are the counts and what describes the dataset."""
    name, description = profile.source.name, profile.description
    facts = counts | {"kind": kind}
    if description:
        facts |= {
            "source": description.source,
            "seed": "none" if description.seed is None else str(description.seed),
            "samples": f"{description.start:,} to {description.start + description.count - 1:,}",
            "skipped": f"{profile.statistics.skipped_count:,}",
            "charset": f"{len(description.charset):,} characters",
            "shards": f"{description.format}{'' if description.complete else ', incomplete'}",
            "digest": description.digest[:16],
        }
    if unreadable := profile.statistics.unreadable_share:
        facts["unreadable"] = f"{unreadable:.1%} of the drawn lines, drawn again"
    facts["path"] = name
    title, total = source_title(name), len(profile)
    return render_page(f"{kind}.html", "ocrmill inspect", title, facts, findings=findings, total=total, **context)


def _line_histograms(profile: LineProfile) -> list[Histogram]:
    width, height = profile.sizes.T
    luminance = np.nan_to_num(profile.image_stats.luminance_range).astype(np.int64)
    charts = [
        Histogram.from_values("Characters per label", profile.label_stats.lengths),
        Histogram.from_values("Image width", width, " px"),
        Histogram.from_values("Image height", height, " px"),
        Histogram.from_values("Time steps at height 32", profile.steps),
        Histogram.from_values("Luminance range", luminance),
    ]
    if contrasts := profile.statistics.contrasts:
        charts.append(Histogram.from_bins("Contrast of ink and background", contrasts, BIN_WIDTH))
    return charts


def scene_page(profile: SceneProfile, findings: Sequence[Finding], rows: NDArray[np.int64]) -> str:
    """Render the page of labelled scenes: findings (most severe first), statistics, and the scenes of some rows."""
    counts = {
        "rows": f"{len(profile):,}",
        "texts": f"{len(profile.texts):,}",
        "ignored": f"{int(profile.texts['ignore'].sum()):,}",
    }
    sampled = "" if profile.sampled == len(profile) else f"{profile.sampled:,} of {len(profile):,} scenes inspected"
    return _render(
        "scenes",
        profile,
        findings,
        counts,
        sampled=sampled,
        histograms=_scene_histograms(profile),
        bar_charts=_scene_bars(profile),
        characters=CharacterGrid.from_counts(profile.characters) if profile.characters else None,
        cards=_scene_cards(profile, rows),
        num_cards=len(rows),
    )


def _scene_cards(profile: SceneProfile, rows: NDArray[np.int64]) -> Iterator[dict[str, object]]:
    """Yield the variables of each scene on the page."""
    for start in range(0, len(rows), _BATCH_SIZE):
        for scene in profile.source.read(rows[start : start + _BATCH_SIZE]):
            # Words come last: they lie on top, where the pointer finds them.
            texts = sorted(scene.instances, key=lambda text: ("block", "line", "word").index(text.level))
            outlines = [(_outline_class(text), text) for text in texts]
            kinds = {name for kind, text in outlines for name in (kind, text.level, text.origin.kind)}
            yield {
                "scene": scene,
                "outlines": outlines,
                "heights": [min(line_size(to_line_polygon(text.polygon))) for text in texts if not text.ignore],
                "listed": [t for t in scene.instances if not (t.ignore and t.text in ("", "*", "###"))],
                "search_text": search_text(*(t.text for t in texts), *sorted(kinds), *scene.problems, scene.key),
            }


def _outline_class(text: TextInstance) -> str:
    if text.ignore:
        return "ignored"
    return "pasted" if text.origin.kind == "pasted" else text.level


def _scene_histograms(profile: SceneProfile) -> list[Histogram]:
    scenes, texts = profile.scenes, profile.texts
    charts = [
        ("Texts per image", scenes["texts"], ""),
        ("Image width", scenes["width"], " px"),
        ("Image height", scenes["height"], " px"),
        ("Text height", texts["height"], " px"),
        ("Text direction, clockwise", texts["angle"], "°"),
        ("Polygon points", texts["points"], ""),
        ("Characters per text", texts["length"][~texts["ignore"]], ""),
    ]
    by_origin = [(name, texts["height"][texts["origin"] == index]) for index, name in enumerate(ORIGINS)]
    if sum(len(heights) > 0 for _, heights in by_origin) > 1:  # do pasted and rendered texts have similar heights?
        charts += [(f"Text height, {name}", heights, " px") for name, heights in by_origin]
    return [Histogram.from_values(title, values, unit) for title, values, unit in charts if len(values)]


def _scene_bars(profile: SceneProfile) -> list[BarChart]:
    texts, total = profile.texts, len(profile.texts)
    ignored = texts[texts["ignore"]]
    charts = [
        ("Levels", _count_names(texts["level"], LEVELS), total),
        ("Origins", _count_names(texts["origin"], ORIGINS), total),
    ]
    if len(ignored):
        charts.append(("Ignored texts by origin", _count_names(ignored["origin"], ORIGINS), total))
        if len(np.unique(texts["level"])) > 1:
            charts.append(("Ignored texts by level", _count_names(ignored["level"], LEVELS), total))
    if effects := profile.statistics.effects:
        charts.append(("Effects", effects, profile.statistics.rows))
    return [BarChart.from_counts(title, counts, whole) for title, counts, whole in charts]


def _count_names(indices: NDArray[np.int64], names: Sequence[str]) -> Counter[str]:
    return +Counter({name: int((indices == index).sum()) for index, name in enumerate(names)})
