"""The loop, with a task so small that a step takes a millisecond."""

import json
import os
import signal
from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.errors import JobError
from pipelines.inference.run import create_run, open_run
from pipelines.training.checkpoint import STATE_FILE, load_checkpoint
from pipelines.training.distributed import SingleProcess
from pipelines.training.loop import run_training
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.state import TrainState
from pipelines.training.task import ValidationResult
from synthtext.core import Charset, InputError

CONFIG = RecognizerTrainConfig(
    samples=48, batch_size=4, log_every=3, validate_every=4, checkpoint_every=5, device="cpu", precision="fp32",
    ema_decay=0.9, optim={"warmup_steps": 3, "lr": 0.05},
)  # fmt: skip
VARYING = {"seconds", "cpu_seconds", "images_per_second", "waiting"}


class CrashError(RuntimeError):
    pass


@dataclass
class LineFit:
    """Finds the weights of a linear map; can be told to do something before a step."""

    before: dict
    measured = {}  # noqa: RUF012 - the protocol's

    def __post_init__(self):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1))

    def batches(self, numbers):
        for step in numbers:
            self.before.get(step, lambda: None)()
            generator = torch.Generator().manual_seed(step)
            yield step, torch.randn(4, 2, 3, 3, generator=generator)

    def losses(self, batch, step):
        number, x = batch
        assert number == step
        wanted = x[:, :1] - 2 * x[:, 1:]
        error = self.model(x) - wanted
        return {"square": error.square().mean(), "absolute": 0.1 * error.abs().mean() * self.factor(step)}

    def factor(self, step):
        return 1.0

    def keys(self, batch):
        return (f"line-{batch[0]}", "another")

    def validate(self, model):
        weight = float(model[0].weight.abs().sum())
        return ValidationResult(-weight, {"held out": {"accuracy": weight}})


class Exploding(LineFit):
    def factor(self, step):
        return float("nan") if step == 7 else 1.0


def make_run(folder):
    return create_run(folder, {"kind": "test"}, RecognizerPreprocessing(), Charset.named("digits"))


def train(folder, before=None, task=LineFit, lines=(100,), config=CONFIG):
    run = open_run(folder) if (folder / "config.yaml").exists() else make_run(folder)
    run_training(task(before or {}), list(lines), config, run, lambda text: None)
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


def test_it_learns_and_logs(uninterrupted):
    entries = metrics(uninterrupted)
    trained = [entry for entry in entries if entry["event"] == "train"]
    assert [entry["step"] for entry in trained] == [3, 6, 9, 12]
    assert trained[-1]["samples"] == 48
    assert trained[-1]["loss"] < trained[0]["loss"]
    for entry in trained:
        assert entry["loss"] == pytest.approx(entry["square"] + entry["absolute"], rel=1e-5)
        assert entry["gradient_norm"] > 0
    assert [entry["step"] for entry in entries if entry["event"] == "validation"] == [4, 8, 12]
    raw = json.loads((uninterrupted / "metrics.jsonl").read_text().splitlines()[0])
    assert raw["images_per_second"] > 0
    assert 0 <= raw["waiting"] <= 1


def test_the_best_is_kept(uninterrupted):
    validations = [entry for entry in metrics(uninterrupted) if entry["event"] == "validation"]
    best = json.loads((uninterrupted / "best.json").read_text())
    assert best["score"] == max(entry["score"] for entry in validations)
    assert json.loads((uninterrupted / "state.json").read_text())["best"] == best["score"]


def stop_here():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("step", [0, 4, 6, 10])
def test_a_stopped_and_resumed_training_equals_an_uninterrupted_one(tmp_path, uninterrupted, step):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", {step: stop_here})
    assert signal.getsignal(signal.SIGINT) is handler
    assert json.loads((tmp_path / "run" / "state.json").read_text())["step"] == step + 1
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


@pytest.mark.parametrize("step", [3, 5, 9, 11])
def test_so_does_one_that_crashed_between_checkpoints(tmp_path, uninterrupted, step):
    with pytest.raises(CrashError):
        train(tmp_path / "run", {step: crash})
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


def test_and_one_that_crashed_again_and_again(tmp_path, uninterrupted):
    for step in (6, 7, 11):
        with pytest.raises(CrashError):
            train(tmp_path / "run", {step: crash})
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"event": "train", "st')  # a kill in the middle of a line
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


def assert_equal(folder, other):
    assert metrics(folder) == metrics(other)
    ours, theirs = (tensors(place) for place in (folder, other))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert (folder / "weights.safetensors").read_bytes() == (other / "weights.safetensors").read_bytes()
    assert not list(folder.glob(".tmp-*"))


def tensors(folder):
    learner = TrainState(LineFit({}).model, CONFIG)
    assert load_checkpoint(folder, learner).step == CONFIG.steps
    return {name: tensor.clone() for name, tensor in learner.state_dict().items()}


def test_a_finished_training_is_left_alone(uninterrupted):
    before = (uninterrupted / STATE_FILE).read_bytes()
    train(uninterrupted, dict.fromkeys(range(12), crash))
    assert (uninterrupted / STATE_FILE).read_bytes() == before


