"""What a recognizer's training takes from its data, folders that cannot be written, and the last weights."""

import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import RecognizerRun, RecognizerSettings, create_run, open_run
from pipelines.jobs.generation import generate
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.data_defaults import choose_input, resolve_training_charset
from pipelines.training.job import train
from synthtext.core import Charset, InputError

pytestmark = pytest.mark.train

SMALL = [
    "network={backbone_scale: 0.125, neck_hidden: 16, head_dim: 16}", "batch_size=4", "threads=1", "data_workers=0",
    "optim.warmup_steps=2", "precision=fp32", "samples=24", "validate_every=4",
]  # fmt: skip


@pytest.fixture(scope="module")
def capitals(tmp_path_factory, draw_lines):
    return draw_lines(tmp_path_factory.mktemp("lines") / "capitals", ["AB1", "A-C", "B2", "C1A"] * 3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, capitals):
    """A run whose charset is that of its labels."""
    return train("rec-tiny", tmp_path_factory.mktemp("runs") / "run", [capitals], [capitals], SMALL, lambda _: None)


def test_the_charset_is_that_of_the_labels(trained):
    assert "".join(trained.charset) == "-12ABC"
    assert trained.config["charset"] == "data"


def test_the_charset_of_a_dataset_is_in_its_description(tmp_path, capitals):
    settings = ["charset={characters: '0-9A-F'}", "corpus=[{use: pattern, pattern: '[0-3]{2}'}]", "fonts.system=false"]
    generate("digits", tmp_path / "data", 4, overrides=settings, workers=0)
    sources = {0: open_line_source(str(tmp_path / "data")), 1: open_line_source(capitals)}
    assert "".join(resolve_training_charset("data", sources, {})) == "0123456789ABCDEF-"


def test_lines_lost_to_the_charset_are_an_error(tmp_path, capitals):
    def start(*overrides):
        return train("rec-tiny", tmp_path / "run", [capitals], [capitals], [*SMALL, *overrides], lambda _: None)

    with pytest.raises(InputError, match=r"3 of 12 training lines \(25%\) .* '-' \(3\)\. Set charset=data"):
        start("charset={characters: 0-9A-C}")
    assert not (tmp_path / "run").exists()
    assert "".join(start("charset={characters: A-C0-3}", "max_outside_charset=0.3").charset) == "ABC0123"


def test_an_error_names_the_argument_at_fault(capitals, tmp_path):
    with pytest.raises(InputError, match=r"^argument 'optim.learning_rate=1': .*unknown key 'optim.learning_rate'"):
        train("rec-tiny", tmp_path / "run", [capitals], [capitals], ["samples=8", "optim.learning_rate=1"])
    (tmp_path / "mine.yaml").write_text("sampels: 8\n")
    with pytest.raises(InputError, match=r"^training .*mine.yaml: unknown key 'sampels'; did you mean 'samples'"):
        train(str(tmp_path / "mine.yaml"), tmp_path / "run", [capitals], [capitals], ["seed=1"])


def published_like(folder):
    settings = RecognizerSettings(backbone_scale=0.125, neck_hidden=16, head_dim=16)
    run = create_run(
        folder, {"network": settings.model_dump()}, RecognizerPreprocessing(min_width=320), Charset.named("ascii")
    )
    assert isinstance(run, RecognizerRun)
    torch.manual_seed(0)
    run.save_weights(run.build_model())
    return run


def test_the_width_of_a_fine_tuned_network_follows_from_the_data(tmp_path, capitals):
    init, messages = published_like(tmp_path / "init"), []

    def start(*overrides):
        arguments = [*SMALL[1:], f"init={init.folder}", *overrides]
        return train("rec-lcnet", tmp_path / "run", [capitals], [capitals], arguments, messages.append)

    run = start()
    assert run.preprocessing.min_width == 80  # lines are 48 and 68 pixels wide
    assert run.config["input"]["min_width"] == 80
    assert any("input.min_width=80" in line for line in messages)
    assert "".join(run.charset) == "".join(init.charset)
    assert start().preprocessing.min_width == 80  # of the same training
    with pytest.raises(InputError, match=r"input\.min_width was 80, is 320"):
        start("input.min_width=320")


@pytest.mark.parametrize(("width", "chosen"), [(64, 64), (400, 320)])
def test_the_width_is_at_most_that_of_the_run(tmp_path, width, chosen):
    class Lines:
        def __len__(self):
            return 40

        def sizes(self):
            return torch.tensor([[width, 32]] * 40).numpy()

    config = RecognizerTrainConfig(init=str(published_like(tmp_path / "init").folder), input={"min_width": None})
    assert choose_input(config, [Lines()])[0].input.min_width == chosen


def test_a_folder_that_cannot_be_written_is_reported(tmp_path, capitals, monkeypatch):
    (tmp_path / "file").write_text("text")
    with pytest.raises(InputError, match=r"file/run cannot be created: .*file is a file; name another folder"):
        train("rec-tiny", tmp_path / "file" / "run", [capitals], [capitals], SMALL)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match="run cannot be written: you have no permission to write to"):
        train("rec-tiny", tmp_path / "run", [capitals], [capitals], SMALL)
    monkeypatch.undo()
    monkeypatch.setattr(type(tmp_path), "mkdir", denied)  # as on a disk that was mounted read-only
    with pytest.raises(InputError, match="run cannot be written: Read-only file system"):
        train("rec-tiny", tmp_path / "run", [capitals], [capitals], SMALL)


def denied(path, *_, **__):
    raise OSError(30, "Read-only file system", str(path))


def test_the_last_weights_are_those_of_the_checkpoint(trained, capitals):
    state = load_file(trained.folder / "state.safetensors")
    found = replace(open_run(trained.folder), last=True).load_model().state_dict()
    assert all(torch.equal(tensor, state[f"ema.networks.student.{name}"]) for name, tensor in found.items())
    result = CliRunner().invoke(app, ["evaluate", str(trained.folder), capitals, "--last"])
    assert result.exit_code == 0, result.output
    scores = json.loads((trained.folder / "last.json").read_text())
    assert scores["step"] == 6
    assert f"{scores['scores'][capitals]['normalized_edit_similarity']:.4f}" in result.output


def test_last_weights_need_a_checkpoint(tmp_path):
    run = published_like(tmp_path / "run")
    with pytest.raises(InputError, match="has no checkpoint"):
        replace(run, last=True).load_model()
