"""Charts of the results, as PNG and SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

_COLOURS = ("#1f6feb", "#8b949e")  # the first bar, the others


def bar_chart(
    path: Path,
    values: Mapping[str, float],
    label: str,
    *,
    ranges: Mapping[str, Sequence[float]] | None = None,
    log: bool = False,
) -> None:
    """Draw horizontal bars, the first one highlighted, with their values.

    Args:
        path: Path without suffix; PATH.png and PATH.svg are written.
        values: Lengths of the bars by name, from the top.
        label: Label of the axis.
        ranges: Measurements by the same names; their minimum and maximum are drawn as lines.
        log: The axis is logarithmic.
    """
    figure = Figure(figsize=(7, 0.45 * len(values) + 0.9), layout="constrained")
    axes: Any = figure.subplots()
    names = list(values)
    heights = [values[name] for name in names]
    limits = None
    if ranges is not None:
        limits = [[v - min(ranges[n]) for n, v in values.items()], [max(ranges[n]) - v for n, v in values.items()]]
    colours = [_COLOURS[0], *[_COLOURS[1]] * (len(names) - 1)]
    axes.barh(names, heights, color=colours, xerr=limits, ecolor="#30363d", capsize=2)
    for position, value in enumerate(heights):
        axes.annotate(f" {value:,.0f}", (value, position), va="center", xytext=(6, 0), textcoords="offset points")
    axes.invert_yaxis()
    axes.set_xscale("log" if log else "linear")
    axes.set_xlabel(label)
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def line_chart(path: Path, series: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str) -> None:
    """Draw lines through points (x, y) by name; PATH.png and PATH.svg are written."""
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes: Any = figure.subplots()
    for name, points in series.items():
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure as PATH.png and PATH.svg; the same figure gives the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "ocrmill", "svg.fonttype": "none"}):
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=150, metadata={"Software": ""})
