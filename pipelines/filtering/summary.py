"""What a filter kept and dropped, as a whole and by what lines are like."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.filtering.job import LinesFilter, verdicts_of
from pipelines.filtering.judge import KEPT, SPARED, TRIVIAL, UNREADABLE, covers
from pipelines.networks import TextRecognizer
from pipelines.shards import ShardPlan
from synthtext.core import InputError

MEASURES = ("corpus", "font")


@dataclass(frozen=True)
class FilterSummary:
    """What became of the lines of a source.

    Attributes:
        total: lines.
        verdicts: lines by verdict, or by the reason why they could not be judged.
        by: verdicts by name, by what lines were cut by: "corpus" and "font", if the source knows them.
        notes: what a model cannot judge, a sentence each.
    """

    total: int
    verdicts: Counter[str]
    by: Mapping[str, Mapping[str, Counter[str]]]
    notes: tuple[str, ...]

    @property
    def kept(self) -> int:
        """Lines that are there."""
        return self.verdicts[KEPT] + self.verdicts[SPARED]

    def largest(self, measure: str, most: int = 10) -> list[tuple[str, Counter[str]]]:
        """Names of which the most lines were dropped, with their verdicts."""
        cuts = [(name, counts) for name, counts in self.by.get(measure, {}).items() if _dropped(counts)]
        return sorted(cuts, key=lambda cut: (-_dropped(cut[1]), cut[0]))[:most]


def summarise(job: LinesFilter, out: Path) -> FilterSummary:
    """Sum up the verdicts in the folder of a job that is complete.

    Raises:
        InputError: verdicts that belong to its shards are gone.
    """
    columns = job.source.columns(MEASURES)
    verdicts = Counter[str]()
    by: dict[str, dict[str, Counter[str]]] = {name: {} for name in columns}
    for entry in _verdicts(job, out):
        verdicts[entry["verdict"]] += 1
        for measure, cuts in by.items():
            if name := columns[measure][entry["row"]]:
                cuts.setdefault(name, Counter())[entry["verdict"]] += 1
    return FilterSummary(len(job.source), verdicts, by, tuple(_notes(job)))


def _verdicts(job: LinesFilter, out: Path) -> Iterator[dict[str, Any]]:
    for spec in ShardPlan(len(job.source), size=job.shard_size):
        path = verdicts_of(out, spec.index)
        if not path.is_file():
            raise InputError(f"{path} is missing, so that nobody can tell what was dropped; filter into another folder")
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _notes(job: LinesFilter) -> Iterator[str]:
    for noun, recognizer, never in (("weak", job.judge.weak, TRIVIAL), ("strong", job.judge.strong, UNREADABLE)):
        if recognizer is not None:
            yield from _limits(job, noun, recognizer, never)


def _limits(job: LinesFilter, noun: str, recognizer: TextRecognizer, never: str) -> Iterator[str]:
    if recognizer.charset.folds_case:
        yield f"the {noun} model reads without regard to case"
    unknown = sum(not covers(recognizer.charset, text) for text in job.source.texts())
    if unknown:
        yield f"{unknown:,} labels have characters that the {noun} model does not know: none of them is {never} for it"


def _dropped(counts: Counter[str]) -> int:
    return counts[TRIVIAL] + counts[UNREADABLE]
