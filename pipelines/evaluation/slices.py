"""What was counted, cut into bins by what the counted things are like: the tables of reports, and their JSON."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

BoolArray: TypeAlias = NDArray[np.bool_]
OutcomeFlags: TypeAlias = Mapping[str, BoolArray]
"""What was found out about N things, by name: each (N,)."""

BinOrder: TypeAlias = Literal["rising", "frequent"]

_NORMAL = 1.959963984540054  # of the normal distribution, 95 % lies within so many deviations


@dataclass(frozen=True)
class Bin:
    """Things that are alike.

    Attributes:
        label: says how, for people.
        key: says how, for programs: {"from": 8, "below": 12} (either may be missing), {"is": "Latn"}, or {"is": None}
            where it is not known.
        total: how many things.
        counts: for how many of them each mark holds.
    """

    label: str
    key: Mapping[str, float | str | None]
    total: int
    counts: Mapping[str, int]

    def fraction(self, mark: str) -> float:
        """For which share of the things a mark holds, 0 to 1."""
        return self.counts[mark] / self.total if self.total else 0.0

    def to_dict(self) -> dict[str, Any]:
        """For JSON: place, total and counts in one."""
        return {**self.key, "total": self.total, **self.counts}


class SliceAttribute(NamedTuple):
    """What things are cut by.

    Attributes:
        key: for programs, such as "height_seen".
        title: for people.
        unit: of numbers.
        whole: the numbers are whole ones.
    """

    key: str
    title: str
    unit: str = ""
    is_integer: bool = False


@dataclass(frozen=True)
class Breakdown:
    """Things cut into bins by one attribute.

    Attributes:
        attribute: which.
        bins: none is empty. Every thing is in one of them, unless `overlap`.
        overlap: a thing may be in several bins, or in none.
        order: of the bins: "rising", or "frequent" ones first.
    """

    attribute: SliceAttribute
    bins: tuple[Bin, ...]
    order: BinOrder = "rising"
    overlap: bool = False


def bin_by_number(
    attribute: SliceAttribute, values: NDArray[Any], edges: Sequence[float], flags: OutcomeFlags
) -> Breakdown:
    """Cut by a number.

    Args:
        attribute: what the number is.
        values: (N,); NaN where it is not known.
        edges: rising; a bin holds what is at least at its edge and below the next one; what is below the first and what
            is above the last are bins too.
        marks: of the N things.
    """
    numbers = np.asarray(values, np.float64)
    unknown = np.isnan(numbers)
    places = np.where(unknown, -1, np.searchsorted(edges, numbers, side="right"))
    bins = []
    for number in range(len(edges) + 1):
        low, high = (edges[number - 1] if number else None), (edges[number] if number < len(edges) else None)
        place = {name: edge for name, edge in (("from", low), ("below", high)) if edge is not None}
        bins.append(_bin(_range(low, high, attribute.is_integer), place, places == number, flags))
    bins.append(_bin("not known", {"is": None}, unknown, flags))
    return Breakdown(attribute, tuple(cut for cut in bins if cut.total))


def group_by_name(attribute: SliceAttribute, names: Sequence[str | None], flags: OutcomeFlags) -> Breakdown:
    """Cut by a name, the most frequent first; None or empty where it is not known."""
    return _by_groups(attribute, [[name or None] for name in names], flags, overlap=False)


def group_by_names(attribute: SliceAttribute, names: Sequence[Collection[str]], flags: OutcomeFlags) -> Breakdown:
    """Cut by names of which a thing may have several, or none, the most frequent first."""
    return _by_groups(attribute, names, flags, overlap=True)


def _by_groups(
    attribute: SliceAttribute, names: Sequence[Collection[str | None]], flags: OutcomeFlags, *, overlap: bool
) -> Breakdown:
    rows: dict[str | None, list[int]] = {}
    for row, group in enumerate(names):
        for name in dict.fromkeys(group):
            rows.setdefault(name, []).append(row)
    bins = []
    for name, mine in sorted(rows.items(), key=lambda entry: (entry[0] is None, -len(entry[1]), entry[0] or "")):
        chosen = np.zeros(len(names), bool)
        chosen[mine] = True
        bins.append(_bin(name or "not known", {"is": name}, chosen, flags))
    return Breakdown(attribute, tuple(bins), "frequent", overlap)


def _bin(label: str, place: Mapping[str, float | str | None], chosen: BoolArray, flags: OutcomeFlags) -> Bin:
    counts = {name: int((flags & chosen).sum()) for name, flags in flags.items()}
    return Bin(label, place, int(chosen.sum()), counts)


def _range(low: float | None, high: float | None, whole: bool) -> str:
    """A bin in words; what is below an edge ends one before it among whole numbers."""
    if low is None:
        return f"under {high:g}"
    if high is None:
        return f"{low:g} and more"
    last = high - 1 if whole else high
    return f"{low:g}" if low == last else f"{low:g} to {last:g}"


def breakdowns_to_dict(slicings: Sequence[Breakdown]) -> dict[str, list[dict[str, Any]]]:
    """For JSON: the bins of every attribute by its key."""
    return {slicing.attribute.key: [cut.to_dict() for cut in slicing.bins] for slicing in slicings}


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """Where a share lies with 95 % confidence when `count` of `total` things were counted, which do not hang together.

    0 to 1 for a total of 0 (Wilson 1927).
    """
    if not total:
        return 0.0, 1.0
    share, square = count / total, _NORMAL**2 / total
    middle = (share + square / 2) / (1 + square)
    half = _NORMAL / (1 + square) * math.sqrt(share * (1 - share) / total + square / (4 * total))
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)  # rounding puts neither beyond it
