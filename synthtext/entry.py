"""A part of a design that is drawn by weight."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Entry(Generic[T_co]):
    """A corpus, baseline, paper, layout or style, the name it is recorded under, and how often it is used."""

    name: str
    part: T_co
    weight: float = 1.0
