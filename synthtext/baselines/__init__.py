from dataclasses import dataclass
from typing import ClassVar, Protocol

from synthtext.core import Box, Parameters, Warp


class Baseline(Protocol):
    vertical: ClassVar[bool]

    def draw(self, rng, ink): ...
    def warp(self, ink, parameters): ...


@dataclass(frozen=True)
class Straight:
    vertical: ClassVar[bool] = False

    def draw(self, rng, ink):
        return {}

    def warp(self, ink, parameters):
        return Warp()


@dataclass(frozen=True)
class Vertical:
    vertical: ClassVar[bool] = True

    def draw(self, rng, ink):
        return {}

    def warp(self, ink, parameters):
        return Warp()


__all__ = ["Baseline", "Straight", "Vertical"]
