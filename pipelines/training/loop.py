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
from pipelines.io.atomic import write_file, written
from pipelines.progress import Bar, progress
from pipelines.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from pipelines.training.distributed import Alone, Group, failing_together
from pipelines.training.metrics import MetricsLog, Pace, Stopwatch, interruptible, with_waiting_time
from pipelines.training.settings import CommonConfig
from pipelines.training.state import Learner, StepLook
from pipelines.training.task import Task, Validation
from synthtext.core import InputError

METRICS = "metrics.jsonl"
BEST = "best.json"
NON_FINITE = "non_finite.json"


def run_training(
    task: Task[Any],
    counts: list[int],
    config: CommonConfig,
    run: Run,
    say: Callable[[str], None],
    group: Group | None = None,
    show: Callable[..., AbstractContextManager[Bar]] = progress,
) -> Progress:
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
    group = group or Alone()
    learner = Learner(task.model, config, group)
    with failing_together(group):
        state = _checkpoint(run, learner, counts, config)
    if len({*group.gather(state.step)}) > 1:
        raise InputError(f"{run.folder} is not the same folder for all processes: let them share it")
    job = _Training(task, learner, state, config, run, say, group)
    done = min(state.step * config.step_samples, config.samples)
    with interruptible() as stop, show("training", total=config.samples, unit=config.unit, done=done) as bar:
        job.go_on(bar, stop)
    return state


def _checkpoint(run: Run, learner: Learner, counts: list[int], config: CommonConfig) -> Progress:
    state = load_checkpoint(run.folder, learner)
    if state.step and state.lines != counts:
        raise InputError(
            f"{run.folder} was trained on {state.lines} usable {config.unit}, but now there are {counts}: "
            "give it the same data, or take another folder"
        )
    state.lines = counts
    return state


class _Training:
    def __init__(
        self,
        task: Task[Any],
        learner: Learner,
        state: Progress,
        config: CommonConfig,
        run: Run,
        say: Callable[[str], None],
        group: Group,
    ) -> None:
        self.task, self.learner, self.state, self.config, self.group = task, learner, state, config, group
        self.run, self.say, self.is_first = run, say, group.rank == 0
        # Without a checkpoint all is done again, the validation of a start too.
        with failing_together(group):
            self.log = MetricsLog(run.folder / METRICS, state.step or -1) if self.is_first else None
        self.watch, self.pace = Stopwatch(), Pace()
        first, last = (step * config.micro_batches for step in (state.step, config.steps))
        self.batches = with_waiting_time(task.batches(range(first + group.rank, last, group.size)))

    def go_on(self, bar: Bar, stop: Callable[[], bool]) -> None:
        config, state = self.config, self.state
        if config.init and not state.step:
            self._validate()  # or a training that only spoils the weights would keep worse ones than it began with
        while state.step < config.steps:
            self._step()
            bar.advance(min(config.step_samples, config.samples - bar.meter.done))
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
        state, look = self.state, StepLook()
        with failing_together(self.group):
            self.learner.differentiate(self._losses(look))
        norm = self.learner.gather()
        measured = {**look.measured(self.group, self.config.micro_batches), "gradient_norm": norm}
        if not all(map(math.isfinite, measured.values())):
            self._refuse(look, measured)
        self.learner.update(state.step)
        self.pace.add(look)
        state.step += 1
        state.pending_steps += 1
        for name, value in measured.items():
            state.pending[name] = state.pending.get(name, 0.0) + value

    def _losses(self, look: StepLook) -> Iterator[Tensor]:
        """Of this process's batches of the step."""
        for batch, waited in islice(self.batches, self.config.micro_batches // self.group.size):
            look.waited += waited
            with torch.autocast(self.config.device, torch.bfloat16, enabled=self.config.precision == "bf16"):
                parts = self.task.losses(batch, self.state.step)
            loss = torch.stack(list(parts.values())).sum()
            look.add({"loss": loss, **parts, **self.task.measured}, self.task.keys(batch))
            yield loss

    def _refuse(self, look: StepLook, measured: dict[str, float]) -> None:
        step, keys = self.state.step, [key for some in self.group.gather(look.keys) for key in some]
        path = self.run.folder / NON_FINITE
        if self.is_first:
            with written(path):
                write_file(path, json.dumps({"step": step, "measured": measured, "keys": keys}, indent=2) + "\n")
        raise JobError(
            f"step {step}: the loss or its gradient is not finite for the batch of {keys[0]!r} and others: see {path}. "
            "The checkpoint before it is untouched; try a lower optim.lr, or precision=fp32"
        )

    def _save(self) -> None:
        self.watch.add_to(self.state, self.group)
        with failing_together(self.group):
            if self.is_first:
                save_checkpoint(self.run.folder, self.learner, self.state)

    def _write_log(self) -> None:
        state = self.state
        self.watch.add_to(state, self.group)
        means = {name: value / state.pending_steps for name, value in state.pending.items()}
        rate = {"learning_rate": self.learner.learning_rate(state.step - 1)}
        rates = self.pace.rates(self.config.step_samples)
        with failing_together(self.group):
            if self.log is not None:
                self.log.write("train", state.step, {**self._spent(), **means, **rate, **rates})
        state.pending, state.pending_steps, self.pace = {}, 0, Pace()

    def _spent(self) -> dict[str, float]:
        state = self.state
        samples = state.step * self.config.step_samples
        return {"samples": samples, "seconds": round(state.seconds, 3), "cpu_seconds": round(state.cpu_seconds, 3)}

    def _validate(self) -> None:
        """The first process scores, and the others wait for it."""
        with failing_together(self.group):
            if self.log is not None:
                self._score(self.log, self.task.validate(self.learner.average.model))

    def _score(self, log: MetricsLog, validation: Validation) -> None:
        state = self.state
        self.watch.add_to(state)
        named = {} if validation.name is None else {"network": validation.name}
        scores = {"score": validation.score, "scores": validation.scores}
        entry = {**self._spent(), **scores, **named, **validation.details}
        log.write("validation", state.step, entry)
        is_best = state.best is None or validation.score >= state.best
        if is_best:
            state.best, state.best_step = validation.score, state.step
            for name, network in validation.parts.items():
                self.run.save_weights(network, name)
            best = self.learner.average.model if validation.best is None else validation.best
            self.run.save_weights(best, of=validation.name)
            path = self.run.folder / BEST
            with written(path):
                write_file(path, json.dumps({"step": state.step, **entry}, indent=2) + "\n")
        when = f"step {state.step:,}" if state.step else "before the first step"
        self.say(f"{when}: {self.config.score_name} {validation.score:.4f}{', the best' if is_best else ''}")
