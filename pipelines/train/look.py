"""What is seen of a step while its gradients are computed."""

import time
from collections.abc import Mapping

import torch
from torch import Tensor

from pipelines.train.group import Group


class StepLook:
    """One step of one process.

    Attributes:
        began: when, as `time.perf_counter` tells it.
        waited: seconds for data.
        keys: names of the samples.
    """

    def __init__(self) -> None:
        self.began, self.waited = time.perf_counter(), 0.0
        self.keys: list[str] = []
        self._sums: dict[str, Tensor] = {}

    def add(self, told: Mapping[str, Tensor], keys: tuple[str, ...]) -> None:
        """A batch was looked at: what was measured of it, scalars by name, and its samples."""
        for name, value in told.items():
            self._sums[name] = value.detach().double() + self._sums.get(name, 0.0)
        self.keys += keys

    def measured(self, group: Group, batches: int) -> dict[str, float]:
        """The means over the batches that the whole group looked at."""
        sums = torch.stack(list(self._sums.values())).cpu()
        group.sum([sums])
        return dict(zip(self._sums, (sums / batches).tolist(), strict=True))
