"""Learning-rate schedules as pure functions of the step.

Each returns a factor that rises linearly from 0 to 1 at step `warmup_steps` and then follows its curve. The released
configuration of PP-OCRv2 does not subtract the warm-up from the length of a curve, so that training ends before the
curve; training here passes the steps that remain after the warm-up.
"""

import math
from collections.abc import Sequence


def cosine_with_warmup(step: int, warmup_steps: int, decay_steps: int, final_factor: float = 0.0) -> float:
    """Return a factor that decays along half a cosine.

    Args:
        step: from 0.
        warmup_steps: steps of the warm-up.
        decay_steps: steps of the decay.
        final_factor: factor at the end of the decay and after it, 0 to 1.
    """
    if step < warmup_steps:
        return step / warmup_steps
    return final_factor + (1 - final_factor) * 0.5 * (
        1 + math.cos(math.pi * _fraction(step - warmup_steps, decay_steps))
    )


def polynomial_with_warmup(
    step: int, warmup_steps: int, decay_steps: int, final_factor: float = 0.0, power: float = 1.0
) -> float:
    """Return a factor that decays as (1 - fraction of the steps)^power.

    Args:
        step: from 0.
        warmup_steps: steps of the warm-up.
        decay_steps: steps of the decay.
        final_factor: factor at the end of the decay and after it, 0 to 1.
        power: above 0; 1 is linear.
    """
    if step < warmup_steps:
        return step / warmup_steps
    return final_factor + (1 - final_factor) * math.pow(1 - _fraction(step - warmup_steps, decay_steps), power)


def piecewise_with_warmup(step: int, warmup_steps: int, milestones: Sequence[tuple[float, float]]) -> float:
    """Return a factor that is constant between milestones.

    Args:
        step: from 0.
        warmup_steps: steps of the warm-up.
        milestones: pairs of a step after the warm-up, increasing, and the factor from that step on.
    """
    if step < warmup_steps:
        return step / warmup_steps
    return next((factor for at, factor in reversed(milestones) if at <= step - warmup_steps), 1.0)


def _fraction(step: int, decay_steps: int) -> float:
    return min(step / max(decay_steps, 1), 1.0)
