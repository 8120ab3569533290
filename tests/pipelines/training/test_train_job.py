"""Training recognizers on lines drawn by the tests."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.processes import kill_session, of_session
from models.ctc import CTCCodec
from pipelines.datasets.label_file import LabelFileSource
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.stream import select_lines
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.run import open_run
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.data_checks import describe_data
from pipelines.training.job import resolve_device, train
from synthtext.core import Charset, InputError

pytestmark = pytest.mark.train

HOME = Path(__file__).resolve().parents[3]
VARYING = {"seconds", "cpu_seconds", "samples_per_second", "data_wait_fraction"}
SMALL = (
    "network={backbone_scale: 0.125, neck_hidden: 16, head_dim: 16}",
    "batch_size=8",
    "threads=1",
    "data_workers=0",
    "optim.warmup_steps=5",
)


def numbers(count, seed):
    rng = np.random.default_rng(seed)
    return ["".join(map(str, rng.integers(0, 10, rng.integers(1, 5)))) for _ in range(count)]


@pytest.fixture(scope="module")
def sources(tmp_path_factory, draw_lines):
    folder = tmp_path_factory.mktemp("lines")
    return {name: draw_lines(folder / name, numbers(count, count)) for name, count in (("train", 60), ("val", 10))}


def run_small(folder, sources, *overrides):
    messages = []
    run = train("rec-tiny", folder, [sources["train"]], [sources["val"]], [*SMALL, *overrides], messages.append)
    return run, messages


def metrics(folder):
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in entry.items() if key not in VARYING} for entry in entries]


def test_messages_are_logged_and_the_best_weights_scored(tmp_path, sources, caplog):
    """Whether presets learn is tested in `test_train_peers`."""
    with caplog.at_level(logging.INFO, "pipelines.training"):
        run = train("rec-tiny", tmp_path / "run", [sources["train"]], [sources["val"]], [*SMALL, "samples=16"])
    assert any(message.startswith("step 2: accuracy") for message in caplog.messages)
    scores = evaluate_recognizer(run.predictor(), open_line_source(sources["val"])).scores
    assert json.loads((run.folder / "best.json").read_text())["scores"][sources["val"]] == scores.as_dict()


BUDGET = ("samples=320", "log_every=1", "validate_every=20", "checkpoint_every=4")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, sources):
    run, _ = run_small(tmp_path_factory.mktemp("runs") / "whole", sources, *BUDGET)
    return run.folder


TWICE = """
import os, signal
import pipelines.training.job, pipelines.training.recognizer  # torch takes seconds
from pipelines.cli.main import main

