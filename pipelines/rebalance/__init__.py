"""The loop back: from what a recognizer misreads to new weights in the recipe of its lines."""

from pipelines.rebalance.change import Change
from pipelines.rebalance.evaluation import LineSlices, Slice, read_slices
from pipelines.rebalance.factors import HOPELESS, LARGEST, LEAST, Factor, find_factors, kept_total
from pipelines.rebalance.job import Rebalanced, rebalance

__all__ = [
    "HOPELESS",
    "LARGEST",
    "LEAST",
    "Change",
    "Factor",
    "LineSlices",
    "Rebalanced",
    "Slice",
    "find_factors",
    "kept_total",
    "read_slices",
    "rebalance",
]
