"""The training loop: step, log, validate, save checkpoints, resume."""

import json
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from pipelines.errors import JobError
from pipelines.inference.run import Run
from pipelines.inference.run_display import BEST_FILE, METRICS_FILE
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.progress import ProgressBar, progress_bar
from pipelines.training.budget import SpeedEstimate, make_budget
from pipelines.training.distributed import WorkerGroup, propagate_errors
from pipelines.training.metrics import (
    BufferedStep,
    MetricsBuffer,
    MetricsLogger,
    StepMetrics,
    Stopwatch,
    Throughput,
    timed_batches,
)
from pipelines.training.settings import BaseTrainConfig
from pipelines.training.state import TrainingProgress, TrainState, load_checkpoint, save_checkpoint
from pipelines.training.task import Log, Task, ValidationResult
from synthtext.core import InputError

LAST_FILE = "last.json"  # scores of the last weights that were scored
NON_FINITE_FILE = "non_finite.json"
_ENDLESS = 2**40  # batches


def run_training(
    task: Task,
    source_sizes: list[int],
    config: BaseTrainConfig,
    run: Run,
    log: Log,
    group: WorkerGroup | None = None,
    make_bar: Callable[..., AbstractContextManager[ProgressBar]] = progress_bar,
) -> TrainingProgress:
    """Train until the budget is spent; resume from the checkpoint in the run directory if there is one.

    Initial weights from another run (`config.init`) are validated before the first step, and are kept as the best until
    a later validation is at least as good.

    Args:
        task, source_sizes: as in `TrainingSetup`.
        config: settings, with concrete device and precision.
        run: run directory for checkpoints, metrics and the best weights.
        log: receives messages, a line each.
        group: the processes that train together; None: only this one. All read the checkpoint, the first one writes.
        make_bar: makes the progress bar, see `pipelines.progress`.

    Returns:
        The progress at the end.

    Raises:
        InputError: the checkpoint does not match the data or the network.
        JobError: the loss is not finite, and the message names the file that lists the samples; or the run directory
            cannot be written, or a data worker died.
        KeyboardInterrupt: the process was interrupted; a checkpoint was written and scored before.
    """
    loop = _TrainingLoop(task, source_sizes, config, run, log, group or WorkerGroup())
    budget, done = loop.budget, loop.budget.done(loop.progress)
    with (
        interruptible() as is_interrupted,
        make_bar("training", total=budget.total, unit=budget.unit, done=done) as bar,
    ):
        loop.run_steps(bar, is_interrupted)
    return loop.progress


