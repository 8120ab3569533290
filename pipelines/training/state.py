"""What is seen of a step while its gradients are computed."""

import time
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from models.ema import ExponentialMovingAverage
from models.step_sums import StepAccumulator
from pipelines.training.distributed import SingleProcess, WorkerGroup
from pipelines.training.initial_weights import BatchNormStatistics
from pipelines.training.settings import BaseTrainConfig, OptimSettings


class StepMetrics:
    """One step of one process.

    Attributes:
        started_at: when, as `time.perf_counter` tells it.
        waited: seconds for data.
        keys: names of the samples.
    """

    def __init__(self) -> None:
        self.started_at, self.data_wait_seconds = time.perf_counter(), 0.0
        self.keys: list[str] = []
        self._sums: dict[str, Tensor] = {}

    def add(self, told: Mapping[str, Tensor], keys: tuple[str, ...]) -> None:
        """A batch was looked at: what was measured of it, scalars by name, and its samples."""
        for name, value in told.items():
            self._sums[name] = value.detach().double() + self._sums.get(name, 0.0)
        self.keys += keys

    def averages(self, group: WorkerGroup, batches: int) -> dict[str, float]:
        """The means over the batches that the whole group looked at."""
        sums = torch.stack(list(self._sums.values())).cpu()
        group.all_reduce([sums])
        return dict(zip(self._sums, (sums / batches).tolist(), strict=True))


_MOMENTS = ("exp_avg", "exp_avg_sq")


class TrainState:
    """Applies gradients to a network.

    Args:
        model: the network; is moved to the device, in channels-last layout.
        config: of the training, with a concrete device.
        group: the processes that hold the same network.
    """

    def __init__(self, model: nn.Module, config: BaseTrainConfig, group: WorkerGroup | None = None) -> None:
        self.model = model.train().to(memory_format=torch.channels_last).to(config.device)  # type: ignore[call-overload]
        self.ema = ExponentialMovingAverage(self.model, config.ema_decay)
        self._settings, self._steps = config.optim, config.steps
        self._optimizer = _adam(self.model, config.optim)
        self._batches, self._group = config.micro_batches, group or SingleProcess()
        self._norms = BatchNormStatistics(self.model)
        self._followers = [module for module in self.model.modules() if isinstance(module, StepAccumulator)]

    def learning_rate(self, step: int) -> float:
        """The rate of a step, counted from 0."""
        # Counted from 1: a first step of rate 0 would be wasted.
        return self._settings.learning_rate(step + 1, self._steps)

    def backward(self, losses: Iterable[Tensor]) -> None:
        """Compute the gradients of a step.

        Args:
            losses: of this process's batches of the step, one by one; a step's is the mean over those of the group.
        """
        self._optimizer.zero_grad(set_to_none=True)
        if self._batches == 1:
            for loss in losses:
                loss.backward()  # type: ignore[no-untyped-call]
            return
        self._norms.begin_step()
        for loss in losses:
            (loss / self._batches).backward()  # type: ignore[no-untyped-call]
            self._norms.accumulate(1 / self._batches)

    def reduce_gradients(self) -> float:
        """Bring the gradients of the group together and shorten them; returns their norm before."""
        if self._batches > 1:
            gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
            found = [tensor for follower in self._followers for tensor in follower.accumulated()]
            self._group.all_reduce([*gradients, *self._norms.sums(), *found])
            self._norms.settle()
        return float(nn.utils.clip_grad_norm_(self.model.parameters(), self._settings.clip_norm))

    def step(self, step: int) -> None:
        """Take the step that the gradients say, and let the average follow."""
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate(step)
        self._optimizer.step()
        for follower in self._followers:
            follower.end_step()
        self.ema.update(self.model, step)

    def state_dict(self) -> dict[str, Tensor]:
        """All that the next step depends on."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.ema.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, tensor in self._optimizer.state[parameter].items():
                tensors[f"optimizer.{name}.{key}"] = tensor
        return tensors

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `tensors` gave; names and shapes must be those of this network."""
        self.model.load_state_dict(_below(tensors, "model."))
        self.ema.model.load_state_dict(_below(tensors, "average."))
        for name, parameter in self.model.named_parameters():
            saved = _below(tensors, f"optimizer.{name}.")
            # The fused update walks through memory: moments need the layout of their parameter.
            moments = {key: torch.empty_like(parameter).copy_(saved[key]) for key in _MOMENTS if key in saved}
            self._optimizer.state[parameter] = {"step": saved["step"].to(parameter.device), **moments}


def _adam(model: nn.Module, settings: OptimSettings) -> torch.optim.Adam:
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    free = {parameter for norm in norms for parameter in norm.parameters()}
    groups = [
        {"params": [p for p in model.parameters() if p not in free], "weight_decay": settings.weight_decay},
        {"params": [p for p in model.parameters() if p in free], "weight_decay": 0.0},
    ]
    return torch.optim.Adam(groups, lr=settings.lr, betas=settings.betas, fused=True)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
