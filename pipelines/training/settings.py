"""Settings that every training has."""

import math
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from models.learning_rate import cosine_with_warmup, piecewise_with_warmup, polynomial_with_warmup

Fraction = Annotated[float, Field(ge=0, lt=1)]
_Fraction = Annotated[float, Field(ge=0, le=1)]
_DEFAULT_FINAL_LR_FRACTION = 0.01

RESUMABLE_CHANGES = ("threads", "data_workers", "log_every", "validate_every", "checkpoint_every")
"""Settings that may change when a training is resumed. Any other change starts another training, even of the budget,
because the learning rate depends on it."""


class StrictSettings(BaseModel):
    """Immutable settings that reject unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OptimSettings(StrictSettings):
    """`optim`: Adam with L2 regularisation, a linear warm-up, and a learning-rate schedule.

    Attributes:
        lr: maximum learning rate.
        weight_decay: L2 regularisation of all parameters but those of batch normalisation.
        betas: of Adam.
        warmup_steps: steps over which the learning rate rises from 0.
        schedule: "cosine", "polynomial": (1 - fraction of the steps)^`power`, or "piecewise": constant between
            `milestones`.
        final_lr_fraction: fraction of `lr` at the end of a cosine or polynomial schedule; null: 0.01.
        power: of a polynomial schedule; null: 1, linear.
        milestones: of a piecewise schedule: pairs of a fraction of the steps and the fraction of `lr` from then on.
        clip_norm: maximum norm of the gradient; longer ones are clipped.
    """

    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=2e-5, ge=0)
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    warmup_steps: int = Field(default=100, ge=0)
    schedule: Literal["cosine", "polynomial", "piecewise"] = "cosine"
    final_lr_fraction: _Fraction | None = None
    power: float | None = Field(default=None, gt=0, le=10)
    milestones: tuple[tuple[Fraction, _Fraction], ...] = ()
    clip_norm: float = Field(default=5.0, gt=0)

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        is_piecewise = self.schedule == "piecewise"
        if self.power is not None and self.schedule != "polynomial":
            raise ValueError(f"power is only for schedule=polynomial, not {self.schedule}")
        if self.final_lr_fraction is not None and is_piecewise:
            raise ValueError(
                "a piecewise schedule ends with the fraction of its last milestone: remove final_lr_fraction"
            )
        if is_piecewise and not self.milestones:
            raise ValueError("schedule=piecewise needs milestones, such as [[0.6, 0.1], [0.9, 0.01]]")
        if self.milestones and not is_piecewise:
            raise ValueError(f"milestones are only for schedule=piecewise, not {self.schedule}")
        positions = [position for position, _ in self.milestones]
        if any(later <= earlier for earlier, later in pairwise(positions)):
            raise ValueError(f"the positions of the milestones must increase, not {positions}")
        return self

    def learning_rate(self, step: int, steps: int) -> float:
        """Return the learning rate of a step, 0 to `steps`; a warm-up begins with a rate of 0 at step 0."""
        decay_steps = max(steps - self.warmup_steps, 0)
        final = _DEFAULT_FINAL_LR_FRACTION if self.final_lr_fraction is None else self.final_lr_fraction
        if self.schedule == "piecewise":
            milestones = [(position * decay_steps, fraction) for position, fraction in self.milestones]
            return self.lr * piecewise_with_warmup(step, self.warmup_steps, milestones)
        if self.schedule == "polynomial":
            return self.lr * polynomial_with_warmup(step, self.warmup_steps, decay_steps, final, self.power or 1.0)
        return self.lr * cosine_with_warmup(step, self.warmup_steps, decay_steps, final)


class DataSettings(StrictSettings):
    """An entry of `data`.

    Attributes:
        source: a dataset, a label file, or a recipe whose lines are generated online.
        weight: relative share of the samples.
        count: number of samples of a recipe; null: as many as the budget needs.
        seed: of a recipe, as in `ocrmill generate --seed`; null: 0.
        digest: fingerprint of a recipe; filled in automatically.
        order: "index": samples are read in the order of the source in every epoch; null: shuffled.
    """

    source: str
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    count: int | None = Field(default=None, ge=1, le=2**32)
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    digest: str | None = None
    order: Literal["index"] | None = None

    @model_serializer(mode="wrap")
    def _omit_unset(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class BaseTrainConfig(StrictSettings):
    """Settings of a training of any model.

    Attributes:
        init: a run directory whose weights to start from; null: random weights.
        optim: optimizer and learning rate.
        data: sources to train on.
        val: labelled sources that select the best weights.
        samples: training budget: samples in total, rounded up to whole steps.
        minutes: training budget as a time, validations included, instead of `samples`; the learning rate follows the
            elapsed time. `samples` then only says how many lines of a recipe are generated.
        batch_size: samples in a batch.
        micro_batches: batches in a step; their gradients, batch statistics and class centers are averaged, which gives
            the sample count of a larger batch in the memory of a small one. Several processes share them.
        ema_decay: decay of the averaged weights, which are validated and saved.
        precision: of the arithmetic in the network; losses and weights are always float32.
        seed: of the initial weights, the order of the samples, and their augmentation.
        device: cpu or cuda.
        threads: CPU threads; null: all. Another number rounds differently.
        data_workers: processes that read samples; 0: the training process.
        log_every: steps between entries of metrics.jsonl.
        validate_every: steps between validations.
        checkpoint_every: steps between checkpoints.
    """

    init: str | None = None
    optim: OptimSettings = OptimSettings()
    data: tuple[DataSettings, ...] = ()
    val: tuple[str, ...] = ()
    samples: int = Field(default=400_000, ge=1)
    minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    batch_size: int = Field(default=64, ge=2)
    micro_batches: int = Field(default=1, ge=1, le=4096)
    ema_decay: Fraction = 0.999
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    seed: int = Field(default=0, ge=0, lt=2**32)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    data_workers: int = Field(default=1, ge=0)
    log_every: int = Field(default=20, ge=1)
    validate_every: int = Field(default=500, ge=1)
    checkpoint_every: int = Field(default=250, ge=1)

    sample_unit: ClassVar[str]
    """What samples are, plural."""

    @property
    def sequential_sources(self) -> tuple[int, ...]:
        """Indices of the entries of `data` that are read in order."""
        return tuple(index for index, entry in enumerate(self.data) if entry.order == "index")

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return math.ceil(self.samples / self.samples_per_step)

    @property
    def samples_per_step(self) -> int:
        """Samples in a step."""
        return self.batch_size * self.micro_batches

    @property
    def metric_name(self) -> str:
        """Name of the validation score that selects the best weights."""
        raise NotImplementedError


TrainConfigT = TypeVar("TrainConfigT", bound=BaseTrainConfig)
