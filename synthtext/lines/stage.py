"""Stages, which advance the states of lines together, and what happens to lines that fail."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from synthtext.lines.state import LineState

Stage: TypeAlias = Callable[[Sequence[LineState]], None]
"""Advances the states in place. A state that cannot advance gets a `failure`, and later stages skip it."""


def batched(step: Stage) -> Stage:
    """Create a stage that processes all states at once. If it raises, all fail, and each is retried alone."""

    def stage(states: Sequence[LineState]) -> None:
        try:
            step(states)
        except Exception as failure:
            for state in states:
                state.failure = failure

    return stage


def per_line(step: Callable[[LineState], None], kind: Callable[[LineState], Any] | None = None) -> Stage:
    """Create a stage that processes states one by one.

    Args:
        step: Processes a state.
        kind: States of the same kind are processed one after the other, because the code and data that they use stay
            in the caches of the processor. None: in the order of the states.
    """

    def stage(states: Sequence[LineState]) -> None:
        for state in sorted(states, key=kind) if kind else states:
            try:
                step(state)
            except Exception as failure:
                state.failure = failure

    return stage


def per_line_random(name: str, step: Callable[[LineState, np.random.Generator], None]) -> dict[str, Stage]:
    """Create a stage that processes states one by one, with the random stream of the stage's name."""
    return {name: per_line(lambda state: step(state, state.streams.appearance(name)))}
