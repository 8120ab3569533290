"""Charts of the results, as PNG and SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    figure = _empty_figure(7, 0.45 * len(values) + 0.9)
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


def interval_chart(path: Path, rows: Mapping[str, tuple[float, float, float]], label: str) -> None:
    """Draw values with their intervals, from the top, and a line at zero; PATH.png and PATH.svg are written.

    Args:
        path: Path without suffix.
        rows: Value, lower and upper end by name; those whose interval contains zero are grey.
        label: Label of the axis.
    """
    figure = _empty_figure(7, 0.3 * len(rows) + 0.8)
    axes: Any = figure.subplots()
    axes.axvline(0, color="#30363d", linewidth=0.8)
    for name, (value, low, high) in rows.items():
        colour = _COLOURS[1] if low <= 0 <= high else _COLOURS[0]
        axes.errorbar(value, name, xerr=[[value - low], [high - value]], fmt="o", markersize=4, capsize=3, color=colour)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def group_chart(path: Path, groups: Mapping[str, Mapping[str, float]], label: str) -> None:
    """Draw vertical bars in groups; PATH.png and PATH.svg are written.

    Args:
        path: Path without suffix.
        groups: Heights of the bars by name, for each group. All groups have the same names.
        label: Label of the axis.
    """
    figure = _empty_figure(7, 3.2)
    axes: Any = figure.subplots()
    names = list(next(iter(groups.values())))
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        places = [position + (number - (len(names) - 1) / 2) * width for position in range(len(groups))]
        bars = axes.bar(places, [group[name] for group in groups.values()], width * 0.92, label=name)
        axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.set_xticks(range(len(groups)), list(groups))
    axes.set_ylabel(label)
    axes.legend(frameon=False, ncols=len(names), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def line_chart(path: Path, series: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str) -> None:
    """Draw lines through points (x, y) by name; PATH.png and PATH.svg are written."""
    figure = _empty_figure(7, 3.6)
    axes: Any = figure.subplots()
    for name, points in series.items():
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def _empty_figure(width: float, height: float) -> "Figure":
    """Return a figure of a size in inches."""
    from matplotlib.figure import Figure  # takes half a second to import

    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: "Figure", path: Path) -> None:
    """Save a figure as PATH.png and PATH.svg; the same figure gives the same bytes."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "ocrmill", "svg.fonttype": "none"}):
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=150, metadata={"Software": ""})
