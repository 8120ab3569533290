"""Trainings with a time budget, on a clock that the steps move, and the scores of interrupted trainings."""

import json
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from pipelines.errors import JobError
from pipelines.training import metrics as metrics_module
from pipelines.training.budget import BUDGET_FILE, SpeedEstimate, TimeBudget, describe_speed
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.distributed import WorkerGroup
from pipelines.training.resolve import resolve_config
from pipelines.training.state import STATE_FILE
from synthtext.core import InputError
from tests.pipelines.training.test_train_loop import CONFIG, CrashError, LineFit, crash, interrupt, metrics, train

TIMED = RecognizerTrainConfig(**{**CONFIG.model_dump(), "minutes": 1, "checkpoint_every": 10, "log_every": 1})


@pytest.fixture
def clock(monkeypatch):
    """A clock that a step moves by `step` seconds."""
    found = SimpleNamespace(now=0.0, step=3.0)
    real = metrics_module.time
    fake = SimpleNamespace(monotonic=lambda: found.now, perf_counter=real.perf_counter, process_time=real.process_time)
    monkeypatch.setattr(metrics_module, "time", fake)
    return found


def run(folder, clock, before=None):
    class Timed(LineFit):
        def losses(self, batch, step, *, log=False):
            clock.now += clock.step
            return super().losses(batch, step, log=log)

    return train(folder, before, task=Timed, config=TIMED).folder


def rates(folder):
    return {entry["step"]: entry["learning_rate"] for entry in metrics(folder) if entry["event"] == "train"}


def test_it_ends_with_its_time_and_the_learning_rate_has_decayed(tmp_path, clock):
    folder = run(tmp_path / "run", clock)
    assert json.loads((folder / "state.json").read_text())["step"] == 20  # of 3 seconds
    assert [entry["step"] for entry in metrics(folder) if entry["event"] == "validation"][-1] == 20
    found = rates(folder)
    assert max(found.values()) == pytest.approx(0.05)
    assert found[20] < 0.2 * max(found.values())
    assert run(folder, clock) == folder  # has ended
    assert rates(folder) == found


@pytest.mark.parametrize("step", [3, 12, 17])
def test_a_crashed_training_equals_an_uninterrupted_one(tmp_path, clock, step):
    whole = run(tmp_path / "whole", clock)
    with pytest.raises(CrashError):
        run(tmp_path / "run", clock, {step: crash})
    run(tmp_path / "run", clock)
    assert metrics(tmp_path / "run") == metrics(whole)
    first, second = (load_file(folder / STATE_FILE) for folder in (tmp_path / "run", whole))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_repeated_steps_repeat_the_recorded_decisions(tmp_path, clock):
    """Also on a slower machine."""
    with pytest.raises(CrashError):
        run(tmp_path / "run", clock, {17: crash})
    before = rates(tmp_path / "run")
    with (tmp_path / "run" / BUDGET_FILE).open("a") as file:
        file.write('{"step": 2')  # killed while writing
    clock.step = 7.0
    after = rates(run(tmp_path / "run", clock))
    assert max(before) == 17
    assert {step: after[step] for step in before} == before
    assert max(after) == 20


def test_all_processes_take_the_decisions_of_the_first(tmp_path):
    class Second(WorkerGroup):
        rank = 1

        def all_gather(self, item):
            return [{0: 0.0} if isinstance(item, dict) else 1.0, item]

    budget = TimeBudget(TIMED, tmp_path / BUDGET_FILE, Second())
    assert not budget.has_ended(0, lambda: 99.0)
    assert budget.has_ended(5, lambda: 1.0)
    assert not (tmp_path / BUDGET_FILE).exists()
    with pytest.raises(JobError, match="cannot be written"):
        TimeBudget(TIMED, tmp_path / "missing" / BUDGET_FILE, WorkerGroup()).has_ended(0, lambda: 1.0)


def test_a_long_training_is_announced():
    config = RecognizerTrainConfig(samples=640_000)
    message = describe_speed(config, 2.0, 10_000, 0.6)
    assert message is not None
    assert "about 5 h 33 min at 32 lines/s" in message
    assert "samples=320000 or minutes=167 halves it" in message
    assert "data_workers" in message
    assert "data_workers" not in str(describe_speed(config, 2.0, 10_000, 0.1))
    assert describe_speed(config, 0.05, 10_000, 0.1) is None  # eight minutes
    assert "about 38,400 lines" in str(describe_speed(config.model_copy(update={"minutes": 20}), 2.0, None, 0.1))
    messages: list[str] = []
    estimate = SpeedEstimate(config.model_copy(update={"minutes": 20}), messages.append, None)
    for _ in range(30):
        estimate.add(0.0)
    assert len(messages) == 1


def test_the_center_loss_needs_numbers_of_samples():
    with pytest.raises(InputError, match=r"center_samples_range"):
        resolve_config("rec-enhanced-ctc", overrides=["minutes=5"])
    assert resolve_config("rec-enhanced-ctc", overrides=["minutes=5", "loss.center_samples_range=[5, 9]"]).minutes == 5


def test_the_last_weights_of_an_interrupted_training_are_saved_and_scored(tmp_path):
    """Without an earlier validation they are the best; a resumed training does not depend on that."""
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", {1: interrupt})
    scores = {name: json.loads((tmp_path / "run" / name).read_text()) for name in ("best.json", "last.json")}
    assert scores["best.json"] == scores["last.json"]
    assert scores["last.json"]["step"] == 2
    saved = load_file(tmp_path / "run" / "weights.safetensors")
    state = load_file(tmp_path / "run" / STATE_FILE)
    assert all(torch.equal(tensor, state[f"ema.{name}"]) for name, tensor in saved.items())
    assert json.loads((tmp_path / "run" / "state.json").read_text())["best_score"] is None
    train(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "last.json").read_text())["step"] == 12


def test_the_best_weights_survive_an_interrupt(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", {5: interrupt})
    assert json.loads((tmp_path / "run" / "best.json").read_text())["step"] == 4
    assert json.loads((tmp_path / "run" / "last.json").read_text())["step"] == 6
