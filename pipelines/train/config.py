"""Settings of a training."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.schedule import warmed_up_cosine, warmed_up_polynomial, warmed_up_stairs
from pipelines.config import Tree, nearest, override, read_yaml, validated
from pipelines.preprocessing import RecognizerPreprocessing
from pipelines.run import NetworkSettings, Run
from synthtext.core import InputError

FINE_TUNING_LR = 3e-4
"""Highest learning rate from the weights of another RUN."""

_PRESETS = Path(__file__).parent / "presets"
_Share = Annotated[float, Field(ge=0, lt=1)]
_Fraction = Annotated[float, Field(ge=0, le=1)]
_FINAL = 0.01


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OptimSettings(_Settings):
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
        drops: of a piecewise schedule: after which share of the steps, and which fraction of `lr` holds from there on.
        clip_norm: longer gradients are shortened to this norm.
    """

    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=2e-5, ge=0)
    betas: tuple[_Share, _Share] = (0.9, 0.999)
    warmup_steps: int = Field(default=100, ge=0)
    schedule: Literal["cosine", "polynomial", "piecewise"] = "cosine"
    final_lr_fraction: _Fraction | None = None
    power: float | None = Field(default=None, gt=0, le=10)
    drops: tuple[tuple[_Share, _Fraction], ...] = ()
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
        if is_piecewise != bool(self.drops):
            told = "needs drops, such as [[0.6, 0.1], [0.9, 0.01]]" if is_piecewise else "has no drops: leave them out"
            raise ValueError(f"schedule={self.schedule} {told}")
        shares = [share for share, _ in self.drops]
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
            drops = [(share * length, fraction) for share, fraction in self.drops]
            return self.lr * warmed_up_stairs(step, self.warmup_steps, drops)
        if self.schedule == "polynomial":
            return self.lr * warmed_up_polynomial(step, self.warmup_steps, length, final, self.power or 1.0)
        return self.lr * warmed_up_cosine(step, self.warmup_steps, length, final)


class InputSettings(_Settings):
    """`input`: what lines become, see `RecognizerPreprocessing`; wider lines than `widest` are left out."""

    height: Literal[32, 48] = 32
    min_width: int = Field(default=32, ge=8)
    max_width: int | None = Field(default=None, ge=8)
    width_step: int = Field(default=16, ge=1)
    channels: Literal["bgr", "rgb"] = "bgr"
    widest: int = Field(default=1280, ge=8)

    def preprocessing(self) -> RecognizerPreprocessing:
        """The same as training, evaluation and reading use it."""
        return RecognizerPreprocessing(**self.model_dump(exclude={"widest"}))


class DataSettings(_Settings):
    """An entry of `data`: a source, and its share of the lines in any unit."""

    source: str
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class TrainConfig(_Settings):
    """Everything that a training depends on.

    Attributes:
        init: a RUN whose weights to start from; null: fresh ones.
        charset: a named one ("ascii", "words:de"), a dictionary file, or a RUN for that of its network.
        network: sizes of the recognizer.
        input: what lines become.
        optim: how it learns.
        data: what it learns from.
        val: labelled lines to choose the best weights by.
        samples: the budget: lines that are read in all; rounded up to whole batches.
        batch_size: lines in a step.
        spacing_samples: over so many lines the CTC loss is mixed with one that takes characters to stand at even
            distances, which shortens the plateau that CTC begins with; 0: never.
        ema_decay: of the averaged weights, which are the ones that are kept.
        precision: of the arithmetic in the network; losses and weights are always float32.
        seed: of the first weights and of the order of the lines.
        device: cpu or cuda.
        threads: of the arithmetic on the CPU; all of them if null. Another number rounds differently.
        best_by: the validation score, averaged over `val`, whose highest value is the best.
        data_workers: processes that read lines; 0: this one.
        log_every: steps.
        validate_every: steps.
        checkpoint_every: steps.
    """

    init: str | None = None
    charset: str = "alphanumeric_lower"
    network: NetworkSettings = NetworkSettings()
    input: InputSettings = InputSettings()
    optim: OptimSettings = OptimSettings()
    data: tuple[DataSettings, ...] = ()
    val: tuple[str, ...] = ()
    samples: int = Field(default=400_000, ge=1)
    batch_size: int = Field(default=64, ge=2)
    spacing_samples: int = Field(default=30_000, ge=0)
    ema_decay: _Share = 0.999
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    seed: int = Field(default=0, ge=0, lt=2**32)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    best_by: Literal["accuracy", "alphanumeric_accuracy", "normalized_edit_similarity"] = "accuracy"
    data_workers: int = Field(default=1, ge=0)
    log_every: int = Field(default=20, ge=1)
    validate_every: int = Field(default=500, ge=1)
    checkpoint_every: int = Field(default=250, ge=1)

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return math.ceil(self.samples / self.batch_size)