def test_a_loss_that_is_not_finite_stops_it_and_spoils_nothing(tmp_path):
    with pytest.raises(JobError, match=r"step 7: .*'line-7'.*non_finite\.json"):
        train(tmp_path / "run", task=Exploding)
    report = json.loads((tmp_path / "run" / "non_finite.json").read_text())
    assert report["keys"] == ["line-7", "another"]
    assert json.loads((tmp_path / "run" / "state.json").read_text())["step"] == 5
    state = load_checkpoint(tmp_path / "run", TrainState(LineFit({}).model, CONFIG))
    assert state.step == 5


class Unscored(LineFit):
    """Meets a picture that is gone when it validates."""

    def validate(self, model):
        raise InputError("no picture")


class Told(SingleProcess):
    """Remembers of what it was told."""

    def __init__(self):
        self.failures = []

    def agree(self, failure):
        self.failures.append(failure)
        super().agree(failure)


def test_a_validation_that_fails_is_told_to_the_other_processes(tmp_path):
    """They wait for the first one's scores, and would do so for a day."""
    group = Told()
    with pytest.raises(InputError, match="no picture"):
        run_training(Unscored({}), [100], CONFIG, make_run(tmp_path / "run"), lambda text: None, group)
    assert [str(failure) for failure in group.failures if failure is not None] == ["no picture"]


STARTED = CONFIG.model_copy(update={"init": "runs/before"})


class Spoiling(LineFit):
    """Is at its best before the first step."""

    def validate(self, model):
        score = 1 + self.sign * float((model[0].weight - self.first).abs().sum())
        return ValidationResult(score, {"held out": {"accuracy": score}})

    sign = -1

    def __post_init__(self):
        super().__post_init__()
        self.first = self.model[0].weight.detach().clone()


class Improving(Spoiling):
    sign = 1


class Indifferent(Spoiling):
    sign = 0


def test_the_weights_of_a_start_may_stay_the_best(tmp_path):
    said = []
    run = make_run(tmp_path / "run")
    run_training(Spoiling({}), [100], STARTED, run, said.append)
    validations = [entry for entry in metrics(run.folder) if entry["event"] == "validation"]
    assert [entry["step"] for entry in validations] == [0, 4, 8, 12]
    assert (validations[0]["samples"], validations[0]["score"]) == (0, 1)
    assert all(entry["score"] < 1 for entry in validations[1:])
    assert json.loads((run.folder / "best.json").read_text())["step"] == 0
    saved = load_file(run.folder / "weights.safetensors")
    assert all(torch.equal(saved[name], tensor) for name, tensor in Spoiling({}).model.state_dict().items())
    assert said[0] == "before the first step: accuracy 1.0000, the best"
    assert said[-1] == "no step was better than the start: the weights that are kept are those of runs/before"
    said.clear()
    run_training(Spoiling({}), [100], STARTED, run, said.append)
    assert said == []


@pytest.mark.parametrize("task", [Improving, Indifferent])
def test_a_start_that_is_equalled_or_improved_on_is_not_kept(tmp_path, task):
    said, run = [], make_run(tmp_path / "run")
    run_training(task({}), [100], STARTED, run, said.append)
    assert json.loads((run.folder / "best.json").read_text())["step"] == 12
    assert not any("no step" in line for line in said)


def test_fresh_weights_are_not_validated(uninterrupted):
    assert 0 not in [entry["step"] for entry in metrics(uninterrupted)]


@pytest.mark.parametrize("steps", [(0, 2), (1,), (6, 7, 11)])
def test_a_training_from_a_start_is_resumed_exactly(tmp_path, steps):
    train(tmp_path / "whole", task=Spoiling, config=STARTED)
    for step in steps:
        with pytest.raises(CrashError):
            train(tmp_path / "run", {step: crash}, task=Spoiling, config=STARTED)
    train(tmp_path / "run", task=Spoiling, config=STARTED)
    assert_equal(tmp_path / "run", tmp_path / "whole")
    assert (tmp_path / "run" / "best.json").exists()


def test_other_data_are_refused(tmp_path):
    with pytest.raises(CrashError):
        train(tmp_path / "run", {7: crash})
    with pytest.raises(InputError, match=r"\[100\] usable lines, but now there are \[90\]"):
        train(tmp_path / "run", lines=[90])


@pytest.mark.parametrize("damage", [lambda data: data[:500], lambda data: data[:-3], lambda data: b""])
def test_a_damaged_checkpoint_is_named(tmp_path, damage):
    train(tmp_path / "run")
    path = tmp_path / "run" / STATE_FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"state\.safetensors cannot be resumed from"):
        train(tmp_path / "run")


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    class Wider(LineFit):
        def __post_init__(self):
            self.model = nn.Sequential(nn.Conv2d(2, 5, 1), nn.BatchNorm2d(5), nn.Conv2d(5, 1, 1))

    train(tmp_path / "run")
    with pytest.raises(InputError, match="cannot be resumed from"):
        train(tmp_path / "run", task=Wider)
