"""Breakdowns: outcomes counted in bins of an attribute. Reports show them as tables, `--slices` writes them as JSON."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

BoolArray: TypeAlias = NDArray[np.bool_]
OutcomeFlags: TypeAlias = Mapping[str, BoolArray]
"""Outcomes of N samples by name, each (N,)."""

BinOrder: TypeAlias = Literal["rising", "frequent"]

_Z_95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution


@dataclass(frozen=True)
class Bin:
    """Samples with similar values of an attribute.

    Attributes:
        label: the values in words.
        key: the values for JSON: {"lower": 8, "upper": 12} with an inclusive lower and an exclusive upper bound, of
            which one may be missing; {"value": "Latn"}; or {"value": None} for samples without a value.
        total: number of samples.
        counts: number of samples for which each flag is set.
    """

    label: str
    key: Mapping[str, float | str | None]
    total: int
    counts: Mapping[str, int]

    def fraction(self, flag: str) -> float:
        """Return the share of the samples for which a flag is set, 0 to 1."""
        return self.counts[flag] / self.total if self.total else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return key, total and counts as one JSON object."""
        return {**self.key, "total": self.total, **self.counts}


class SliceAttribute(NamedTuple):
    """An attribute of samples: its name in JSON, its title and unit on pages, and whether its values are integers."""

    key: str
    title: str
    unit: str = ""
    is_integer: bool = False


@dataclass(frozen=True)
class Breakdown:
    """Samples in bins of one attribute.

    Attributes:
        attribute: defines the bins.
        bins: none is empty. Each sample is in exactly one bin, unless `overlap`.
        order: of the bins: "rising" values, or "frequent" values first.
        overlap: whether a sample may be in several bins, or in none.
    """

    attribute: SliceAttribute
    bins: tuple[Bin, ...]
    order: BinOrder = "rising"
    overlap: bool = False


def bin_by_number(
    attribute: SliceAttribute, values: NDArray[Any], edges: Sequence[float], flags: OutcomeFlags
) -> Breakdown:
    """Break samples down by a number.

    Args:
        attribute: the number.
        values: (N,); NaN where it is unknown.
        edges: rising. A bin contains its lower and not its upper edge; the first and the last bin are open.
        flags: of the N samples.
    """
    numbers = np.asarray(values, np.float64)
    unknown = np.isnan(numbers)
    indices = np.where(unknown, -1, np.searchsorted(edges, numbers, side="right"))
    bins = []
    for index in range(len(edges) + 1):
        lower, upper = (edges[index - 1] if index else None), (edges[index] if index < len(edges) else None)
        key = {name: edge for name, edge in (("lower", lower), ("upper", upper)) if edge is not None}
        bins.append(_count(_describe_range(lower, upper, attribute.is_integer), key, indices == index, flags))
    bins.append(_count("unknown", {"value": None}, unknown, flags))
    return Breakdown(attribute, tuple(part for part in bins if part.total))


def group_by_name(attribute: SliceAttribute, names: Sequence[str | None], flags: OutcomeFlags) -> Breakdown:
    """Break samples down by a name, the most frequent first; None and "" mean unknown."""
    return _group(attribute, [[name or None] for name in names], flags, overlap=False)


def group_by_names(attribute: SliceAttribute, names: Sequence[Collection[str]], flags: OutcomeFlags) -> Breakdown:
    """Break samples down by names of which a sample may have any number, the most frequent first."""
    return _group(attribute, names, flags, overlap=True)


def _group(
    attribute: SliceAttribute, names: Sequence[Collection[str | None]], flags: OutcomeFlags, *, overlap: bool
) -> Breakdown:
    rows: dict[str | None, list[int]] = {}
    for row, group in enumerate(names):
        for name in dict.fromkeys(group):
            rows.setdefault(name, []).append(row)
    bins = []
    for name, members in sorted(rows.items(), key=lambda entry: (entry[0] is None, -len(entry[1]), entry[0] or "")):
        mask = np.zeros(len(names), bool)
        mask[members] = True
        bins.append(_count(name or "unknown", {"value": name}, mask, flags))
    return Breakdown(attribute, tuple(bins), "frequent", overlap)


def _count(label: str, key: Mapping[str, float | str | None], mask: BoolArray, flags: OutcomeFlags) -> Bin:
    return Bin(label, key, int(mask.sum()), {name: int((flag & mask).sum()) for name, flag in flags.items()})


def _describe_range(lower: float | None, upper: float | None, is_integer: bool) -> str:
    if lower is None:
        return f"under {upper:g}"
    if upper is None:
        return f"{lower:g} and more"
    last = upper - 1 if is_integer else upper
    return f"{lower:g}" if lower == last else f"{lower:g} to {last:g}"


def count_all(flags: OutcomeFlags) -> Bin:
    """Count the flags of all samples as one bin."""
    total = len(next(iter(flags.values())))
    return _count("all", {}, np.ones(total, bool), flags)


def breakdowns_to_dict(breakdowns: Sequence[Breakdown]) -> dict[str, list[dict[str, Any]]]:
    """Return the bins of each attribute by its key, for JSON."""
    return {breakdown.attribute.key: [part.to_dict() for part in breakdown.bins] for breakdown in breakdowns}


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share, of which `count` of `total` independent samples were observed.

    It is (0, 1) for a total of 0 (Wilson 1927).
    """
    if not total:
        return 0.0, 1.0
    share, square = count / total, _Z_95**2 / total
    middle = (share + square / 2) / (1 + square)
    half = _Z_95 / (1 + square) * math.sqrt(share * (1 - share) / total + square / (4 * total))
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)  # against rounding errors
