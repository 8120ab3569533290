"""The state of a training: networks, their moving average, the optimizer, and checkpoints of them."""

import inspect
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from models.ema import ExponentialMovingAverage
from models.losses.base import StepAccumulator
from pipelines.inference.last_weights import STATE_FILE
from pipelines.inference.run import to_contiguous
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.training.distributed import WorkerGroup
from pipelines.training.settings import BaseTrainConfig, OptimSettings
from synthtext.core import InputError

STATE_JSON = "state.json"

_DAMAGE = (SafetensorError, OSError, RuntimeError, KeyError, TypeError, ValueError)
_MOMENTS = ("exp_avg", "exp_avg_sq")


class TrainState:
    """A model, its exponential moving average and its optimizer.

    Args:
        model: the model; moved to the device, in channels-last layout.
        config: settings of the training, with a concrete device.
        group: the processes that train together; None: only this one.
    """

    def __init__(self, model: nn.Module, config: BaseTrainConfig, group: WorkerGroup | None = None) -> None:
        self.model = model.train().to(memory_format=torch.channels_last).to(config.device)  # type: ignore[call-overload]
        self.ema = ExponentialMovingAverage(self.model, config.ema_decay)
        self._settings = config.optim
        self._optimizer = _make_adam(self.model, config.optim)
        self._micro_batches, self._group = config.micro_batches, group or WorkerGroup()
        self._is_accumulating = False  # batch statistics, over several forward passes of this step
        self._batch_norm = BatchNormStatistics(self.model)
        self._accumulators = [module for module in self.model.modules() if isinstance(module, StepAccumulator)]

    def backward(self, losses: Iterable[tuple[Tensor, float]]) -> None:
        """Compute the gradients of a step.

        Args:
            losses: the losses of parts of this process's batches, each with the fraction of its batch that the part is;
                the loss of a step is the mean over the batches of the group.
        """
        self._optimizer.zero_grad(set_to_none=True)
        self._is_accumulating = False
        if self._micro_batches > 1:
            self.accumulate_batch_norm()
        for loss, share in losses:
            (loss * share / self._micro_batches).backward()  # type: ignore[no-untyped-call]
            if self._is_accumulating:
                self._batch_norm.accumulate(share / self._micro_batches)

    def accumulate_batch_norm(self) -> None:
        """Average the batch statistics of the following forward passes of this step, before the first one."""
        if not self._is_accumulating:
            self._is_accumulating = True
            self._batch_norm.begin_step()

    def reduce_gradients(self) -> Tensor:
        """Sum the gradients over the group and clip them; return their norm before, without waiting for the device."""
        if self._micro_batches > 1:
            gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
            sums = [tensor for module in self._accumulators for tensor in module.accumulated()]
            self._group.all_reduce([*gradients, *self._batch_norm.sums, *sums])
        if self._is_accumulating:
            self._batch_norm.end_step()
        return nn.utils.clip_grad_norm_(self.model.parameters(), self._settings.clip_norm)

    def step(self, step: int, learning_rate: float) -> None:
        """Update the parameters, the accumulators and the moving average."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()
        for module in self._accumulators:
            module.end_step()
        self.ema.update(step)

    def state_dict(self) -> dict[str, Tensor]:
        """Return all tensors that the next step depends on."""
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"ema.{name}": tensor for name, tensor in self.ema.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, tensor in self._optimizer.state[parameter].items():
                tensors[f"optimizer.{name}.{key}"] = tensor
        return tensors

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Restore what `state_dict` returned, for the same model."""
        self.model.load_state_dict(_with_prefix(tensors, "model."))
        self.ema.model.load_state_dict(_with_prefix(tensors, "ema."))
        for name, parameter in self.model.named_parameters():
            prefix = f"optimizer.{name}."
            # The fused update reads memory in order: moments need the layout of their parameter.
            moments = {
                key: torch.empty_like(parameter).copy_(tensors[prefix + key])
                for key in _MOMENTS
                if prefix + key in tensors
            }
            self._optimizer.state[parameter] = {"step": tensors[f"{prefix}step"].to(parameter.device), **moments}


class _Adam(torch.optim.Adam):
    """Adam without its hooks for torch.compile, whose import takes two seconds in every process that trains."""

    add_param_group = inspect.unwrap(torch.optim.Adam.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.Adam.zero_grad)
    step = torch.no_grad()(inspect.unwrap(torch.optim.Adam.step))


