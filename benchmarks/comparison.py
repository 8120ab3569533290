"""Tables of the ledger: scores of every arm, and confidence intervals of its difference from the baseline."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.arms import Experiments, Table
from benchmarks.ledger import Entry, find
from pipelines.config import suggest_key
from synthtext.core import InputError

DRAWS = 10_000
SEEDS = range(16)
COMBINED = "all combined"


def compared(experiments: Experiments, name: str, entries: Sequence[Entry], baseline: str | None = None) -> str:
    """Create a Markdown table with a row for every arm in the ledger.

    Differences are between means over seeds, with the 95 % interval of a paired bootstrap over images or lines, which
    does not include the variation between seeds; their spread is shown next to the score.

    Args:
        experiments: All tables.
        name: Name of the table.
        entries: Entries of the ledger.
        baseline: Arm to compare with instead of the table's own.

    Raises:
        InputError: There is no such table, or no such arm in it.
    """
    if name not in experiments.tables:
        raise InputError(f"there is no table {name!r}; {suggest_key(name, experiments.tables)}")
    table = experiments.tables[name]
    if baseline is not None:
        if baseline not in table.arms:
            raise InputError(f"there is no arm {baseline!r} in {name}; {suggest_key(baseline, table.arms)}")
        table = table.model_copy(update={"baseline": baseline})
    found = _found(table, entries)
    sections = [_of_source(table, source, found) for source in table.score]
    if table.together:
        merged = {arm: [_merged(entry, table.together) for entry in rows] for arm, rows in found.items()}
        sections.append(_of_source(table, COMBINED, merged))
    return "\n\n".join([*sections, *_other_inputs(found)])


def differences(
    table: Table, entries: Sequence[Entry], source: str, arms: Sequence[str]
) -> dict[str, tuple[float, float, float]]:
    """Return the differences of arms from the baseline in points: value, and both ends of the 95 % interval.

    Args:
        table: The arms.
        entries: Entries of the ledger.
        source: A source of the table, or `COMBINED`.
        arms: Names of arms in the ledger.
    """
    found = _found(table, entries)
    if source == COMBINED:
        found = {arm: [_merged(entry, table.together) for entry in rows] for arm, rows in found.items()}
    chief = "hmean" if "matches" in found[arms[0]][0].outcomes[source] else _CHIEF
    return {arm: _interval(found[arm], found[table.baseline], source, chief) for arm in arms}


def _found(table: Table, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    return {arm: [entry for seed in SEEDS if (entry := find(entries, arm, seed))] for arm in table.arms}


def _merged(entry: Entry, sources: Sequence[str]) -> Entry:
    """Merge the sources of lines of an entry, weighting all lines equally."""
    outcomes = "".join(entry.outcomes[source][_CHIEF] for source in sources)
    sizes = [entry.scores[source]["samples"] for source in sources]
    scores = {name: float(np.average([entry.scores[s][name] for s in sources], weights=sizes)) for name in _READ}
    scores[_CHIEF] = outcomes.count("1") / max(len(outcomes) - outcomes.count("-"), 1)
    return replace(entry, scores={COMBINED: scores}, outcomes={COMBINED: {_CHIEF: outcomes}})


def _other_inputs(found: dict[str, list[Entry]]) -> list[str]:
    """Inputs that differ between arms."""
    digests: dict[str, dict[str, list[str]]] = {}
    for arm, entries in found.items():
        for entry in entries:
            for name, digest in entry.inputs.items():
                digests.setdefault(name, {}).setdefault(digest, []).append(f"{arm} {entry.seed}")
    return [
        f"${name} differs between arms: "
        + "; ".join(f"{digest} for {', '.join(arms)}" for digest, arms in by_digest.items())
        for name, by_digest in digests.items()
        if len(by_digest) > 1
    ]


def _of_source(table: Table, source: str, found: dict[str, list[Entry]]) -> str:
    rows = {arm: rows for arm, rows in found.items() if rows}
    if not rows:
        return f"{source}: nothing yet"
    is_detector = "matches" in next(iter(rows.values()))[0].outcomes[source]
    names = ("precision", "recall", "hmean", "coverage_recall", "coverage_precision") if is_detector else _READ
    chief = "hmean" if is_detector else _CHIEF
    head = ["arm", "seeds", *names, f"{chief} less that of {table.baseline}", "samples", "CPU-seconds"]
    lines = [f"{source}:", "", _row(head), _row(["---"] * len(head))]
    baseline = rows.get(table.baseline)
    for arm, own in rows.items():
        cells = [_spread([entry.scores[source][name] for entry in own]) for name in names]
        differs = "" if baseline is None or arm == table.baseline else _difference(own, baseline, source, chief)
        spent = np.mean([entry.cpu_seconds for entry in own])
        lines.append(_row([arm, str(len(own)), *cells, differs, f"{own[0].samples:,}", f"{spent:,.0f}"]))
    return "\n".join(lines)


_CHIEF = "alphanumeric_accuracy"
_READ = ("accuracy", _CHIEF, "normalized_edit_similarity")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _spread(values: Sequence[float]) -> str:
    mean = f"{100 * np.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ({100 * min(values):.1f} to {100 * max(values):.1f})"


def _difference(own: Sequence[Entry], baseline: Sequence[Entry], source: str, chief: str) -> str:
    """The difference of the means over seeds, and its interval: "+1.2 (-0.4 to 2.8)"."""
    exact, low, high = _interval(own, baseline, source, chief)
    return f"{exact:+.1f} ({low:.1f} to {high:.1f})"


def _interval(own: Sequence[Entry], baseline: Sequence[Entry], source: str, chief: str) -> tuple[float, float, float]:
    own_counts, baseline_counts = (_counts(entries, source, chief) for entries in (own, baseline))
    size = own_counts.shape[1]
    times, once = _resampled(size), np.ones((1, size))
    samples = 100 * (_value(times, own_counts, chief) - _value(times, baseline_counts, chief))
    exact = 100 * (_value(once, own_counts, chief) - _value(once, baseline_counts, chief))[0]
    low, high = np.quantile(samples, [0.025, 0.975])
    return float(exact), float(low), float(high)


@lru_cache(maxsize=1)
def _resampled(size: int) -> NDArray[np.float64]:
    """How often each image or line occurs in every resample, (`DRAWS`, size)."""
    return np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), DRAWS).astype(np.float64)


def _counts(entries: Sequence[Entry], source: str, chief: str) -> NDArray[np.float64]:
    """(seeds, N, columns): of detectors those of `ImageMatch`; of recognizers whether a line counts, and is correct."""
    if chief == "hmean":
        return np.array([entry.outcomes[source]["matches"] for entry in entries], np.float64)
    marks = [np.array(list(entry.outcomes[source][chief])) for entry in entries]
    return np.array([np.stack([mark != "-", mark == "1"], axis=1) for mark in marks], np.float64)


def _value(times: NDArray[np.float64], counts: NDArray[np.float64], chief: str) -> NDArray[np.float64]:
    """The score (draws,), mean over seeds, of resampled images or lines; `times` is how often each occurs."""
    sums = times @ counts
    if chief == "hmean":
        truths, detections, matched = sums[..., 0], sums[..., 1], sums[..., 2]
        return np.asarray((2 * matched / np.maximum(truths + detections, 1)).mean(axis=0))
    return np.asarray((sums[..., 1] / np.maximum(sums[..., 0], 1)).mean(axis=0))
