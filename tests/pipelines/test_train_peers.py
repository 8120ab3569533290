"""Recognizers that learn from each other, from frozen ones, and with Enhanced CTC, on lines that are drawn here."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from pipelines.cli.training import export_command
from pipelines.datasets.open import open_line_source
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import onnx_engine, open_onnx_session
from pipelines.inference.run import create_run
from pipelines.io.atomic import file_sha256
from pipelines.training.job import concrete, train
from pipelines.training.recognizer_job import prepare_recognizer
from pipelines.training.resolve import resolve_config
from pipelines.training.state import TrainState
from synthtext.core import InputError

VARYING = {"seconds", "cpu_seconds", "images_per_second", "waiting"}
SMALL = (
    "charset=digits", "network.backbone_scale=0.125", "network.lstm_hidden=64", "network.head_dim=32", "batch_size=4", "threads=1",
    "data_workers=0", "precision=fp32", "ema_decay=0.5", "optim.warmup_steps=5", "optim.lr=0.005",
    "optim.betas=[0.8, 0.95]", "optim.clip_norm=100", "loss.mutual_warmup_samples=320",
)  # fmt: skip
BY_HEART = ("samples=440", "spacing_samples=320", "log_every=10", "validate_every=1000")
SMALLER = "network_group.networks.peer.network={backbone_scale: 0.06, lstm_hidden: 16, head_dim: 16}"
TEAMS = {
    "rec-lcnet": ("student",),
    "rec-mobilenet": ("student",),
    "rec-dml": ("student", "peer"),
    "rec-udml": ("student", "peer"),
    "rec-enhanced-ctc": ("student",),
    "rec-distill": ("student",),
    "rec-ppocrv2": ("student", "peer"),
}


@pytest.fixture(scope="module")
def few(tmp_path_factory, draw_lines):
    """Lines of one width, to be learnt by heart: batch statistics need lines that differ."""
    return draw_lines(tmp_path_factory.mktemp("lines") / "few", ["12", "47", "35", "90"])


def run_small(preset, folder, source, *overrides):
    return train(preset, folder, [source], [source], [*SMALL, *overrides], lambda line: None)


def entries(run, event):
    read = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in entry.items() if k not in VARYING} for entry in read if entry["event"] == event]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory, few):
    """A RUN of every preset, made when it is asked for."""
    runs = {}

    def run_of(preset):
        if preset not in runs:
            more = {"rec-distill": lambda: [f"teacher={run_of('rec-lcnet').folder}"], "rec-udml": lambda: [SMALLER]}
            overrides = [*BY_HEART, *more.get(preset, list)()]
            runs[preset] = run_small(preset, tmp_path_factory.mktemp("runs") / preset, few, *overrides)
        return runs[preset]

    return run_of


@pytest.mark.parametrize("preset", TEAMS)
def test_a_batch_is_learnt_by_heart(learnt, few, preset):
    run = learnt(preset)
    assert evaluate_recognizer(run.predictor(), open_line_source(few)).scores.accuracy == 1
    best = json.loads((run.folder / "best.json").read_text())
    assert best["score"] == best["scores"][few]["accuracy"] == 1
    logged = entries(run, "train")
    assert logged[-1]["loss"] < 0.4 * logged[0]["loss"]
    is_alone = len(TEAMS[preset]) == 1 and preset != "rec-distill"
    for name in TEAMS[preset]:
        prefix = "" if is_alone else f"{name}_labels_"
        assert {f"{prefix}ctc", f"{prefix}spacing"} <= logged[0].keys()
        assert (f"{prefix}center" in logged[0]) is (preset in ("rec-enhanced-ctc", "rec-ppocrv2"))
    assert any(key.endswith("_feature") for key in logged[0]) is (preset in ("rec-udml", "rec-ppocrv2"))


def test_every_network_has_its_weights_and_the_best_is_named(learnt):
    run = learnt("rec-udml")  # its peer is smaller
    best = json.loads((run.folder / "best.json").read_text())
    scores = {name: next(iter(best["networks"][name].values()))["accuracy"] for name in ("student", "peer")}
    assert scores[best["network"]] == max(scores.values()) == best["score"]
    deployed = load_file(run.folder / "weights.safetensors")
    kept = load_file(run.folder / f"{best['network']}.safetensors")
    assert all(torch.equal(deployed[name], kept[name]) for name in deployed)
    sizes = {name: run.of_member(name).network.hidden for name in ("best", "smaller", "student", "peer")}
    assert sizes == {"best": sizes[best["network"]], "smaller": 16, "student": 64, "peer": 16}
    assert not any("projection" in name for name in load_file(run.folder / "peer.safetensors"))
    with pytest.raises(InputError, match="has no network 'per'; did you mean 'peer'"):
        run.of_member("per")


def test_the_best_weights_say_which_network_they_are_of(learnt, tmp_path):
    made = learnt("rec-udml")
    run = create_run(tmp_path / "run", made.config, made.preprocessing, made.charset)
    images = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    for name in ("peer", "student"):
        model = made.of_member(name).load_model()
        run.save_weights(model, best_network=name)
        with torch.no_grad():
            assert torch.equal(run.load_model()(images).logits, model(images).logits)
    assert run.select_network("smaller").settings.hidden == 16


def test_of_equals_the_smaller_is_the_best(learnt):
    assert learnt("rec-dml").of_member("smaller").member is None
    for name in ("best", "smaller", "student"):
        assert learnt("rec-lcnet").of_member(name).member is None


def test_the_smaller_is_exported(learnt, tmp_path):
    run, app = learnt("rec-udml"), typer.Typer()
    app.command()(export_command)
    result = CliRunner().invoke(app, [str(run.folder), "-o", str(tmp_path / "a.onnx"), "--network", "smaller"])
    assert result.exit_code == 0, result.output
    images = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        said = run.of_member("peer").load_model()(images).logits.softmax(2)
    assert (onnx_engine(open_onnx_session(tmp_path / "a.onnx"))(images) - said).abs().max() < 1e-4


def test_enhanced_ctc_begins_where_it_is_told(learnt):
    logged = {entry["step"]: entry["center"] for entry in entries(learnt("rec-enhanced-ctc"), "train")}
    pull = 0.6 * 440 / 4
    assert all(value == 0 for step, value in logged.items() if step <= pull)
    assert logged[110] > 0
    state = load_file(learnt("rec-enhanced-ctc").folder / "state.safetensors")
    counts = state["model.centers.student.counts"]
    assert counts[0] == 0
    assert (counts > 0).sum() >= 2
    seen = state["model.centers.student.values"].abs().sum(1) > 0
    assert torch.equal(seen, counts > 0)


def prepared(preset, source, *overrides):
    config = concrete(resolve_config(preset, [source], [source], [*SMALL, *overrides]))
    return config, prepare_recognizer(config, Path(source).with_name("run")).task


def take_steps(task, config, count):
    learner = TrainState(task.model, config)
    for step, batch in enumerate(task.batches(range(count))):
        learner.backward([torch.stack(list(task.losses(batch, step).values())).sum()])
        learner.reduce_gradients()
        learner.step(step)


def test_a_frozen_teacher_stays_as_it_was(learnt, few):
    teacher = learnt("rec-lcnet")
    config, task = prepared("rec-distill", few, f"teacher={teacher.folder}", "samples=8", "loss.feature_weight=1")
    before = teacher.load_model().state_dict()
    take_steps(task, config, 3)
    frozen = task._frozen["teacher"]
    assert not frozen.training
    assert all(parameter.grad is None for parameter in frozen.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in frozen.state_dict().items())
    assert not set(frozen.parameters()) & set(task.model.parameters())
    assert all(parameter.grad.abs().sum() > 0 for parameter in task.model.parameters() if parameter.ndim > 1)
    copied = load_file(learnt("rec-distill").folder / "teacher.safetensors")
    assert all(torch.equal(copied[name], before[name]) for name in before)
    facts = learnt("rec-distill").config["network_group"]["networks"]["teacher"]
    assert facts["sha256"] == file_sha256(teacher.folder / "weights.safetensors")


def test_frozen_norms_keep_their_statistics_and_all_else_learns(learnt, few):
    run = learnt("rec-lcnet")
    config, task = prepared("rec-lcnet", few, f"init={run.folder}", "freeze_batch_norm=true")
    before = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    take_steps(task, config, 3)
    for name, tensor in task.model.state_dict().items():
        is_statistic = name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        assert torch.equal(tensor, before[name]) == is_statistic, name


def test_peers_start_from_different_weights(learnt, few):
    _, fresh = prepared("rec-dml", few)
    _, started = prepared("rec-dml", few, f"init={learnt('rec-lcnet').folder}")
    source = learnt("rec-lcnet").load_model().state_dict()
    name = "head.fc1.weight"
    first, second = (network.state_dict() for network in started.model.networks.values())
    assert all(torch.equal(first[key], source[key]) for key in source)
    assert 0.003 < (second[name] - source[name]).std() / source[name].std() < 0.03
    first, second = (network.state_dict() for network in fresh.model.networks.values())
    assert (first[name] - second[name]).std() > first[name].std()


def test_each_lesson_has_its_weight_and_what_is_learnt_from_each_other_rises(few):
    lessons = resolve_config("rec-udml").network_group.model_dump()["losses"]
    heavier = json.dumps([{**lesson, "weight": 2.5} for lesson in lessons])
    _, task = prepared("rec-udml", few, "loss.mutual_clip=1e6")
    _, other = prepared("rec-udml", few, "loss.mutual_clip=1e6", f"network_group.losses={heavier}")
    (batch,) = task.batches(range(1))
    with torch.no_grad():
        parts, weighed, later = task.losses(batch, 0), other.losses(batch, 0), task.losses(batch, 39)
    assert len(parts) == 2 * 2 + 2
    assert all(float(weighed[name]) == pytest.approx(2.5 * float(parts[name]), rel=1e-4) for name in parts)
    for name in ("student_peer_mutual", "student_peer_feature"):
        assert 0 < float(parts[name]) < 0.1 * float(later[name])


def test_padding_teaches_nothing_unless_released(few):
    for released in (False, True):
        _, task = prepared("rec-udml", few, f"loss.paddle_compat={str(released).lower()}")
        (batch,) = task.batches(range(1))
        with torch.no_grad():
            whole, narrow = (mutual_parts(task, batch, most) for most in (48, 8))
        for name in whole:
            assert (narrow[name] == pytest.approx(whole[name], rel=1e-5, abs=0)) is released, name


def mutual_parts(task, batch, most):
    """What peers learn from each other if only so many columns of each picture count as the line."""
    widths = batch.widths.clamp(max=most)
    outputs = task.model.outputs(batch.images.float() / 127.5 - 1)
    task.model.outputs = lambda images: dict(outputs)
    parts = task.losses(batch._replace(widths=widths), 0)
    del task.model.outputs
    return {name: float(part) for name, part in parts.items() if name.startswith("student_peer")}


def test_the_ratio_of_gradients_is_logged(learnt):
    for entry in entries(learnt("rec-dml"), "train"):
        for name in ("student_peer", "peer_student"):
            assert 0 < entry[f"{name}_gradient_ratio"] < float("inf")
    distilled = entries(learnt("rec-distill"), "train")[0]
    assert "student_teacher_gradient_ratio" in distilled
    assert "teacher_student_gradient_ratio" not in distilled


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("released", ["false", "true"])
def test_a_step_is_finite_however_large_the_logits(few, precision, released):
    everything = (
        "loss.ctc=focal", "loss.ace_weight=0.1", "loss.center_weight=0.05", "loss.center_samples_range=[0, 1]",
        "loss.feature_weight=1", "samples=400", "spacing_samples=1000", f"loss.paddle_compat={released}",
    )  # fmt: skip
    config, task = prepared("rec-udml", few, *everything, f"precision={precision}")
    with torch.no_grad():
        for network in task.model.networks.values():
            network.head.fc2.weight *= 1e4 / network(torch.randn(4, 3, 32, 48)).logits.abs().max()
    learner = TrainState(task.model, config)
    (batch,) = task.batches(range(1))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        assert task.model.outputs(batch.images.float() / 127.5 - 1)["student"].logits.abs().max() > 2000
        parts = task.losses(batch, 1)
    assert {name.rpartition("_")[2] for name in parts} == {"ctc", "spacing", "ace", "center", "mutual", "feature"}
    assert all(torch.isfinite(value) for value in (*parts.values(), *task.extra_metrics.values()))
    learner.backward([torch.stack(list(parts.values())).sum()])
    assert np.isfinite(learner.reduce_gradients())
    assert all(torch.isfinite(parameter.grad).all() for parameter in task.model.parameters())


def test_an_interrupted_and_resumed_training_equals_an_uninterrupted_one(tmp_path, few, learnt, crash_after):
    start, smaller = learnt("rec-lcnet"), tmp_path / "smaller"
    peer = learnt("rec-udml").of_member("peer")
    create_run(smaller, peer.config, peer.preprocessing, peer.charset).save_weights(
        peer.load_model(), best_network="peer"
    )
    settings = [
        *SMALL, SMALLER, "samples=56", "validate_every=4", "checkpoint_every=5", "log_every=1", "optim.lr=0.0003",
        f"init={start.folder}", f"network_group.networks.peer.init={smaller}", "loss.center_samples_range=[8, 24]",
    ]  # fmt: skip
    whole = train("rec-ppocrv2", tmp_path / "whole", [few], [few], settings, lambda line: None)
    for step in (4, 8):
        crash_after(step, partial(train, "rec-ppocrv2", tmp_path / "run", [few], [few], settings))
    run = train("rec-ppocrv2", tmp_path / "run", [few], [few], settings, lambda line: None)
    assert entries(run, "train") == entries(whole, "train")
    assert entries(run, "train")[-1]["student_labels_center"] > 0
    assert entries(run, "validation") == entries(whole, "validation")
    for path in whole.folder.glob("*.safetensors"):
        ours, theirs = load_file(run.folder / path.name), load_file(path)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    state = load_file(whole.folder / "state.safetensors")
    assert state["model.centers.student.counts"].sum() > 0
    outputs, inputs = state["model.projections.student_peer.weight"].shape[:2]
    assert outputs < inputs
