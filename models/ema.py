"""The exponential moving average of a network's weights: what is validated and kept."""

from copy import deepcopy

import torch
from torch import nn


class ExponentialMovingAverage:
    """Follows a network, buffers included; starts quickly and slows down to its decay.

    Args:
        model: the network to follow.
        decay: share of the old average that an update keeps in the long run, 0 to below 1.

    Attributes:
        model: the averaged network, in evaluation mode and without gradients.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.model = deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module, updates: int) -> None:
        """Move towards `model`, `updates` being the number of updates before this one."""
        keep = ema_decay_with_warmup(self.decay, updates)
        for average, current in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(current, 1 - keep)
            else:
                average.copy_(current)


def ema_decay_with_warmup(decay: float, updates: int) -> float:
    """The decay after so many updates: min(decay, (1 + t) / (10 + t)), so that the first weights are soon forgotten."""
    return min(decay, (1 + updates) / (10 + updates))