if not os.fork():
    main()
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("status", os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def command_twice(folder, sources, *overrides):
    """Run the command in a fork of a new interpreter and, after the fork has ended, in this interpreter itself."""
    data = ["--data", sources["train"], "--val", sources["val"]]
    settings = [*SMALL, *BUDGET, *overrides]
    arguments = [sys.executable, "-c", TWICE, "train", "rec-tiny", *settings, "-o", str(folder), *data]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(arguments, cwd=HOME, start_new_session=True, **pipes)


def wait_for_step(folder, step, process):
    while not (folder / "metrics.jsonl").exists() or len((folder / "metrics.jsonl").read_text().splitlines()) < step:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def wait_for_end(leader):
    """Wait until all processes of a session have ended."""
    for _ in range(6_000):  # ten minutes: another process may take all cores
        if not of_session(leader):
            return
        time.sleep(0.1)
    kill_session(leader)
    raise AssertionError("data workers are still running")


def test_a_stopped_and_then_killed_training_equals_an_uninterrupted_one(tmp_path, sources, uninterrupted):
    folder = tmp_path / "run"
    process = command_twice(folder, sources, "data_workers=1")
    wait_for_step(folder, 3, process)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: the data workers receive it, too
    messages = list(iter(process.stdout.readline, "status 130\n"))
    assert messages[-1].startswith("ocrmill: interrupted"), messages
    assert not [line for line in messages if "Traceback" in line]
    reached = json.loads((folder / "state.json").read_text())["step"]
    assert 3 <= reached < 40

    wait_for_step(folder, reached + 5, process)
    assert len(of_session(process.pid)) > 1
    process.kill()  # only this process, as the system does when memory is short
    process.wait()
    process.stdout.close()
    wait_for_end(process.pid)

    run_small(folder, sources, *BUDGET)
    assert metrics(folder) == metrics(uninterrupted)
    assert (folder / "weights.safetensors").read_bytes() == (uninterrupted / "weights.safetensors").read_bytes()


def test_the_run_holds_all_settings(uninterrupted, sources):
    config = open_run(uninterrupted).config
    assert config["kind"] == "recognizer"
    settings = RecognizerTrainConfig(**{key: value for key, value in config.items() if key != "kind"})
    assert settings.data[0].source == sources["train"]
    assert settings.precision in {"bf16", "fp32"}
    assert settings.device == "cpu"


def test_another_seed_gives_another_network(tmp_path, sources, uninterrupted):
    run, _ = run_small(tmp_path / "run", sources, *BUDGET, "seed=1", "samples=8")
    assert metrics(run.folder)[0]["loss"] != metrics(uninterrupted)[0]["loss"]


def test_another_training_in_the_folder_is_rejected(tmp_path, sources):
    run_small(tmp_path / "run", sources, "samples=8", "precision=fp32")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with pytest.raises(InputError, match=r"optim\.lr was 0\.004, is 0\.1"):
        run_small(tmp_path / "run", sources, "samples=8", "precision=fp32", "optim.lr=0.1")
    with pytest.raises(InputError, match=r"samples was 8, is 16"):
        run_small(tmp_path / "run", sources, "samples=16", "precision=fp32")
    run_small(tmp_path / "run", sources, "samples=8", "precision=fp32", "log_every=1", "validate_every=7")
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_a_changed_charset_file_is_rejected(tmp_path, sources):
    dictionary = tmp_path / "keys.txt"
    dictionary.write_text("\n".join("0123456789"))
    run_small(tmp_path / "run", sources, "samples=8", f"charset={dictionary}")
    dictionary.write_text("\n".join("1023456789"))
    with pytest.raises(InputError, match="the characters of the charset"):
        run_small(tmp_path / "run", sources, "samples=8", f"charset={dictionary}")


def test_a_folder_with_other_files_is_rejected_and_not_changed(tmp_path, sources):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="is not empty and is not a run directory"):
        run_small(tmp_path, sources)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("data", "val", "overrides", "message"),
    [
        ([], ["val"], [], "--data"),
        (["train"], [], [], "--val"),
        (["train"], ["nowhere"], [], "there is no such dataset"),
        (["train"], ["val"], ["charset=letters"], "no line to learn from"),
        (["train"], ["val"], ["charset=lettres"], "lettres"),
        (["train"], ["val"], ["device=gpu"], "device"),
    ],
)
def test_an_invalid_training_leaves_no_folder(tmp_path, sources, data, val, overrides, message):
    data, val = ([sources.get(name, f"{tmp_path}/{name}") for name in names] for names in (data, val))
    with pytest.raises(InputError, match=message):
        train("rec-tiny", tmp_path / "run", data, val, overrides, lambda message: None)
    assert not (tmp_path / "run").exists()


def test_the_data_are_described_before_the_first_step(tmp_path, draw_lines):
    charset = Charset.named("digits")
    codec, preprocessing = CTCCodec(charset), RecognizerPreprocessing()
    passes = Counter()

    class Counted(LabelFileSource):
        def texts(self):
            passes[self.path.parent.name] += 1
            return super().texts()

    train_source = Counted(Path(draw_lines(tmp_path / "train", ["12", "3x", "45", "x"])))
    val_source = Counted(Path(draw_lines(tmp_path / "val", ["12", "12", "99", "?"])))
    messages = list(describe_data([select_lines(train_source, codec, preprocessing)], [val_source], charset))
    assert messages[0].endswith("2 lines; 2 of 4 lines left out: character outside the charset (2)")
    assert messages[1] == "  2 training labels contain characters outside the charset: x (2)"
    assert messages[2] == "5 of 10 characters are in no training label: 0 6 7 8 9"
    assert messages[4] == "  1 its labels contain characters outside the charset: ? (1)"
    assert messages[5] == "  2 of them have a text that also occurs in the training data"
    assert passes == {"train": 2, "val": 1}  # one of them by `select_lines`


def test_device_and_precision_are_resolved():
    config = resolve_device(RecognizerTrainConfig(device="cpu"))
    assert (config.device, resolve_device(config)) == ("cpu", config)
    assert config.precision in {"bf16", "fp32"}
    assert resolve_device(RecognizerTrainConfig(device="cpu", precision="fp32")).precision == "fp32"
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no CUDA device"):
            resolve_device(RecognizerTrainConfig(device="cuda"))
