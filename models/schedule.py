"""Learning rates over the steps of a training, as pure functions."""

import math


def warmed_up_cosine(step: int, warmup: int, length: int, final: float = 0.0) -> float:
    """A factor that rises from 0 in a straight line and then falls along half a cosine.

    The released configuration counts `length` without taking the warm-up off (PP-OCRv2, released configuration), so
    that its curve ends a little early; training here passes the steps that are left after the warm-up.

    Args:
        step: from 0.
        warmup: steps of the rise.
        length: steps of the fall.
        final: factor at its end, 0 to 1; it stays there.
    """
    if step < warmup:
        return step / warmup
    done = min((step - warmup) / max(length, 1), 1.0)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))
