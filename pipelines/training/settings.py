"""Settings that every training has."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from models.schedule import cosine_with_warmup, piecewise_with_warmup, polynomial_with_warmup

Fraction = Annotated[float, Field(ge=0, lt=1)]
_Fraction = Annotated[float, Field(ge=0, le=1)]
_FINAL = 0.01

RESUMABLE_CHANGES = ("threads", "data_workers", "log_every", "validate_every", "checkpoint_every")
"""Settings that a training may go on with changed. All others, the budget too because the learning rate follows it,
would make another training of it."""


class StrictSettings(BaseModel):
    """Settings by name; an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OptimSettings(StrictSettings):
    """`optim`: Adam with coupled decay, a warm-up, and a schedule for the steps after it.

    Attributes:
        lr: the highest learning rate.
        weight_decay: of everything but the batch normalisation.
        betas: of Adam.
        warmup_steps: in which the rate rises from 0.
        schedule: how the rate goes on. "cosine": it falls along half a cosine. "polynomial": as (1 - share of the
            steps)^`power`. "piecewise": it stays, and changes at the `drops`.
        final_lr_fraction: of `lr`, at the end of a cosine or a polynomial; null: 0.01.
        power: of a polynomial; null: 1, a straight line.
        milestones: of a piecewise schedule: after which share of the steps, and which fraction of `lr` holds from there on.
        clip_norm: longer gradients are shortened to this norm.
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
    def _fits_its_schedule(self) -> Self:
        is_piecewise = self.schedule == "piecewise"
        if self.power is not None and self.schedule != "polynomial":
            raise ValueError(f"power is for schedule=polynomial, not {self.schedule}")
        if self.final_lr_fraction is not None and is_piecewise:
            raise ValueError(
                "a piecewise schedule ends with the fraction of its last drop: leave final_lr_fraction out"
            )
        if is_piecewise != bool(self.milestones):
            told = "needs drops, such as [[0.6, 0.1], [0.9, 0.01]]" if is_piecewise else "has no drops: leave them out"
            raise ValueError(f"schedule={self.schedule} {told}")
        shares = [share for share, _ in self.milestones]
        if any(later <= earlier for earlier, later in pairwise(shares)):
            raise ValueError(f"the shares of the drops must rise, not {shares}")
        return self

    def learning_rate(self, step: int, steps: int) -> float:
        """The rate of a step of so many.

        Args:
            step: from 0 to `steps`; a warm-up begins with a rate of 0 at 0.
            steps: of the whole training.
        """
        length = max(steps - self.warmup_steps, 0)
        final = _FINAL if self.final_lr_fraction is None else self.final_lr_fraction
        if self.schedule == "piecewise":
            drops = [(share * length, fraction) for share, fraction in self.milestones]
            return self.lr * piecewise_with_warmup(step, self.warmup_steps, drops)
        if self.schedule == "polynomial":
            return self.lr * polynomial_with_warmup(step, self.warmup_steps, length, final, self.power or 1.0)
        return self.lr * cosine_with_warmup(step, self.warmup_steps, length, final)


class DataSettings(StrictSettings):
    """An entry of `data`.

    Attributes:
        source: a data set, a label file, or a recipe whose lines are drawn while training.
        weight: its share of the samples, in any unit.
        count: of a recipe: how many samples there are of it; null: as many as the budget asks of it.
        seed: of a recipe, as `ocrmill generate --seed`; null: 0.
        digest: of a recipe: what its lines depend on; is filled in.
        order: "index": samples are read as they come in the source, every epoch anew; null: shuffled.
    """

    source: str
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    count: int | None = Field(default=None, ge=1, le=2**32)
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    digest: str | None = None
    order: Literal["index"] | None = None

    @model_serializer(mode="wrap")
    def _what_is_set(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in whole(self).items() if value is not None}


def sequential_sources(data: Sequence[DataSettings]) -> tuple[int, ...]:
    """The numbers of the entries that are read in their order."""
    return tuple(number for number, entry in enumerate(data) if entry.order == "index")


class BaseTrainConfig(StrictSettings):
    """What a training of any network depends on.

    Attributes:
        init: a RUN whose weights to start from; null: fresh ones.
        optim: how it learns.
        data: what it learns from.
        val: labelled samples to choose the best weights by.
        samples: the budget: samples that are read in all; rounded up to whole steps.
        batch_size: samples that are looked at together.
        micro_batches: batches in a step, whose gradients, statistics and centres are averaged: as many samples as in a
            larger batch, in the memory of one; with several processes each takes its part of them.
        ema_decay: of the averaged weights, which are the ones that are kept.
        precision: of the arithmetic in the network; losses and weights are always float32.
        seed: of the first weights, and of the order of the samples and what is drawn for them.
        device: cpu or cuda.
        threads: of the arithmetic on the CPU; all of them if null. Another number rounds differently.
        data_workers: processes that read samples; 0: this one.
        log_every: steps.
        validate_every: steps.
        checkpoint_every: steps.
    """

    init: str | None = None
    optim: OptimSettings = OptimSettings()
    data: tuple[DataSettings, ...] = ()
    val: tuple[str, ...] = ()
    samples: int = Field(default=400_000, ge=1)
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
        """What the score that the best weights are chosen by is called."""
        raise NotImplementedError

    @property
    def sample_unit(self) -> str:
        """What samples are, plural."""
        raise NotImplementedError


TrainConfigT = TypeVar("TrainConfigT", bound=BaseTrainConfig)
