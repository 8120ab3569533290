"""Learning-rate schedules as pure functions of the step, counted from 0.

Each returns a factor that rises linearly from 0 to 1 at step `warmup_steps`. A decay then takes `decay_steps` steps and
ends at `final_factor`, 0 to 1, where the factor stays. The released configuration of PP-OCRv2 does not subtract the
warm-up from the length of a decay, so that training ends before the decay; training here passes the steps that remain
after the warm-up.
"""

import math
from collections.abc import Callable, Sequence


def cosine_with_warmup(step: int, warmup_steps: int, decay_steps: int, final_factor: float = 0.0) -> float:
    """Return a factor that decays along half a cosine."""
    return _decay(step, warmup_steps, decay_steps, final_factor, lambda done: 0.5 * (1 + math.cos(math.pi * done)))


def polynomial_with_warmup(
    step: int, warmup_steps: int, decay_steps: int, final_factor: float = 0.0, power: float = 1.0
) -> float:
    """Return a factor that decays as (1 - fraction of the steps)^power; `power` is above 0, and 1 is linear."""
    return _decay(step, warmup_steps, decay_steps, final_factor, lambda done: math.pow(1 - done, power))


def piecewise_with_warmup(step: int, warmup_steps: int, milestones: Sequence[tuple[float, float]]) -> float:
    """Return a factor that is constant between milestones: pairs of a step after the warm-up and its new factor."""
    if step < warmup_steps:
        return step / warmup_steps
    return next((factor for at, factor in reversed(milestones) if at <= step - warmup_steps), 1.0)


def _decay(
    step: int, warmup_steps: int, decay_steps: int, final_factor: float, curve: Callable[[float], float]
) -> float:
    """Return the factor of a curve that falls from 1 to 0 while the finished fraction rises from 0 to 1."""
    if step < warmup_steps:
        return step / warmup_steps
    return final_factor + (1 - final_factor) * curve(min((step - warmup_steps) / max(decay_steps, 1), 1.0))
