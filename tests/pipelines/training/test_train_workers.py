"""Trainings whose steps are shared by several processes."""

import json
import multiprocessing
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import distributed

from pipelines.cluster.remote import installed_code_version
from pipelines.training import workers as training_workers
from pipelines.training.job import train
from pipelines.training.state import STATE_FILE
from pipelines.training.workers import check_same_version
from synthtext.core import InputError

SETTINGS = [
    "samples=64", "batch_size=4", "optim.warmup_steps=2", "spacing_samples=0", "data_workers=0", "threads=1",
    "device=cpu", "precision=fp32", "log_every=2", "validate_every=4", "checkpoint_every=2", "seed=3",
    "network={backbone_scale: 0.125, neck_hidden: 16, head_dim: 16}",
    "loss.center_weight=0.05", "loss.center_samples_range=[0, 16]",
]  # fmt: skip
pytestmark = pytest.mark.ray
TEXTS = [f"{number:03d}"[: 1 + number % 3] for number in range(40)]


@pytest.fixture(scope="module")
def lines(tmp_path_factory, draw_lines):
    return draw_lines(tmp_path_factory.mktemp("lines") / "lines", TEXTS)


def run(folder, lines, *settings, log=lambda _: None, **options):
    return train("rec-udml", folder, [lines], [lines], [*SETTINGS, *settings], log, **options)


def tensors(folder: Path):
    return load_file(folder / STATE_FILE)


def assert_close(folder, other):
    first, second = tensors(folder), tensors(other)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name], rtol=1e-4, atol=1e-5, msg=name)


@pytest.fixture(scope="module")
def alone(tmp_path_factory, lines):
    """A run of one process with two micro-batches per step."""
    return run(tmp_path_factory.mktemp("alone") / "run", lines, "micro_batches=2").folder


def run_forked(folder, function, argument, workers, address, receive, *, cuda):
    """Like `run_distributed`, with forks of this process, which need not import torch again."""
    context = multiprocessing.get_context("fork")
    messages = context.SimpleQueue()

    def work(rank):
        store = f"file://{folder}/.store"
        distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=workers)
        try:
            function(argument, messages.put)
        finally:
            messages.put(None)

    processes = [context.Process(target=work, args=(rank,)) for rank in range(workers)]
    for process in processes:
        process.start()
    for _ in processes:
        while (message := messages.get()) is not None:
            receive(message)
    for process in processes:
        process.join()
        assert process.exitcode == 0


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_failure_in_one_process_is_raised_once(tmp_path, lines, monkeypatch):
    """An image is damaged after the checks: the process that reads it reports it, and the others do not wait."""
    broken = tmp_path / "lines"
    broken.mkdir()
    for line in Path(lines).parent.iterdir():
        (broken / line.name).write_bytes(line.read_bytes())
    begun = []

    def log(line):
        if line.startswith("peer:") and not begun:  # all images have been checked
            begun.append(line)
            (broken / "17.png").write_bytes(b"no image")

    monkeypatch.setattr(training_workers, "run_distributed", partial(run_forked, tmp_path))
    with pytest.raises(InputError, match=r"17\.png"):
        run(tmp_path / "run", str(broken / "labels.tsv"), workers=2, log=log)


def test_two_processes_of_which_one_is_killed_equal_gradient_accumulation(tmp_path, lines, alone, caplog):
    """Also, another number of processes may resume."""
    folder, messages, killed = tmp_path / "run", [], []

    def kill_one():
        while not (folder / STATE_FILE).is_file():
            time.sleep(0.02)
        killed.extend(_trainers()[-1:])
        for process in killed:
            os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    run(folder, lines, workers=2, log=messages.append)
    killer.join(timeout=60)
    assert killed
    assert any("all processes are restarted" in record.getMessage() for record in caplog.records)
    assert_close(folder, alone)
    entries = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    there = [json.loads(line) for line in (alone / "metrics.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [entry["step"] for entry in there]
    for one, other in zip(entries, there, strict=True):
        assert one["samples"] == other["samples"]
        assert one.get("loss", 0) == pytest.approx(other.get("loss", 0), rel=1e-4)
    assert any(line.startswith("step 8: accuracy") for line in messages)
    assert json.loads((folder / "best.json").read_text())["score"] >= 0
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    run(folder, lines, "micro_batches=2")  # has ended already


def _trainers():
    """Return the training processes of this test's Ray cluster."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                name = (place / "cmdline").read_bytes().decode()
            except OSError:
                continue
            if "DistributedWorker" in name and _descends(int(place.name), os.getpid()):
                found.append(int(place.name))
    return sorted(found)


def _descends(process, ancestor):
    while process > 1:
        try:
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
        if process == ancestor:
            return True
    return False


def test_a_machine_with_another_version_is_rejected():
    check_same_version(installed_code_version())
    with pytest.raises(InputError, match=r"^machine .* cannot take part in the training: "):
        check_same_version(installed_code_version()._replace(digest="0" * 64))


def test_batches_that_cannot_be_shared_are_refused(tmp_path, lines):
    with pytest.raises(
        InputError, match="2 workers cannot share 3 micro-batches evenly: set micro_batches to a multiple"
    ):
        run(tmp_path / "run", lines, "micro_batches=3", workers=2)
    assert not (tmp_path / "run").exists()


def test_a_cluster_that_is_not_there_is_named(tmp_path, lines):
    with pytest.raises(InputError, match=r"no Ray cluster answers at 127\.0\.0\.1:9"):
        run(tmp_path / "run", lines, workers=2, address="127.0.0.1:9")