FREE = ("threads", "data_workers", "log_every", "validate_every", "checkpoint_every")
"""Settings that a training may go on with changed. All others, the budget too because the learning rate follows it,
would make another training of it."""


def preset_names() -> tuple[str, ...]:
    """The presets of `ocrmill train`."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.yaml")))


def resolve_config(
    preset: str, data: Sequence[str] = (), val: Sequence[str] = (), overrides: Sequence[str] = ()
) -> TrainConfig:
    """Settings of a preset or of a YAML file, with the sources and `key.sub=value` overrides on top.

    With `init`, the charset, the sizes of the network and its input are those of that RUN, the highest learning rate is
    that of a network that reads already, and characters are not taken to stand at even distances, unless the YAML file
    or an override says otherwise.

    Args:
        preset: a name, or the path of a file.
        data: sources to learn from, "SOURCE" or "SOURCE=weight".
        val: sources to validate on.
        overrides: assignments.

    Raises:
        InputError: there is no such preset, or a setting is unknown or wrong; the sentence names its path.
    """
    tree = read_yaml(_find(preset))
    init = override(tree, overrides).get("init")
    if isinstance(init, str):
        run = Run.open(Path(init).absolute())
        tree = _with_init(tree, preset in preset_names(), run)
        overrides = [*overrides, f"init={json.dumps(str(run.folder))}"]
    if data:
        tree["data"] = [parse_source(entry).model_dump() for entry in data]
    if val:
        tree["val"] = [_absolute(entry) for entry in val]
    return validated(TrainConfig, override(tree, overrides), f"training {preset}")


def _with_init(tree: Tree, is_preset: bool, run: Run) -> Tree:
    """The settings of a preset, or of a user's file which has the last word, with what starting from a RUN implies."""
    implied: Tree = {
        "charset": str(run.folder),
        "network": run.network.model_dump(),
        "input": asdict(run.preprocessing),
        "spacing_samples": 0,
    }
    if is_preset:
        return {**tree, **implied, "optim": {**tree.get("optim", {}), "lr": FINE_TUNING_LR}}
    return {**implied, **tree, "optim": {"lr": FINE_TUNING_LR, **tree.get("optim", {})}}


def _find(preset: str) -> Path:
    path = _PRESETS / f"{preset}.yaml"
    if preset in preset_names():
        return path
    if Path(preset).suffix in {".yaml", ".yml"}:
        return Path(preset)
    raise InputError(f"there is no preset {preset!r}; {nearest(preset, preset_names())} (or name a YAML file)")


def parse_source(text: str) -> DataSettings:
    """Read "SOURCE" or "SOURCE=weight"; a path that has an equals sign and exists is a source.

    Raises:
        InputError: the weight is no positive number.
    """
    path, separator, weight = text.rpartition("=")
    if not separator or Path(text).exists():
        return DataSettings(source=_absolute(text))
    return validated(DataSettings, {"source": _absolute(path), "weight": weight}, f"source {text!r}")


def _absolute(path: str) -> str:
    # The same command from another folder must mean the same data.
    return str(Path(path).absolute())
