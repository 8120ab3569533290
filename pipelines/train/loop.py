"""The one training loop: step, log, validate, checkpoint, resume."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

import torch

from pipelines.errors import JobError
from pipelines.progress import Bar, progress
from pipelines.run import Run
from pipelines.shards.files import write_file
from pipelines.train.checkpoint import Progress, load_checkpoint, save_checkpoint
from pipelines.train.interrupt import interruptible
from pipelines.train.learner import Learner
from pipelines.train.measure import MetricsLog, Pace, Stopwatch, with_waiting_time
from pipelines.train.settings import CommonConfig
from pipelines.train.task import Batch, Task
from synthtext.core import InputError

METRICS = "metrics.jsonl"
BEST = "best.json"
NON_FINITE = "non_finite.json"


def run_training(
    task: Task[Any], counts: list[int], config: CommonConfig, run: Run, say: Callable[[str], None]
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

    Returns:
        How far it is: at its end.

    Raises:
        InputError: the checkpoint does not fit the data or the network.
        JobError: the loss is not finite; the sentence says where the samples' names are.
        KeyboardInterrupt: it was asked to stop, and has written a checkpoint.
    """
    learner = Learner(task.model, config)
    state = load_checkpoint(run.folder, learner)
    if state.step and state.lines != counts:
        raise InputError(
            f"{run.folder} was trained on {state.lines} usable {config.unit}, but now there are {counts}: "
            "give it the same data, or take another folder"
        )
    state.lines = counts
    job = _Training(task, learner, state, config, run, say)
    done = min(state.step * config.batch_size, config.samples)
    with interruptible() as stop, progress("training", total=config.samples, unit=config.unit, done=done) as bar:
        job.go_on(bar, stop)
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
    ) -> None:
        self.task, self.learner, self.state, self.config = task, learner, state, config
        self.run, self.say = run, say
        # Without a checkpoint all is done again, the validation of a start too.
        self.log = MetricsLog(run.folder / METRICS, state.step or -1)
        self.watch, self.pace = Stopwatch(), Pace()

    def go_on(self, bar: Bar, stop: Callable[[], bool]) -> None:
        config, state = self.config, self.state
        if config.init and not state.step:
            self._validate()  # or a training that only spoils the weights would keep worse ones than it began with
        for batch, waited in with_waiting_time(self.task.batches(state.step, config.steps)):
            started = time.perf_counter()
            self._step(batch)
            self.pace.add(waited, time.perf_counter() - started)
            bar.advance(min(config.batch_size, config.samples - bar.meter.done))
            ends = state.step == config.steps
            if ends or state.step % config.log_every == 0:
                self._write_log()
            if ends or state.step % config.validate_every == 0:
                self._validate()
            if ends or stop() or state.step % config.checkpoint_every == 0:
                self.watch.add_to(state)
                save_checkpoint(self.run.folder, self.learner, state)
            if ends and state.best_step == 0:
                self.say(f"no step was better than the start: the weights that are kept are those of {config.init}")
            if stop() and not ends:
                raise KeyboardInterrupt

    def _step(self, batch: Batch) -> None:
        state = self.state
        with torch.autocast(self.config.device, torch.bfloat16, enabled=self.config.precision == "bf16"):
            parts = self.task.losses(batch, state.step)
        loss = torch.stack(list(parts.values())).sum()
        norm = self.learner.differentiate(loss)
        told = {**parts, **self.task.measured}
        measured = {"loss": loss.item(), **{name: value.item() for name, value in told.items()}, "gradient_norm": norm}
        if not all(map(math.isfinite, measured.values())):
            self._refuse(batch, measured)
        self.learner.update(state.step)
        state.step += 1
        state.pending_steps += 1
        for name, value in measured.items():
            state.pending[name] = state.pending.get(name, 0.0) + value

    def _refuse(self, batch: Batch, measured: dict[str, float]) -> None:
        step, keys = self.state.step, self.task.keys(batch)
        path = self.run.folder / NON_FINITE
        write_file(path, json.dumps({"step": step, "measured": measured, "keys": keys}, indent=2) + "\n")
        raise JobError(
            f"step {step}: the loss or its gradient is not finite for the batch of {keys[0]!r} and others: see {path}. "
            "The checkpoint before it is untouched; try a lower optim.lr, or precision=fp32"
        )

    def _write_log(self) -> None:
        state = self.state
        self.watch.add_to(state)
        means = {name: value / state.pending_steps for name, value in state.pending.items()}
        rate = {"learning_rate": self.learner.learning_rate(state.step - 1)}
        rates = self.pace.rates(self.config.batch_size)
        self.log.write("train", state.step, {**self._spent(), **means, **rate, **rates})
        state.pending, state.pending_steps, self.pace = {}, 0, Pace()

    def _spent(self) -> dict[str, float]:
        state = self.state
        samples = state.step * self.config.batch_size
        return {"samples": samples, "seconds": round(state.seconds, 3), "cpu_seconds": round(state.cpu_seconds, 3)}

    def _validate(self) -> None:
        state = self.state
        validation = self.task.validate(self.learner.average.model)
        self.watch.add_to(state)
        named = {} if validation.name is None else {"network": validation.name}
        scores = {"score": validation.score, "scores": validation.scores}
        entry = {**self._spent(), **scores, **named, **validation.details}
        self.log.write("validation", state.step, entry)
        is_best = state.best is None or validation.score >= state.best
        if is_best:
            state.best, state.best_step = validation.score, state.step
            for name, network in validation.parts.items():
                self.run.save_weights(network, name)
            best = self.learner.average.model if validation.best is None else validation.best
            self.run.save_weights(best, of=validation.name)
            write_file(self.run.folder / BEST, json.dumps({"step": state.step, **entry}, indent=2) + "\n")
        when = f"step {state.step:,}" if state.step else "before the first step"
        self.say(f"{when}: {self.config.score_name} {validation.score:.4f}{', the best' if is_best else ''}")