class _TrainingLoop:
    def __init__(
        self, task: Task, source_sizes: list[int], config: BaseTrainConfig, run: Run, log: Log, group: WorkerGroup
    ) -> None:
        self.task, self.config, self.run, self.log, self.group = task, config, run, log, group
        self.is_first, self.state = group.rank == 0, TrainState(task.model, config, group)
        self.budget = budget = make_budget(config, run.folder, group)
        with propagate_errors(group):
            self.progress = progress = load_checkpoint(run.folder, self.state)
            if progress.step and progress.source_sizes != source_sizes:
                raise InputError(
                    f"{run.folder} was trained on {progress.source_sizes} usable {config.sample_unit}, but now there "
                    f"are {source_sizes}: use the same data, or another folder"
                )
        if len({*group.all_gather(progress.step)}) > 1:
            raise InputError(f"{run.folder} is not the same folder for all processes: use a path that they share")
        progress.source_sizes = source_sizes
        # Without a checkpoint everything is repeated, the validation of initial weights too.
        with propagate_errors(group):
            self.logger = MetricsLogger(run.folder / METRICS_FILE, progress.step or -1) if self.is_first else None
        self.stopwatch, self.throughput = Stopwatch(), Throughput()
        self.buffer = MetricsBuffer(group, config.micro_batches)
        self.estimate = SpeedEstimate(config, log, budget.steps and budget.steps - progress.step)
        last = _ENDLESS if budget.steps is None else budget.steps * config.micro_batches
        numbers = range(progress.step * config.micro_batches + group.rank, last, group.world_size)
        self.batches = timed_batches(task.batches(numbers))

    def run_steps(self, bar: ProgressBar, is_interrupted: Callable[[], bool]) -> None:
        config, progress = self.config, self.progress
        if config.init and not progress.step:
            self._validate()  # otherwise a training that only impairs the weights would discard better ones
        while not self._has_ended():
            self._step()
            is_last = self._has_ended()
            bar.advance(self.budget.done(progress) - bar.counter.done)
            if is_last or self._is_log_step(progress.step):
                self._write_metrics()
            if is_last or progress.step % config.validate_every == 0:
                self._validate()
            stops = not is_last and is_interrupted()  # read once: an interrupt after this line waits for the next step
            if is_last or stops or progress.step % config.checkpoint_every == 0:
                self._save()
            if is_last and progress.best_step == 0:
                self.log(f"no step was better than the initial weights: the best weights are those of {config.init}")
            if stops:
                self._score_last()
                raise KeyboardInterrupt

    def _has_ended(self) -> bool:
        return self.budget.has_ended(self.progress.step, lambda: self.stopwatch.elapsed(self.progress))

    def _is_log_step(self, steps_done: int) -> bool:
        return steps_done == self.budget.steps or steps_done % self.config.log_every == 0

    def _step(self) -> None:
        progress, metrics = self.progress, StepMetrics()
        with propagate_errors(self.group):
            self.state.backward(self._losses(metrics))
        norm = self.state.reduce_gradients()
        self.state.step(progress.step, self.budget.learning_rate(progress.step))
        self.buffer.add(progress.step, metrics, norm)
        self.throughput.add(metrics)
        self.estimate.add(metrics.data_wait_seconds)
        progress.step += 1

    def _losses(self, metrics: StepMetrics) -> Iterator[tuple[Tensor, float]]:
        """Yield the losses of the parts of this process's batches of the step, each with its share of its batch."""
        step = self.progress.step
        for batch, waited in islice(self.batches, self.config.micro_batches // self.group.world_size):
            metrics.data_wait_seconds += waited
            parts = self.task.parts(batch)
            if len(parts) > 1:
                self.state.accumulate_batch_norm()
            for part in parts:
                with torch.autocast(self.config.device, torch.bfloat16, enabled=self.config.precision == "bf16"):
                    terms = self.task.losses(part, step, log=self._is_log_step(step + 1))
                loss, share = torch.stack(list(terms.values())).sum(), len(part.keys) / len(batch.keys)
                named = {f"loss/{name}": value for name, value in terms.items()}
                metrics.add({"loss": loss, **named, **self.task.extra_metrics}, part.keys, share)
                yield loss, share

    def _flush_metrics(self) -> None:
        """Read the metrics of the last steps, before anything is written that depends on them.

        Raises:
            JobError: one of them is not finite.
        """
        started, progress = time.perf_counter(), self.progress
        for step in self.buffer.flush():
            if not all(map(math.isfinite, step.metrics.values())):
                self._report_non_finite(step)
            for name, value in step.metrics.items():
                progress.metric_sums[name] = progress.metric_sums.get(name, 0.0) + value
                progress.metric_counts[name] = progress.metric_counts.get(name, 0) + 1
        self.throughput.seconds += time.perf_counter() - started  # the device may have computed until now

    def _report_non_finite(self, step: BufferedStep) -> None:
        keys = [key for some in self.group.all_gather(step.keys) for key in some]
        path, report = self.run.folder / NON_FINITE_FILE, {"step": step.step, "metrics": step.metrics, "keys": keys}
        if self.is_first:
            with wrap_write_errors(path):
                write_atomic(path, json.dumps(report, indent=2) + "\n")
        raise JobError(
            f"step {step.step}: the loss or its gradient is not finite for the batch of {keys[0]!r} and others: see "
            f"{path}. The last checkpoint is intact; try a lower optim.lr, or precision=fp32"
        )

    def _save(self) -> None:
        self._flush_metrics()
        self.stopwatch.add_to(self.progress, self.group)
        with propagate_errors(self.group):
            if self.is_first:
                save_checkpoint(self.run.folder, self.state, self.progress)

    def _write_metrics(self) -> None:
        self._flush_metrics()
        progress = self.progress
        self.stopwatch.add_to(progress, self.group)
        means = {name: value / progress.metric_counts[name] for name, value in progress.metric_sums.items()}
        rate = {"learning_rate": self.budget.learning_rate(progress.step - 1)}
        rates = self.throughput.rates(self.config.samples_per_step)
        with propagate_errors(self.group):
            if self.logger is not None:
                self.logger.write("train", progress.step, {**self._spent(), **means, **rate, **rates})
        progress.metric_sums, progress.metric_counts, self.throughput = {}, {}, Throughput()

    def _spent(self) -> dict[str, float]:
        progress = self.progress
        seconds = {"seconds": round(progress.seconds, 3), "cpu_seconds": round(progress.cpu_seconds, 3)}
        return {"samples": progress.step * self.config.samples_per_step, **seconds}

    def _validate(self) -> None:
        """Score the averaged weights in the first process, while the others wait."""
        self._flush_metrics()
        with propagate_errors(self.group):
            try:
                if self.logger is not None:
                    self._record(self.logger, self.task.validate(self.state.ema.model))
            finally:
                self.group.wait_for_first()

    def _record(self, logger: MetricsLogger, result: ValidationResult) -> None:
        progress = self.progress
        self.stopwatch.add_to(progress)
        entry = self._entry(result)
        logger.write("validation", progress.step, entry)
        is_best = progress.best_score is None or result.score >= progress.best_score
        if is_best:
            progress.best_score, progress.best_step = result.score, progress.step
            self._save_best(result, entry)
        self._write_scores(LAST_FILE, entry)
        when = f"step {progress.step:,}" if progress.step else "before the first step"
        self.log(f"{when}: {self.config.metric_name} {result.score:.4f}{', the best' if is_best else ''}")

    def _entry(self, result: ValidationResult) -> dict[str, Any]:
        name = {} if result.best_network is None else {"network": result.best_network}
        return {**self._spent(), "score": result.score, "scores": result.scores, **name, **result.extra}

    def _save_best(self, result: ValidationResult, entry: dict[str, Any]) -> None:
        for network_name, network in result.networks.items():
            self.run.save_weights(network, network_name)
        best = self.state.ema.model if result.best is None else result.best
        self.run.save_weights(best, best_network=result.best_network)
        self._write_scores(BEST_FILE, entry)

    def _write_scores(self, name: str, entry: dict[str, Any]) -> None:
        path = self.run.folder / name
        with wrap_write_errors(path):
            write_atomic(path, json.dumps({"step": self.progress.step, **entry}, indent=2) + "\n")

    def _score_last(self) -> None:
        """Score the weights of an interrupted training, unless its last step was validated.

        They become the best ones only if there are none yet, and the checkpoint does not know the score: a resumed
        training equals one that was not interrupted.
        """
        progress = self.progress
        if progress.step % self.config.validate_every == 0:
            return
        self.log(f"interrupted after step {progress.step:,}: scoring the last weights; Ctrl-C again skips this")
        result = self.task.validate(self.state.ema.model)
        entry, folder = self._entry(result), self.run.folder
        self._write_scores(LAST_FILE, entry)
        if progress.best_score is None:
            self._save_best(result, entry)
        elif result.score > progress.best_score:
            self.log(
                f"they are better than weights.safetensors: ocrmill evaluate {folder} --last, ocrmill export --last"
            )
        self.log(f"step {progress.step:,}: {self.config.metric_name} {result.score:.4f}, the last weights")


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let a step end before Ctrl-C or SIGTERM stops the training; a second signal interrupts at once.

    Yields:
        A function that returns whether a signal has arrived.
    """
    arrived = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield arrived.is_set  # only the main thread can handle signals
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        arrived.set()
        signal.signal(number, previous[signal.Signals(number)])

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield arrived.is_set
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
