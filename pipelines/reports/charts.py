"""Data of the charts that `charts.html` draws."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_COLUMNS = 32
"""Maximum number of columns of a histogram."""

MAX_TILES = 240
"""Maximum number of characters that are shown with their counts."""

_MAX_BARS = 12  # names of a bar chart
_TAIL = 0.995  # values above this quantile share the last column, so that outliers do not compress the others


@dataclass(frozen=True)
class Histogram:
    """Counts of integers in columns of equal width.

    Attributes:
        title: Title of the chart.
        unit: Unit of the values, with a leading space if it needs one.
        start: Lowest value of the first column.
        step: Width of a column.
        counts: Count of each column.
        highest: Highest value; values beyond the last column are counted in it.
        median: Median of the values, as text.
    """

    title: str
    unit: str
    start: int
    step: int
    counts: tuple[int, ...]
    highest: int
    median: str

    @classmethod
    def from_values(
        cls, title: str, values: NDArray[np.int64], unit: str = "", max_columns: int = MAX_COLUMNS
    ) -> "Histogram":
        """Count at least one value in the narrowest columns that `max_columns` allows."""
        low, high = int(values.min()), int(np.quantile(values, _TAIL, method="higher"))
        step = -(-(high - low + 1) // max_columns)
        counts = np.bincount(np.minimum((values - low) // step, (high - low) // step))
        return cls(title, unit, low, step, tuple(counts.tolist()), int(values.max()), f"{np.median(values):g}")

    @classmethod
    def from_bins(cls, title: str, counts: Mapping[int, int], step: int) -> "Histogram":
        """Use the counts of at least one bin of width `step`, by the lowest value of each bin."""
        edges = range(min(counts), max(counts) + 1, step)
        columns = tuple(counts.get(edge, 0) for edge in edges)
        running = np.cumsum(columns)
        middle = edges[int(np.searchsorted(running, running[-1] / 2))]
        return cls(title, "", edges[0], step, columns, edges[-1] + step - 1, f"{middle} to {middle + step - 1}")

    def label(self, column: int) -> str:
        """Return the range of the values in a column."""
        low = self.start + column * self.step
        high = low + self.step - 1
        if column == len(self.counts) - 1:
            if self.highest > high:
                return f"{low} or more"
            high = self.highest
        return str(low) if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class HistogramPair:
    """Distributions of two sets of numbers over the same columns.

    Attributes:
        title: Title of the chart.
        unit: Unit of the values.
        low: Start of the first column, as text; lower values are counted in it.
        high: End of the last column, as text; higher values are counted in it.
        log: The columns have equal ratios rather than equal widths.
        first: Shares of the first set by column, over the largest share of both, 0 to 1.
        second: The same for the second set.
    """

    title: str
    unit: str
    low: str
    high: str
    log: bool
    first: tuple[float, ...]
    second: tuple[float, ...]

    @classmethod
    def from_values(
        cls, title: str, unit: str, first: NDArray[np.float64], second: NDArray[np.float64], *, log: bool = False
    ) -> "HistogramPair":
        """Count two sets of at least one value; one percent at either end shares the outermost columns."""
        scaled = [np.log2(np.maximum(values, 1e-3)) if log else values for values in (first, second)]
        low = min(float(np.percentile(values, 1)) for values in scaled)
        high = max(float(np.percentile(values, 99)) for values in scaled)
        edges = np.linspace(low, max(high, low + 1e-6), MAX_COLUMNS + 1)
        shares = [np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / len(values) for values in scaled]
        highest = max(float(share.max()) for share in shares)
        low, high = (float(2**edge) if log else float(edge) for edge in (edges[0], edges[-1]))
        return cls(title, unit, f"{low:.3g}", f"{high:.3g}", log, *(tuple((s / highest).tolist()) for s in shares))

    @staticmethod
    def outline(shares: Sequence[float]) -> str:
        """Return the `d` attribute of the outline of a set in a box of one unit for each column and a height of 100."""
        steps = "".join(f"V{100 - 97 * share:.1f}H{column}" for column, share in enumerate(shares, 1))
        return f"M0 100{steps}V100Z"


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart: how often a name occurs, the length of its bar and its share, both 0 to 1."""

    name: str
    count: int
    length: float
    share: float


@dataclass(frozen=True)
class BarChart:
    """The most frequent names, and all others in one row."""

    title: str
    num_names: int
    bars: tuple[Bar, ...]

    @classmethod
    def from_counts(cls, title: str, counts: Mapping[str, int], total: int) -> "BarChart":
        """Show counts by name as shares of `total`."""
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        shown, others = ordered[:_MAX_BARS], ordered[_MAX_BARS:]
        longest, total = max((count for _, count in shown), default=1), max(total, 1)
        bars = [Bar(name or "none", count, count / longest, count / total) for name, count in shown]
        if others:
            rest = sum(count for _, count in others)
            bars.append(Bar(f"{len(others):,} more", rest, 0.0, rest / total))
        return cls(title, len(ordered), tuple(bars))


@dataclass(frozen=True)
class CharacterGrid:
    """Characters with their counts, most frequent first, and a note about what is shown."""

    counts: tuple[tuple[str, int], ...]
    note: str

    @classmethod
    def from_counts(cls, characters: Counter[str], charset: Iterable[str] = ()) -> "CharacterGrid":
        """Show the counts of characters; characters of the charset that do not occur come last."""
        counts = characters.most_common() + [(c, 0) for c in charset if c not in characters]
        note, half = f"{len(characters):,} different, most frequent first", MAX_TILES // 2
        if len(counts) > MAX_TILES:
            counts = counts[:half] + counts[-half:]
            note += f"; the first and the last {half}"
        return cls(tuple(counts), note)


@dataclass(frozen=True)
class LineChart:
    """Values of several series at the same whole numbers from 0.

    Attributes:
        title: Title of the chart.
        top: Value at the top of the chart.
        bottom: Value at the bottom.
        series: Name and points of each series; points (x, y) are in a box of `width` by 100, y downwards.
        width: Width of the box: the greatest number.
    """

    title: str
    top: float
    bottom: float
    series: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    width: float

    @classmethod
    def from_series(cls, title: str, series: Mapping[str, Sequence[float]], floor: float = 0.0) -> "LineChart":
        """Draw series of equal lengths, from `floor` or the lowest value up to the highest value."""
        values = [value for one in series.values() for value in one]
        bottom, top = min(floor, *values), max(*values, floor + 1e-6)
        scaled = tuple(
            (name, tuple((float(x), 100 * (top - value) / (top - bottom)) for x, value in enumerate(one)))
            for name, one in series.items()
        )
        return cls(title, top, bottom, scaled, float(max(len(one) for one in series.values()) - 1) or 1.0)

    @staticmethod
    def path(points: Sequence[tuple[float, float]]) -> str:
        """Return the `d` attribute of the line through points."""
        return "M" + "L".join(f"{x:g} {y:.1f}" for x, y in points)
