"""The training loop, with a model so small that a step takes a millisecond."""

import json
import math
import os
import signal
from collections import namedtuple
from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.errors import JobError
from pipelines.inference.run import create_run, open_run
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.distributed import WorkerGroup
from pipelines.training.loop import run_training
from pipelines.training.state import STATE_FILE, TrainState, load_checkpoint
from pipelines.training.task import ValidationResult
from synthtext.core import Charset, InputError

CONFIG = RecognizerTrainConfig(
    samples=48, batch_size=4, log_every=3, validate_every=4, checkpoint_every=5, device="cpu", precision="fp32",
    ema_decay=0.9, optim={"warmup_steps": 3, "lr": 0.05},
)  # fmt: skip
VARYING = {"seconds", "cpu_seconds", "samples_per_second", "data_wait_fraction"}


class CrashError(RuntimeError):
    pass


Batch = namedtuple("Batch", "keys number images")


@dataclass
class LineFit:
    """A regression to a linear map, with an optional action before a step."""

    before: dict
    extra_metrics = {}  # noqa: RUF012 - as in the protocol

    def __post_init__(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))
        self.logged = []

    def batches(self, numbers):
        for step in numbers:
            self.before.get(step, lambda: None)()
            generator = torch.Generator().manual_seed(step)
            yield Batch((f"line-{step}", "another"), step, torch.randn(4, 2, 3, 3, generator=generator))

    def parts(self, batch):
        return [batch]

    def losses(self, batch, step, *, log=False):
        self.logged.append((step, log))
        _, number, x = batch
        assert number == step
        error = self.model(x) - (x[:, :1] - 2 * x[:, 1:])
        return {"square": error.square().mean(), "absolute": 0.1 * error.abs().mean() * self.factor(step)}

    def factor(self, step):
        return 1.0

    def validate(self, model):
        weight = float(model[0].weight.abs().sum())
        return ValidationResult(-weight, {"held out": {"accuracy": weight}})


class Exploding(LineFit):
    def factor(self, step):
        return float("nan") if step == 7 else 1.0


def make_run(folder):
    return create_run(folder, {"kind": "test"}, RecognizerPreprocessing(), Charset.named("digits"))


def train(folder, before=None, task=LineFit, source_sizes=(100,), config=CONFIG):
    run = open_run(folder) if (folder / "config.yaml").exists() else make_run(folder)
    run_training(task(before or {}), list(source_sizes), config, run, lambda text: None)
    return run


def metrics(folder):
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in entry.items() if key not in VARYING} for entry in entries]


def crash():
    raise CrashError


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "whole"
    train(folder)
    return folder


def test_training_reduces_the_loss_and_logs_metrics(uninterrupted):
    entries = metrics(uninterrupted)
    trained = [entry for entry in entries if entry["event"] == "train"]
    assert [entry["step"] for entry in trained] == [3, 6, 9, 12]
    assert trained[-1]["samples"] == 48
    assert trained[-1]["loss"] < trained[0]["loss"]
    for entry in trained:
        assert entry["loss"] == pytest.approx(entry["loss/square"] + entry["loss/absolute"], rel=1e-5)
        assert entry["gradient_norm"] > 0
    assert [entry["step"] for entry in entries if entry["event"] == "validation"] == [4, 8, 12]
    raw = json.loads((uninterrupted / "metrics.jsonl").read_text().splitlines()[0])
    assert raw["samples_per_second"] > 0
    assert 0 <= raw["data_wait_fraction"] <= 1


def test_the_best_weights_are_saved(uninterrupted):
    validations = [entry for entry in metrics(uninterrupted) if entry["event"] == "validation"]
    best = json.loads((uninterrupted / "best.json").read_text())
    assert best["score"] == max(entry["score"] for entry in validations)
    assert json.loads((uninterrupted / "state.json").read_text())["best_score"] == best["score"]


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("step", [0, 4, 6, 10])
def test_a_stopped_and_resumed_training_equals_an_uninterrupted_one(tmp_path, uninterrupted, step):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", {step: interrupt})
    assert signal.getsignal(signal.SIGINT) is handler
    assert json.loads((tmp_path / "run" / "state.json").read_text())["step"] == step + 1
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


@pytest.mark.parametrize("step", [3, 5, 9, 11])
def test_a_training_that_crashed_between_checkpoints_equals_an_uninterrupted_one(tmp_path, uninterrupted, step):
    with pytest.raises(CrashError):
        train(tmp_path / "run", {step: crash})
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


def test_a_training_that_crashed_repeatedly_equals_an_uninterrupted_one(tmp_path, uninterrupted):
    for step in (6, 7, 11):
        with pytest.raises(CrashError):
            train(tmp_path / "run", {step: crash})
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"event": "train", "st')  # killed while writing a line
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


def assert_equal(folder, other):
    assert metrics(folder) == metrics(other)
    first, second = (tensors(path) for path in (folder, other))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (folder / "weights.safetensors").read_bytes() == (other / "weights.safetensors").read_bytes()
    assert not list(folder.glob(".tmp-*"))


