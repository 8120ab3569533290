"""New weights for one part of a recipe."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipelines.rebalance.change import Change
from pipelines.rebalance.evaluation import Slice
from pipelines.rebalance.factors import find_factors, kept_total


class Weight(NamedTuple):
    """A weight of a recipe.

    Attributes:
        key: tells it from the others of its part.
        name: of the slice whose lines it draws.
        value: at least 0.
        mass: the share of the lines that it stands for, in any unit; their total is kept.
        limit: most that mass may become; None for no limit.
    """

    key: str
    name: str
    value: float
    mass: float
    limit: float | None = None


@dataclass(frozen=True)
class Weighing:
    """What became of the weights of one part of a recipe.

    Attributes:
        part: which.
        changes: one for every weight that was looked at, hopeless ones left out.
        after: the new weights by key, only those that changed.
        hopeless: slices that are misread whatever is done: their weights are as they were.
        unknown: names of slices that nothing in the recipe draws.
    """

    part: str
    changes: tuple[Change, ...] = ()
    after: Mapping[str, float] = field(default_factory=dict)
    hopeless: tuple[Slice, ...] = ()
    unknown: tuple[str, ...] = ()


def weigh(part: str, slices: Iterable[Slice], weights: Sequence[Weight], strength: float) -> Weighing:
    """Find new weights for one part of a recipe; see `find_factors`.

    Weights of one name share their factor; those of which there is no slice stay as they are.

    Args:
        part: which.
        slices: of one measure.
        weights: as they are.
        strength: 0 to 1.
    """
    cuts = list(slices)
    names = {weight.name for weight in weights}
    found = find_factors([cut for cut in cuts if cut.name in names], strength)
    factors = {factor.cut.name: factor for factor in found if not factor.hopeless}
    mine = [weight for weight in weights if weight.name in factors]
    limits = {weight.key: weight.limit for weight in mine if weight.limit is not None}
    values = kept_total(
        {weight.key: factors[weight.name].value for weight in mine}, {w.key: w.mass for w in mine}, limits or None
    )
    repeated = Counter(weight.name for weight in mine)
    changes, after = [], {}
    for weight in mine:
        new = _rounded(weight.value * values[weight.key]) if values[weight.key] != 1 else weight.value
        cut = factors[weight.name].cut
        name = f"{weight.name} ({weight.key})" if repeated[weight.name] > 1 else weight.name
        changes.append(Change(part, name, cut.total, cut.wrong, weight.value, new))
        if new != weight.value:
            after[weight.key] = new
    return Weighing(
        part,
        tuple(changes),
        after,
        tuple(factor.cut for factor in found if factor.hopeless),
        tuple(cut.name for cut in cuts if cut.name not in names),
    )


def _rounded(weight: float) -> float:
    return float(f"{weight:.4g}")
