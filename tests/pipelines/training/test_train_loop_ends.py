"""The training loop when it is interrupted by a signal, or by a full disk."""

import json
from contextlib import contextmanager

import pytest

from pipelines.errors import JobError
from pipelines.training import loop
from tests.pipelines.jobs.test_full_disk import largest_file
from tests.pipelines.training.test_train_loop import assert_equal, make_run, train


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