def tensors(folder):
    state = TrainState(LineFit({}).model, CONFIG)
    assert load_checkpoint(folder, state).step == CONFIG.steps
    return {name: tensor.clone() for name, tensor in state.state_dict().items()}


def test_a_finished_training_is_not_changed(uninterrupted):
    before = (uninterrupted / STATE_FILE).read_bytes()
    train(uninterrupted, dict.fromkeys(range(12), crash))
    assert (uninterrupted / STATE_FILE).read_bytes() == before


def test_a_non_finite_loss_stops_the_training_and_keeps_the_checkpoint(tmp_path):
    with pytest.raises(JobError, match=r"step 7: .*'line-7'.*non_finite\.json"):
        train(tmp_path / "run", task=Exploding)
    report = json.loads((tmp_path / "run" / "non_finite.json").read_text())
    assert report["keys"] == ["line-7", "another"]
    assert math.isnan(report["metrics"]["loss/absolute"])
    assert json.loads((tmp_path / "run" / "state.json").read_text())["step"] == 5
    assert load_checkpoint(tmp_path / "run", TrainState(LineFit({}).model, CONFIG)).step == 5


def test_extra_metrics_are_only_computed_in_logged_steps(tmp_path):
    task = LineFit({})
    run_training(task, [100], CONFIG, make_run(tmp_path / "run"), lambda text: None)
    assert task.logged == [(step, step % 3 == 2) for step in range(12)]


class Unscored(LineFit):
    """Fails when it validates."""

    def validate(self, model):
        raise InputError("no image")


class RecordingGroup(WorkerGroup):
    """Records the failures that it raises."""

    def __init__(self):
        self.failures = []

    def raise_on_any(self, failure):
        self.failures.append(failure)
        super().raise_on_any(failure)


def test_a_failed_validation_is_raised_in_all_processes(tmp_path):
    """The others wait for the scores of the first one."""
    group = RecordingGroup()
    with pytest.raises(InputError, match="no image"):
        run_training(Unscored({}), [100], CONFIG, make_run(tmp_path / "run"), lambda text: None, group)
    assert [str(failure) for failure in group.failures if failure is not None] == ["no image"]


WITH_INIT = CONFIG.model_copy(update={"init": "runs/before"})


class Deteriorating(LineFit):
    """Has its best score before the first step."""

    def validate(self, model):
        score = 1 + self.sign * float((model[0].weight - self.first).abs().sum())
        return ValidationResult(score, {"held out": {"accuracy": score}})

    sign = -1

    def __post_init__(self):
        super().__post_init__()
        self.first = self.model[0].weight.detach().clone()


class Improving(Deteriorating):
    sign = 1


class Indifferent(Deteriorating):
    sign = 0


def test_initial_weights_may_stay_the_best(tmp_path):
    messages = []
    run = make_run(tmp_path / "run")
    run_training(Deteriorating({}), [100], WITH_INIT, run, messages.append)
    validations = [entry for entry in metrics(run.folder) if entry["event"] == "validation"]
    assert [entry["step"] for entry in validations] == [0, 4, 8, 12]
    assert (validations[0]["samples"], validations[0]["score"]) == (0, 1)
    assert all(entry["score"] < 1 for entry in validations[1:])
    assert json.loads((run.folder / "best.json").read_text())["step"] == 0
    saved = load_file(run.folder / "weights.safetensors")
    assert all(torch.equal(saved[name], tensor) for name, tensor in Deteriorating({}).model.state_dict().items())
    assert messages[0] == "before the first step: accuracy 1.0000, the best"
    assert messages[-1] == "no step was better than the initial weights: the best weights are those of runs/before"
    messages.clear()
    run_training(Deteriorating({}), [100], WITH_INIT, run, messages.append)
    assert messages == []


@pytest.mark.parametrize("task", [Improving, Indifferent])
def test_initial_weights_are_replaced_by_equal_or_better_ones(tmp_path, task):
    messages, run = [], make_run(tmp_path / "run")
    run_training(task({}), [100], WITH_INIT, run, messages.append)
    assert json.loads((run.folder / "best.json").read_text())["step"] == 12
    assert not any("no step" in line for line in messages)


def test_random_weights_are_not_validated(uninterrupted):
    assert 0 not in [entry["step"] for entry in metrics(uninterrupted)]


@pytest.mark.parametrize("steps", [(0, 2), (1,), (6, 7, 11)])
def test_a_training_from_initial_weights_is_resumed_exactly(tmp_path, steps):
    train(tmp_path / "whole", task=Deteriorating, config=WITH_INIT)
    for step in steps:
        with pytest.raises(CrashError):
            train(tmp_path / "run", {step: crash}, task=Deteriorating, config=WITH_INIT)
    train(tmp_path / "run", task=Deteriorating, config=WITH_INIT)
    assert_equal(tmp_path / "run", tmp_path / "whole")
    assert (tmp_path / "run" / "best.json").exists()
