"""The one training loop: step, log, validate, checkpoint, resume."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from pipelines.errors import JobError
from pipelines.inference.run import Run
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.progress import ProgressBar, progress_bar
from pipelines.training.checkpoint import TrainingProgress, load_checkpoint, save_checkpoint
from pipelines.training.distributed import SingleProcess, WorkerGroup, propagate_errors
from pipelines.training.metrics import MetricsLogger, Stopwatch, Throughput, interruptible, timed_batches
from pipelines.training.settings import BaseTrainConfig
from pipelines.training.state import StepMetrics, TrainState
from pipelines.training.task import Task, ValidationResult
from synthtext.core import InputError

METRICS_FILE = "metrics.jsonl"
BEST_FILE = "best.json"
NON_FINITE_FILE = "non_finite.json"


def run_training(
    task: Task[Any],
    counts: list[int],
    config: BaseTrainConfig,
    run: Run,
    say: Callable[[str], None],
    group: WorkerGroup | None = None,
    show: Callable[..., AbstractContextManager[ProgressBar]] = progress_bar,
) -> TrainingProgress:
    """Train until the budget is spent; goes on from the RUN's checkpoint if it has one.

    Weights of another RUN (`config.init`) are validated before the first step, and stay the best until a step is as
    good.

    Args:
        task: what is learnt.
        counts: usable samples of every source.
        config: with concrete device and precision.
        run: where checkpoints, the log and the best weights go.
        say: is told what happens, a line at a time.
        group: the processes that train together; None: this one alone. All read the checkpoint, the first one writes.
        show: makes the progress bar, see `progress`.

    Returns:
        How far it is: at its end.

    Raises:
        InputError: the checkpoint does not fit the data or the network.
        JobError: the loss is not finite; the sentence says where the samples' names are. Or the RUN cannot be
            written to, or a data worker is gone.
        KeyboardInterrupt: it was asked to stop, and has written a checkpoint.
    """
    group = group or SingleProcess()
    learner = TrainState(task.model, config, group)
    with propagate_errors(group):
        state = _checkpoint(run, learner, counts, config)
    if len({*group.all_gather(state.step)}) > 1:
        raise InputError(f"{run.folder} is not the same folder for all processes: let them share it")
    job = _Training(task, learner, state, config, run, say, group)
    done = min(state.step * config.samples_per_step, config.samples)
    with interruptible() as stop, show("training", total=config.samples, unit=config.sample_unit, done=done) as bar:
        job.go_on(bar, stop)
    return state


def _checkpoint(run: Run, learner: TrainState, counts: list[int], config: BaseTrainConfig) -> TrainingProgress:
    state = load_checkpoint(run.folder, learner)
    if state.step and state.source_sizes != counts:
        raise InputError(
            f"{run.folder} was trained on {state.source_sizes} usable {config.sample_unit}, but now there are {counts}: "
            "give it the same data, or take another folder"
        )
    state.source_sizes = counts
    return state


class _Training:
    def __init__(
        self,
        task: Task[Any],
        learner: TrainState,
        state: TrainingProgress,
        config: BaseTrainConfig,
        run: Run,
        say: Callable[[str], None],
        group: WorkerGroup,
    ) -> None:
        self.task, self.learner, self.state, self.config, self.group = task, learner, state, config, group
        self.run, self.say, self.is_first = run, say, group.rank == 0
        # Without a checkpoint all is done again, the validation of a start too.
        with propagate_errors(group):
            self.log = MetricsLogger(run.folder / METRICS_FILE, state.step or -1) if self.is_first else None
        self.watch, self.throughput = Stopwatch(), Throughput()
        first, last = (step * config.micro_batches for step in (state.step, config.steps))
        self.batches = timed_batches(task.batches(range(first + group.rank, last, group.world_size)))

    def go_on(self, bar: ProgressBar, stop: Callable[[], bool]) -> None:
        config, state = self.config, self.state
        if config.init and not state.step:
            self._validate()  # or a training that only spoils the weights would keep worse ones than it began with
        while state.step < config.steps:
            self._step()
            bar.advance(min(config.samples_per_step, config.samples - bar.counter.done))
            ends = state.step == config.steps
            if ends or state.step % config.log_every == 0:
                self._write_log()
            if ends or state.step % config.validate_every == 0:
                self._validate()
            stops = not ends and stop()  # asked once: who is asked to stop in between has not saved
            if ends or stops or state.step % config.checkpoint_every == 0:
                self._save()
            if ends and state.best_step == 0:
                self.say(f"no step was better than the start: the weights that are kept are those of {config.init}")
            if stops:
                raise KeyboardInterrupt

    def _step(self) -> None:
        state, look = self.state, StepMetrics()
        with propagate_errors(self.group):
            self.learner.backward(self._losses(look))
        norm = self.learner.reduce_gradients()
        measured = {**look.averages(self.group, self.config.micro_batches), "gradient_norm": norm}
        if not all(map(math.isfinite, measured.values())):
            self._refuse(look, measured)
        self.learner.step(state.step)
        self.throughput.add(look)
        state.step += 1
        state.metric_steps += 1
        for name, value in measured.items():
            state.metric_sums[name] = state.metric_sums.get(name, 0.0) + value

    def _losses(self, look: StepMetrics) -> Iterator[Tensor]:
        """Of this process's batches of the step."""
        for batch, waited in islice(self.batches, self.config.micro_batches // self.group.world_size):
            look.data_wait_seconds += waited
            with torch.autocast(self.config.device, torch.bfloat16, enabled=self.config.precision == "bf16"):
                parts = self.task.losses(batch, self.state.step)
            loss = torch.stack(list(parts.values())).sum()
            look.add({"loss": loss, **parts, **self.task.extra_metrics}, self.task.keys(batch))
            yield loss

    def _refuse(self, look: StepMetrics, measured: dict[str, float]) -> None:
        step, keys = self.state.step, [key for some in self.group.all_gather(look.keys) for key in some]
        path = self.run.folder / NON_FINITE_FILE
        if self.is_first:
            with wrap_write_errors(path):
                write_atomic(path, json.dumps({"step": step, "measured": measured, "keys": keys}, indent=2) + "\n")
        raise JobError(
            f"step {step}: the loss or its gradient is not finite for the batch of {keys[0]!r} and others: see {path}. "
            "The checkpoint before it is untouched; try a lower optim.lr, or precision=fp32"
        )

    def _save(self) -> None:
        self.watch.add_to(self.state, self.group)
        with propagate_errors(self.group):
            if self.is_first:
                save_checkpoint(self.run.folder, self.learner, self.state)

    def _write_log(self) -> None:
        state = self.state
        self.watch.add_to(state, self.group)
        means = {name: value / state.metric_steps for name, value in state.metric_sums.items()}
        rate = {"learning_rate": self.learner.learning_rate(state.step - 1)}
        rates = self.throughput.rates(self.config.samples_per_step)
        with propagate_errors(self.group):
            if self.log is not None:
                self.log.write("train", state.step, {**self._spent(), **means, **rate, **rates})
        state.metric_sums, state.metric_steps, self.throughput = {}, 0, Throughput()

    def _spent(self) -> dict[str, float]:
        state = self.state
        samples = state.step * self.config.samples_per_step
        return {"samples": samples, "seconds": round(state.seconds, 3), "cpu_seconds": round(state.cpu_seconds, 3)}

    def _validate(self) -> None:
        """The first process scores, and the others wait for it."""
        with propagate_errors(self.group):
            if self.log is not None:
                self._score(self.log, self.task.validate(self.learner.ema.model))

    def _score(self, log: MetricsLogger, validation: ValidationResult) -> None:
        state = self.state
        self.watch.add_to(state)
        named = {} if validation.best_network is None else {"network": validation.best_network}
        scores = {"score": validation.score, "scores": validation.scores}
        entry = {**self._spent(), **scores, **named, **validation.extra}
        log.write("validation", state.step, entry)
        is_best = state.best_score is None or validation.score >= state.best_score
        if is_best:
            state.best_score, state.best_step = validation.score, state.step
            for name, network in validation.networks.items():
                self.run.save_weights(network, name)
            best = self.learner.ema.model if validation.best is None else validation.best
            self.run.save_weights(best, best_network=validation.best_network)
            path = self.run.folder / BEST_FILE
            with wrap_write_errors(path):
                write_atomic(path, json.dumps({"step": state.step, **entry}, indent=2) + "\n")
        when = f"step {state.step:,}" if state.step else "before the first step"
        self.say(f"{when}: {self.config.metric_name} {validation.score:.4f}{', the best' if is_best else ''}")
