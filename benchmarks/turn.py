"""One turn of the loop back, by slice: what a recognizer misreads before and after its lines were weighed anew.

    python -m benchmarks.turn SLICES --before RUN --after RUN --on LINES

SLICES is the evaluation that `ocrmill rebalance` made the new weights of; LINES were drawn by the unchanged recipe from
another seed, so that nothing was trained on them or weighed by them. Several RUNs of a side (seeds) are added up. Every
part of the recipe is split in two: what is drawn more often now, and what is drawn less often.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.inputs import run
from pipelines.evaluation.rebalance import rebalance_recipe
from pipelines.evaluation.rebalance_evaluation import SliceReport, read_slices
from synthtext.core import InputError

_MOVED = 1.05
"""A weight that changed by a smaller factor counts as unchanged."""

_PARTS = {"corpus": "corpus", "effect": "effect", "ink style": "style", "background": "paper", "font": "font"}
"""What parts of a recipe are called in slices."""


class Misread(NamedTuple):
    """Lines, or characters: how many, and how many of them were misread."""

    total: int
    wrong: int


def counted(slices: SliceReport) -> dict[tuple[str, str], Misread]:
    """What was misread, by part of the recipe and name."""
    found = {(part, cut.name): cut for part, key in _PARTS.items() for cut in slices.attributes.get(key, ())}
    found |= {("character", cut.name): cut for cut in slices.characters}
    found |= {("length", f"{low}-{high or ''}"): cut for low, high, cut in slices.lengths}
    found |= {("all", ""): slices.lines}
    return {place: Misread(cut.total, cut.errors) for place, cut in found.items()}


def directions(evaluation: Path) -> dict[tuple[str, str], str]:
    """Which way every weight went, by part of the recipe and name."""
    found = {("all", ""): "all lines"}
    for change in rebalance_recipe(evaluation).changes:
        moved = "more" if change.factor > _MOVED else "less" if change.factor < 1 / _MOVED else "as before"
        found[change.part, change.name] = f"{change.part}, drawn {moved}"
    return found


def evaluated(runs: Sequence[str], lines: str, folder: Path) -> Counter[tuple[str, str, str]]:
    """Totals and misreadings of several recognizers together, by part, name and which of the two."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for number, place in enumerate(runs):
        written = folder / f"{number}.json"
        run("evaluate", place, lines, "--slices", str(written))
        for (part, name), cut in counted(read_slices(written)).items():
            sums[part, name, "total"] += cut.total
            sums[part, name, "wrong"] += cut.wrong
    return sums


def table(
    evaluation: Path, before: Counter[tuple[str, str, str]], after: Counter[tuple[str, str, str]]
) -> Iterator[str]:
    """The lines of a Markdown table."""
    groups: Counter[tuple[str, str]] = Counter()
    for (part, name), group in directions(evaluation).items():
        for side, sums in (("before", before), ("after", after)):
            groups[group, f"{side} wrong"] += sums[part, name, "wrong"]
            groups[group, f"{side} total"] += sums[part, name, "total"]
    yield "| what | seen | misread before | misread after | difference |"
    yield "|---|--:|--:|--:|--:|"
    for group in sorted({group for group, _ in groups}):
        seen = groups[group, "before total"]
        if seen:
            shares = [
                100 * groups[group, f"{side} wrong"] / groups[group, f"{side} total"] for side in ("before", "after")
            ]
            yield f"| {group} | {seen:,} | {shares[0]:.1f} | {shares[1]:.1f} | {shares[1] - shares[0]:+.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluation", type=Path)
    parser.add_argument("--before", action="append", required=True, metavar="RUN", help="may be given several times")
    parser.add_argument("--after", action="append", required=True, metavar="RUN", help="may be given several times")
    parser.add_argument("--on", required=True, metavar="LINES")
    options = parser.parse_args()
    try:
        with TemporaryDirectory() as folder:
            sums = [evaluated(runs, options.on, Path(folder)) for runs in (options.before, options.after)]
        print("\n".join(table(options.evaluation, *sums)))
    except InputError as error:
        sys.exit(f"benchmarks.turn: {error}")


if __name__ == "__main__":
    main()
