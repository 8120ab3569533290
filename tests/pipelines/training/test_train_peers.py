"""Recognizers that learn from each other, from frozen ones, and with Enhanced CTC, on lines drawn by the tests."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from pipelines.cli.training import export_command
from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import onnx_engine, open_onnx_session
from pipelines.inference.run import BEST_NETWORK, SMALLEST_NETWORK, create_run
from pipelines.io.atomic import file_sha256
from pipelines.training.job import resolve_device, train
from pipelines.training.recognizer import prepare_recognizer
from pipelines.training.resolve import resolve_config
from pipelines.training.state import TrainState
from synthtext.core import InputError

pytestmark = pytest.mark.train

VARYING = {"seconds", "cpu_seconds", "samples_per_second", "data_wait_fraction"}
SMALL = (
    "charset=digits", "network={backbone_scale: 0.125, neck_hidden: 64, head_dim: 32}", "batch_size=4", "threads=1",
    "data_workers=0", "precision=fp32", "ema_decay=0.5", "optim.warmup_steps=5", "optim.lr=0.005",
    "optim.betas=[0.8, 0.95]", "optim.clip_norm=100", "loss.mutual_samples_range=[0, 320]",
)  # fmt: skip
OVERFITTED_SAMPLES = 360
OVERFITTED = (f"samples={OVERFITTED_SAMPLES}", "spacing_samples=320", "log_every=10", "validate_every=1000")
OVERFITTED_PRESETS = ("rec-enhanced-ctc", "rec-ppocrv2")
BRIEF = ("samples=8", "spacing_samples=4", "log_every=1", "validate_every=1000")
SMALLER = "network_group.networks.peer.network={backbone_scale: 0.06, neck_hidden: 16, head_dim: 16}"
STUDENTS = {
    **dict.fromkeys(("rec-lcnet", "rec-mobilenet", "rec-svtr", "rec-enhanced-ctc", "rec-distill"), ("student",)),
    **dict.fromkeys(("rec-dml", "rec-udml", "rec-ppocrv2"), ("student", "peer")),
}


@pytest.fixture(scope="module")
def few(tmp_path_factory, draw_lines):
    """Lines of one width to overfit: batch statistics need lines that differ."""
    return draw_lines(tmp_path_factory.mktemp("lines") / "few", ["12", "47", "35", "90"])


def run_small(preset, folder, source, *overrides):
    return train(preset, folder, [source], [source], [*SMALL, *overrides], lambda message: None)


def entries(run, event):
    read = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in entry.items() if k not in VARYING} for entry in read if entry["event"] == event]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, few):
    """Return a function that trains a preset once: until a batch is overfitted, or two steps.

    `rec-ppocrv2` has the loss terms of all others; its peer is smaller here.
    """
    runs = {}

    def run_of(preset):
        if preset not in runs:
            settings = [*(OVERFITTED if preset in OVERFITTED_PRESETS else BRIEF)]
            if preset == "rec-distill":
                settings.append(f"teacher={run_of('rec-enhanced-ctc').folder}")
            if preset == "rec-ppocrv2":
                settings.append(SMALLER)
            runs[preset] = run_small(preset, tmp_path_factory.mktemp("runs") / preset, few, *settings)
        return runs[preset]

    return run_of


@pytest.mark.parametrize("preset", OVERFITTED_PRESETS)
def test_a_batch_is_overfitted(trained, few, preset):
    run = trained(preset)
    assert evaluate_recognizer(run.predictor(), open_line_source(few)).scores.accuracy == 1
    best = json.loads((run.folder / "best.json").read_text())
    assert best["score"] == best["scores"][few]["accuracy"] == 1
    logged = entries(run, "train")
    assert logged[-1]["loss"] < 0.4 * logged[0]["loss"]


@pytest.mark.parametrize("preset", STUDENTS)
def test_every_student_has_the_loss_terms_of_its_preset(trained, preset):
    logged = entries(trained(preset), "train")
    assert all(0 < entry["loss"] < float("inf") for entry in logged)
    for name in STUDENTS[preset]:
        assert {f"loss/{name}/labels/ctc", f"loss/{name}/labels/spacing"} <= logged[0].keys()
        assert (f"loss/{name}/labels/center" in logged[0]) is (preset in ("rec-enhanced-ctc", "rec-ppocrv2"))
        assert (f"loss/{name}/labels/attention" in logged[0]) is (preset == "rec-svtr")
    assert any(key.endswith("/feature") for key in logged[0]) is (preset in ("rec-udml", "rec-ppocrv2"))


def test_every_network_has_its_weights_and_the_best_is_named(trained):
    run = trained("rec-ppocrv2")
    best = json.loads((run.folder / "best.json").read_text())
    scores = {name: next(iter(best["networks"][name].values()))["accuracy"] for name in ("student", "peer")}
    assert scores[best["network"]] == max(scores.values()) == best["score"]
    best_weights = load_file(run.folder / "weights.safetensors")
    kept = load_file(run.folder / f"{best['network']}.safetensors")
    assert all(torch.equal(best_weights[name], kept[name]) for name in best_weights)
    names = (BEST_NETWORK, SMALLEST_NETWORK, "student", "peer")
    sizes = {name: run.select_network(name).settings.neck_hidden for name in names}
    assert sizes == {BEST_NETWORK: sizes[best["network"]], SMALLEST_NETWORK: 16, "student": 64, "peer": 16}
    assert not any("projection" in name for name in load_file(run.folder / "peer.safetensors"))
    with pytest.raises(InputError, match="has no network 'per'; did you mean 'peer'"):
        run.select_network("per")


def test_the_best_weights_say_which_network_they_are_of(trained, tmp_path):
    made = trained("rec-ppocrv2")
    run = create_run(tmp_path / "run", made.config, made.preprocessing, made.charset)
    images = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    for name in ("peer", "student"):
        model = made.select_network(name).load_model()
        run.save_weights(model, best_network=name)
        with torch.no_grad():
            assert torch.equal(run.load_model()(images).logits, model(images).logits)
    assert run.select_network(SMALLEST_NETWORK).settings.neck_hidden == 16


def test_among_equal_sizes_the_smallest_network_is_the_best(trained):
    assert trained("rec-dml").select_network(SMALLEST_NETWORK).network_name is None
    for name in (BEST_NETWORK, SMALLEST_NETWORK, "student"):
        assert trained("rec-enhanced-ctc").select_network(name).network_name is None


def test_the_smallest_network_is_exported(trained, tmp_path):
    run, app = trained("rec-ppocrv2"), typer.Typer()
    app.command()(export_command)
    result = CliRunner().invoke(app, [str(run.folder), "-o", str(tmp_path / "a.onnx"), "--network", SMALLEST_NETWORK])
    assert result.exit_code == 0, result.output
    images = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = run.select_network("peer").load_model()(images).logits.softmax(2)
    assert (onnx_engine(open_onnx_session(tmp_path / "a.onnx"))(images) - expected).abs().max() < 1e-4


def test_the_center_loss_begins_after_its_number_of_samples(trained):
    run = trained("rec-enhanced-ctc")
    logged = {entry["step"]: entry["loss/student/labels/center"] for entry in entries(run, "train")}
    first_step = 0.6 * OVERFITTED_SAMPLES / 4
    assert all(value == 0 for step, value in logged.items() if step <= first_step)
    assert logged[OVERFITTED_SAMPLES // 4] > 0
    state = load_file(run.folder / "state.safetensors")
    counts = state["model.terms.student/labels.center.centers.counts"]
    assert counts[0] == 0
    assert (counts > 0).sum() >= 2
    seen = state["model.terms.student/labels.center.centers.values"].abs().sum(1) > 0
    assert torch.equal(seen, counts > 0)


def prepared(preset, source, *overrides):
    config = resolve_device(resolve_config(preset, [source], [source], [*SMALL, *overrides]))
    return config, prepare_recognizer(config, Path(source).with_name("run")).task


def take_steps(task, config, count):
    state = TrainState(task.model, config)
    for step, batch in enumerate(task.batches(range(count))):
        state.backward([(torch.stack(list(task.losses(batch, step).values())).sum(), 1.0)])
        state.reduce_gradients()
        state.step(step, config.optim.lr)


def test_a_frozen_teacher_does_not_change(trained, few):
    teacher = trained("rec-enhanced-ctc")
    config, task = prepared("rec-distill", few, f"teacher={teacher.folder}", "samples=8", "loss.feature_weight=1")
    before = teacher.load_model().state_dict()
    take_steps(task, config, 3)
    frozen = task._frozen["teacher"]
    assert not frozen.training
    assert all(parameter.grad is None for parameter in frozen.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in frozen.state_dict().items())
    assert not set(frozen.parameters()) & set(task.model.parameters())
    assert all(parameter.grad.abs().sum() > 0 for parameter in task.model.parameters() if parameter.ndim > 1)
    copied = load_file(trained("rec-distill").folder / "teacher.safetensors")
    assert all(torch.equal(copied[name], before[name]) for name in before)
    metadata = trained("rec-distill").config["network_group"]["networks"]["teacher"]
    assert metadata["sha256"] == file_sha256(teacher.folder / "weights.safetensors")


def test_frozen_batch_norm_keeps_its_statistics_and_all_else_is_trained(trained, few):
    run = trained("rec-enhanced-ctc")
    config, task = prepared("rec-lcnet", few, f"init={run.folder}", "freeze_batch_norm=true")
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    take_steps(task, config, 3)
    for name, tensor in task.model.state_dict().items():
        is_statistic = name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        assert torch.equal(tensor, before[name]) == is_statistic, name


def test_peers_start_from_different_weights(trained, few):
    _, fresh = prepared("rec-dml", few)
    _, started = prepared("rec-dml", few, f"init={trained('rec-enhanced-ctc').folder}")
    source = trained("rec-enhanced-ctc").load_model().state_dict()
    name = "head.fc1.weight"
    first, second = (network.state_dict() for network in started.model.networks.values())
    assert all(torch.equal(first[key], source[key]) for key in source)
    assert 0.003 < (second[name] - source[name]).std() / source[name].std() < 0.03
    first, second = (network.state_dict() for network in fresh.model.networks.values())
    assert (first[name] - second[name]).std() > first[name].std()


def test_the_ratio_of_gradients_is_logged(trained):
    for entry in entries(trained("rec-dml"), "train"):
        for name in ("student/peer", "peer/student"):
            assert 0 < entry[f"gradient_ratio/{name}"] < float("inf")
    distilled = entries(trained("rec-distill"), "train")[0]
    assert "gradient_ratio/student/teacher" in distilled
    assert "gradient_ratio/teacher/student" not in distilled


def test_an_interrupted_and_resumed_training_equals_an_uninterrupted_one(tmp_path, few, trained, crash_after):
    start, smaller = trained("rec-enhanced-ctc"), tmp_path / "smaller"
    peer = trained("rec-ppocrv2").select_network("peer")
    smaller_run = create_run(smaller, peer.config, peer.preprocessing, peer.charset)
    smaller_run.save_weights(peer.load_model(), best_network="peer")
    settings = [
        *SMALL, SMALLER, "samples=28", "validate_every=3", "checkpoint_every=4", "log_every=1", "optim.lr=0.0003",
        f"init={start.folder}", f"network_group.networks.peer.init={smaller}", "loss.center_samples_range=[8, 24]",
    ]  # fmt: skip
    whole = train("rec-ppocrv2", tmp_path / "whole", [few], [few], settings, lambda message: None)
    for step in (3, 6):  # before the first checkpoint, and after it
        crash_after(step, partial(train, "rec-ppocrv2", tmp_path / "run", [few], [few], settings))
    run = train("rec-ppocrv2", tmp_path / "run", [few], [few], settings, lambda message: None)
    assert entries(run, "train") == entries(whole, "train")
    assert entries(run, "train")[-1]["loss/student/labels/center"] > 0
    assert entries(run, "validation") == entries(whole, "validation")
    for path in whole.folder.glob("*.safetensors"):
        first, second = load_file(run.folder / path.name), load_file(path)
        assert all(torch.equal(first[key], second[key]) for key in second)
    state = load_file(whole.folder / "state.safetensors")
    assert state["model.terms.student/labels.center.centers.counts"].sum() > 0
    outputs, inputs = state["model.terms.student/peer.feature.projection.weight"].shape[:2]
    assert outputs < inputs
