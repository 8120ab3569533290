"""Learning rates over the steps of a training, as pure functions.

Each gives a factor: it rises from 0 to 1 in a straight line, in step `warmup` it is 1, and then its curve begins. The
released configuration counts a curve's length without taking the warm-up off (PP-OCRv2, released configuration), so
that it ends a little early; training here passes the steps that are left after the warm-up.
"""

import math
from collections.abc import Sequence


def cosine_with_warmup(step: int, warmup_steps: int, decay_steps: int, final_factor: float = 0.0) -> float:
    """A factor that falls along half a cosine.

    Args:
        step: from 0.
        warmup: steps of the rise.
        length: steps of the fall.
        final_factor: factor at its end, 0 to 1; it stays there.
    """
    if step < warmup_steps:
        return step / warmup_steps
    return final_factor + (1 - final_factor) * 0.5 * (1 + math.cos(math.pi * _done(step - warmup_steps, decay_steps)))


def polynomial_with_warmup(
    step: int, warmup_steps: int, decay_steps: int, final_factor: float = 0.0, power: float = 1.0
) -> float:
    """A factor that falls as (1 - share of the steps)^power: in a straight line, or with a long end.

    Args:
        step: from 0.
        warmup: steps of the rise.
        length: steps of the fall.
        final_factor: factor at its end, 0 to 1; it stays there.
        power: above 0; 1 is the straight line.
    """
    if step < warmup_steps:
        return step / warmup_steps
    return final_factor + (1 - final_factor) * math.pow(1 - _done(step - warmup_steps, decay_steps), power)


def piecewise_with_warmup(step: int, warmup_steps: int, drops: Sequence[tuple[float, float]]) -> float:
    """A factor that changes at certain steps and stays in between.

    Args:
        step: from 0.
        warmup: steps of the rise.
        drops: at which step after the warm-up, rising, and the factor from that step on.
    """
    if step < warmup_steps:
        return step / warmup_steps
    return next((factor for at, factor in reversed(drops) if at <= step - warmup_steps), 1.0)


def _done(step: int, decay_steps: int) -> float:
    return min(step / max(decay_steps, 1), 1.0)
