"""The exponential moving average of a network's weights, which is validated and saved."""

from copy import deepcopy

import torch
from torch import nn


class ExponentialMovingAverage:
    """An exponential moving average of parameters and buffers, with a decay that warms up.

    Args:
        model: the network to average. Its tensors are changed in place, and never replaced by others.
        decay: fraction of the average that an update keeps after the warm-up, 0 to below 1.

    Attributes:
        model: the averaged network, in evaluation mode and without gradients.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.model = deepcopy(model).eval().requires_grad_(False)
        # Collected once: small networks would spend more time on collecting them than on averaging.
        tensors = list(zip(self.model.state_dict().values(), model.state_dict().values(), strict=True))
        self._averaged = [pair for pair in tensors if pair[0].is_floating_point()]
        self._copied = [pair for pair in tensors if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Update the average; `updates` is the number of earlier updates."""
        keep = ema_decay_with_warmup(self.decay, updates)
        for average, current in self._averaged:
            average.lerp_(current, 1 - keep)
        for average, current in self._copied:
            average.copy_(current)


def ema_decay_with_warmup(decay: float, updates: int) -> float:
    """Return the decay after some updates t, min(decay, (1 + t) / (10 + t)): initial weights lose influence quickly."""
    return min(decay, (1 + updates) / (10 + updates))
