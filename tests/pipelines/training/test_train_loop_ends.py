"""The training loop when it is interrupted by a signal or a full disk, or cannot resume."""

import json
from contextlib import contextmanager

import pytest
from torch import nn

from pipelines.errors import JobError
from pipelines.training import loop
from pipelines.training.state import STATE_FILE
from synthtext.core import InputError
from tests.pipelines.jobs.test_full_disk import largest_file
from tests.pipelines.training.test_train_loop import CrashError, LineFit, assert_equal, crash, make_run, train


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return train(tmp_path_factory.mktemp("run") / "whole").folder


def test_an_interrupt_at_the_end_of_a_step_is_handled_in_the_next(tmp_path, monkeypatch, uninterrupted):
    """The flag is read once per step; otherwise an interrupt could end the training without a checkpoint."""
    answers = iter([False, True])

    @contextmanager
    def interruptible():
        yield lambda: next(answers)

    monkeypatch.setattr(loop, "interruptible", interruptible)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run")
    monkeypatch.undo()
    assert json.loads((tmp_path / "run" / "state.json").read_text())["step"] == 2
    train(tmp_path / "run")
    assert_equal(tmp_path / "run", uninterrupted)


@pytest.mark.parametrize(
    ("file", "size"),
    [("metrics.jsonl", 100), ("weights.safetensors", 600), ("state.safetensors", 2000)],
)
def test_a_full_disk_is_reported_and_the_same_call_resumes(tmp_path, uninterrupted, file, size):
    run = make_run(tmp_path / "run")
    with (
        largest_file(size),
        pytest.raises(JobError, match=f"{file} cannot be written: File too large"),
    ):
        train(run.folder)
    assert not (run.folder / file).exists() or file == "metrics.jsonl"
    train(run.folder)
    assert_equal(run.folder, uninterrupted)


def test_other_data_are_rejected(tmp_path):
    with pytest.raises(CrashError):
        train(tmp_path / "run", {7: crash})
    with pytest.raises(InputError, match=r"\[100\] usable lines, but now there are \[90\]"):
        train(tmp_path / "run", source_sizes=[90])


@pytest.mark.parametrize("damage", [lambda data: data[:500], lambda data: data[:-3], lambda data: b""])
def test_a_damaged_checkpoint_is_reported(tmp_path, damage):
    train(tmp_path / "run")
    path = tmp_path / "run" / STATE_FILE
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"state\.safetensors cannot be resumed from"):
        train(tmp_path / "run")


def test_a_checkpoint_of_another_network_is_rejected(tmp_path):
    class Wider(LineFit):
        def __post_init__(self):
            self.model = nn.Sequential(nn.Conv2d(2, 5, 1), nn.BatchNorm2d(5), nn.Conv2d(5, 1, 1))

    train(tmp_path / "run")
    with pytest.raises(InputError, match="cannot be resumed from"):
        train(tmp_path / "run", task=Wider)
