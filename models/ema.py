"""The exponential moving average of a network's weights, which is validated and saved."""

from copy import deepcopy

import torch
from torch import nn


class ExponentialMovingAverage:
    """An exponential moving average of parameters and buffers, with a decay that warms up.

    Args:
        model: the network to average.
        decay: fraction of the average that an update keeps after the warm-up, 0 to below 1.

    Attributes:
        model: the averaged network, in evaluation mode and without gradients.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.model = deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module, updates: int) -> None:
        """Update the average; `updates` is the number of earlier updates."""
        keep = ema_decay_with_warmup(self.decay, updates)
        for average, current in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(current, 1 - keep)
            else:
                average.copy_(current)


def ema_decay_with_warmup(decay: float, updates: int) -> float:
    """Return the decay after some updates t, min(decay, (1 + t) / (10 + t)): initial weights lose influence quickly."""
    return min(decay, (1 + updates) / (10 + updates))
