"""Lines that teach nothing, left out: those that are trivial and those that cannot be read."""

from pipelines.filtering.job import LinesFilter, open_filter
from pipelines.filtering.judge import SPARED, TRIVIAL, UNREADABLE, Judge, Judgement
from pipelines.filtering.summary import FilterSummary, summarise

__all__ = [
    "SPARED",
    "TRIVIAL",
    "UNREADABLE",
    "FilterSummary",
    "Judge",
    "Judgement",
    "LinesFilter",
    "open_filter",
    "summarise",
]