def _make_adam(model: nn.Module, settings: OptimSettings) -> _Adam:
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    no_decay = {parameter for norm in norms for parameter in norm.parameters()}
    groups = [
        {"params": [p for p in model.parameters() if p not in no_decay], "weight_decay": settings.weight_decay},
        {"params": [p for p in model.parameters() if p in no_decay], "weight_decay": 0.0},
    ]
    return _Adam(groups, lr=settings.lr, betas=settings.betas, fused=True)


def _with_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


class BatchNormStatistics:
    """Updates running statistics once per step, by the mean over the batches of all processes.

    Otherwise they would be updated batch by batch, and depend on which process computed which batch. Distributed
    training adds up `sums`, those over the batches of this step, over its processes.
    """

    def __init__(self, model: nn.Module) -> None:
        self._norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
        self._running: list[Tensor] = []
        self._counters: list[Tensor] = []
        self._initial: list[Tensor] = []
        self._initial_counts: list[Tensor] = []
        self.sums: Sequence[Tensor] = []

    def begin_step(self) -> None:
        """Store the statistics at the beginning of a step, except for frozen ones."""
        norms = [norm for norm in self._norms if norm.training]
        self._running = [t for norm in norms for t in (norm.running_mean, norm.running_var) if t is not None]
        self._counters = [norm.num_batches_tracked for norm in norms if norm.num_batches_tracked is not None]
        self._initial = [tensor.clone() for tensor in self._running]
        self._initial_counts = [counter.clone() for counter in self._counters]
        self.sums = [torch.zeros_like(tensor) for tensor in self._running]

    def accumulate(self, weight: float) -> None:
        """Add the statistics after a batch with this weight, and reset them for the next batch."""
        for tensor, initial, total in zip(self._running, self._initial, self.sums, strict=True):
            total.add_(tensor, alpha=weight)
            tensor.copy_(initial)

    def end_step(self) -> None:
        """Apply the accumulated statistics; a step counts as one batch."""
        for tensor, total in zip(self._running, self.sums, strict=True):
            tensor.copy_(total)
        for counter, initial in zip(self._counters, self._initial_counts, strict=True):
            counter.copy_(torch.minimum(counter, initial + 1))


@dataclass
class TrainingProgress:
    """The numbers of a checkpoint."""

    step: int = 0  # steps taken
    best_score: float | None = None  # highest validation score so far
    best_step: int | None = None  # step of the highest score; 0: before the first step
    seconds: float = 0.0  # elapsed time of the training
    cpu_seconds: float = 0.0  # CPU time, data workers included
    source_sizes: list[int] = field(default_factory=list)  # usable samples, which the order of the samples depends on
    metric_sums: dict[str, float] = field(default_factory=dict)  # since the last entry of metrics.jsonl, by name
    metric_counts: dict[str, int] = field(default_factory=dict)  # steps in those sums, by name


def save_checkpoint(folder: Path, state: TrainState, progress: TrainingProgress) -> None:
    """Replace the checkpoint of a run atomically: the progress is stored in the header of the tensors' file.

    `state.json` is a readable copy of the progress.

    Raises:
        JobError: it cannot be written; the previous checkpoint is kept.
    """
    numbers = json.dumps(asdict(progress))
    with wrap_write_errors(folder / STATE_FILE):
        write_atomic(folder / STATE_FILE, save(to_contiguous(state.state_dict()), {"progress": numbers}))
        write_atomic(folder / STATE_JSON, numbers + "\n")


def load_checkpoint(folder: Path, state: TrainState | None = None) -> TrainingProgress:
    """Return the progress of a run's checkpoint, or the initial progress if there is none.

    Args:
        folder: the run directory.
        state: is restored from the checkpoint; None: only read the progress.

    Raises:
        InputError: the checkpoint is damaged, or belongs to another network.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return TrainingProgress()
    try:
        with safe_open(path, "pt") as file:
            if state is not None:
                state.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - no dict
            return TrainingProgress(**json.loads(file.metadata()["progress"]))
    except _DAMAGE as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} cannot be resumed from ({reason}); remove it to train from the start") from None
