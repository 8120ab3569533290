"""Training detectors on scenes drawn by the tests, with networks and images so small that a step takes 30 ms."""

import json
from functools import partial

import pytest
import torch
import typer
from safetensors.torch import load_file
from typer.testing import CliRunner

from pipelines.cli.training import export_command
from pipelines.datasets.open import open_scene_source
from pipelines.errors import JobError
from pipelines.evaluation.detector import evaluate_detector
from pipelines.evaluation.thresholds import sweep_thresholds
from pipelines.inference.engine import onnx_engine, open_onnx_session
from pipelines.inference.run import open_run
from pipelines.io.atomic import file_sha256
from pipelines.training.detector import prepare_detector
from pipelines.training.job import resolve_device, train
from pipelines.training.resolve import resolve_config
from pipelines.training.state import TrainState
from synthtext.core import InputError

pytestmark = pytest.mark.train

VARYING = {"seconds", "cpu_seconds", "samples_per_second", "data_wait_fraction"}
SMALL = (
    "network.neck_channels=24",
    "view={size: [64, 64], flip: 0, degrees_range: [0, 0], scale_range: [1, 1], min_side_share: 1}",
    "preprocessing={limit_side_len: 64}",
    "batch_size=2", "threads=1", "data_workers=0", "precision=fp32", "ema_decay=0.5",
    "optim.warmup_steps=5", "optim.lr=0.15", "optim.betas=[0.7, 0.9]", "validate_every=1000",
)  # fmt: skip
MOVING = "view={size: [64, 64], scale_range: [0.8, 1.2]}"
STUDENTS = {  # trained networks by preset
    "det-db": ("student",),
    "det-tiny": ("student",),
    "det-db-teacher": ("student",),
    "det-distill": ("student",),
    "det-dml": ("student1", "student2"),
    "det-cml": ("student1", "student2"),
}
OVERFITTED = ("det-db", "det-cml")  # the second has the loss terms of all others


@pytest.fixture(scope="module")
def few(tmp_path_factory, draw_scenes):
    """Two images to overfit."""
    return draw_scenes(tmp_path_factory.mktemp("few") / "scenes", 2, 1, (64, 64), 1)


@pytest.fixture(scope="module")
def more(tmp_path_factory, draw_scenes):
    return draw_scenes(tmp_path_factory.mktemp("more") / "scenes", 9, 2)


def small(preset):
    return SMALL if preset == "det-db-teacher" else (*SMALL, "network.backbone_scale=0.25")


def run_small(preset, folder, source, *overrides):
    messages = []
    run = train(preset, folder, [source], [source], [*small(preset), *overrides], messages.append)
    return run, messages


@pytest.fixture(scope="module")
def teacher(tmp_path_factory, few):
    run, _ = run_small("det-db", tmp_path_factory.mktemp("runs") / "det-db", few, "samples=90")
    return run


def entries(run, event):
    read = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in entry.items() if k not in VARYING} for entry in read if entry["event"] == event]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, few, teacher):
    """Return a function that trains a preset once: until the images are overfitted, or two steps."""
    runs = {"det-db": teacher}

    def run_of(preset):
        if preset not in runs:
            settings = ["samples=90"] if preset in OVERFITTED else ["samples=4", "log_every=1"]
            if preset in ("det-distill", "det-cml"):
                settings.append(f"teacher={teacher.folder}")
            runs[preset], _ = run_small(preset, tmp_path_factory.mktemp("runs") / preset, few, *settings)
        return runs[preset]

    return run_of


@pytest.mark.parametrize("preset", OVERFITTED)
def test_a_few_images_are_overfitted(trained, few, preset):
    run = trained(preset)
    scores = evaluate_detector(run.predictor(), open_scene_source(few)).scores
    best = json.loads((run.folder / "best.json").read_text())
    assert (scores.hmean, scores.instances) == (1, 2)
    assert best["score"] == 1
    assert best["scores"][few] == scores.as_dict()
    losses = [entry["loss"] for entry in entries(run, "train")]
    assert losses[-1] < 0.4 * losses[0]
    swept = json.loads((run.folder / "thresholds.json").read_text())
    assert swept["configured"]["threshold"] == run.postprocessing.threshold
    assert swept["configured"]["hmean"] == 1
    assert swept["best"] == swept["configured"]  # among equal pairs, the configured one is the best
    pairs = [(entry["threshold"], entry["box_threshold"]) for entry in swept["candidates"]]
    assert len(set(pairs)) == len(pairs) == 36


@pytest.mark.parametrize("preset", STUDENTS)
def test_every_student_has_the_loss_terms_of_its_preset(trained, preset):
    run = trained(preset)
    assert all(0 < entry["loss"] < float("inf") for entry in entries(run, "train"))
    for name in STUDENTS[preset]:
        assert all(f"loss/{name}/labels/{part}" in entries(run, "train")[0] for part in ("probability", "threshold"))


@pytest.mark.parametrize("preset", STUDENTS)
def test_every_network_has_its_weights_and_the_best_is_named(trained, teacher, preset):
    run = trained(preset)
    best_weights = load_file(run.folder / "weights.safetensors")
    best = json.loads((run.folder / "best.json").read_text())
    names = STUDENTS[preset]
    if len(names) == 1:
        assert "network" not in best
        assert not (run.folder / f"{names[0]}.safetensors").exists()
    else:
        kept = {name: load_file(run.folder / f"{name}.safetensors") for name in names}
        hmean = {name: next(iter(best["networks"][name].values()))["hmean"] for name in names}
        assert hmean[best["network"]] == max(hmean.values()) == best["score"]
        for name, weights in kept.items():
            equal = [torch.equal(weights[key], best_weights[key]) for key in best_weights]
            assert all(equal) is (name == best["network"])
    if preset in ("det-distill", "det-cml"):
        copied = load_file(run.folder / "teacher.safetensors")
        original = load_file(teacher.folder / "weights.safetensors")
        assert all(torch.equal(copied[key], original[key]) for key in original)
        assert run.config["network_group"]["networks"]["teacher"]["sha256"] == file_sha256(
            teacher.folder / "weights.safetensors"
        )


def test_a_sweep_equals_an_evaluation(teacher, more):
    detector, source = teacher.predictor(), open_scene_source(more)
    found = sweep_thresholds(detector, [source])
    assert [entry.hmean for entry in found] == sorted((entry.hmean for entry in found), reverse=True)
    assert len({entry.hmean for entry in found}) > 1
    for entry in found[::7]:
        boxes = type(detector.postprocessing)(threshold=entry.threshold, box_threshold=entry.box_threshold)
        alone = evaluate_detector(type(detector)(detector.engine, detector.preprocessing, boxes), source)
        assert entry.scores == {source.name: alone.scores}


def prepared(preset, folder, source, *overrides):
    config = resolve_device(resolve_config(preset, [source], [source], [*small(preset), *overrides]))
    return config, prepare_detector(config, folder).task


def test_a_frozen_teacher_does_not_change_and_students_are_trained(tmp_path, few, teacher):
    config, task = prepared("det-cml", tmp_path, few, f"teacher={teacher.folder}", "samples=8")
    state, before = TrainState(task.model, config), teacher.load_model().state_dict()
    start = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    for step, batch in enumerate(task.batches(range(3))):
        state.backward([(torch.stack(list(task.losses(batch, step).values())).sum(), 1.0)])
        state.reduce_gradients()
        assert all(parameter.grad.abs().sum() > 0 for parameter in task.model.parameters() if parameter.ndim > 1)
        state.step(step, config.optim.lr)
    frozen = task._frozen["teacher"]
    assert not frozen.training
    assert all(parameter.grad is None for parameter in frozen.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in frozen.state_dict().items())
    assert not set(frozen.parameters()) & set(task.model.parameters())
    moved = [name for name, tensor in task.model.state_dict().items() if not torch.equal(tensor, start[name])]
    assert {name.split(".")[1] for name in moved} == {"student1", "student2"}


def test_frozen_batch_norm_keeps_its_statistics_and_all_else_is_trained(tmp_path, few, teacher):
    config, task = prepared("det-db", tmp_path, few, f"init={teacher.folder}", "optim.lr=0.001")
    state = TrainState(task.model, config)
    start = {name: tensor.clone() for name, tensor in task.model.state_dict().items()}
    for step, batch in enumerate(task.batches(range(2))):
        state.backward([(torch.stack(list(task.losses(batch, step).values())).sum(), 1.0)])
        state.reduce_gradients()
        state.step(step, config.optim.lr)
        state.model.train()
    moved = {name for name, tensor in task.model.state_dict().items() if not torch.equal(tensor, start[name])}
    statistics = {name for name in start if "running_" in name or "num_batches" in name}
    assert statistics & moved == {name for name in statistics if "head.threshold" in name}
    assert set(start) - statistics <= moved


def test_losses_have_their_weights(tmp_path, few, teacher):
    _, task = prepared("det-cml", tmp_path, few, f"teacher={teacher.folder}")
    edges = resolve_config("det-cml").network_group.model_dump()["losses"]
    heavier = json.dumps([{**edge, "weight": 2.5} for edge in edges])
    _, other = prepared("det-cml", tmp_path, few, f"network_group.losses={heavier}", f"teacher={teacher.folder}")
    (batch,) = task.batches(range(1))
    with torch.no_grad():
        parts, weighed = task.losses(batch, 0), other.losses(batch, 0)
    assert parts.keys() == weighed.keys()
    assert len(parts) == 2 * 3 + 1 + 2 * 2
    assert all(float(weighed[name]) == pytest.approx(2.5 * float(parts[name]), rel=1e-4) for name in parts)
    assert parts["student1/student2/mutual"] > 0


def test_students_with_the_same_initial_weights_get_noise(tmp_path, few, teacher):
    _, task = prepared("det-dml", tmp_path, few, f"init={teacher.folder}")
    first, second = (network.state_dict() for network in task.model.networks.values())
    source = teacher.load_model().state_dict()
    assert all(torch.equal(first[name], source[name]) for name in source)
    name = "head.probability.conv.conv.weight"
    differs = (second[name] - source[name]).std() / source[name].std()
    assert 0.003 < differs < 0.03


def test_init_implies_settings(tmp_path, few, teacher):
    run, messages = run_small("det-db", tmp_path / "run", few, f"init={teacher.folder}", "samples=4", "optim.lr=1e-9")
    assert f"student: 135,542 parameters, weights of {teacher.folder}" in messages
    assert entries(run, "validation")[0]["step"] == 0
    assert entries(run, "validation")[0]["score"] == 1
    config = resolve_config("det-db", overrides=[f"init={teacher.folder}"])
    assert (config.network.neck_channels, config.preprocessing.limit_side_len, config.freeze_batch_norm) == (
        24,
        64,
        True,
    )
    assert not resolve_config(
        "det-db", overrides=[f"init={teacher.folder}", "freeze_batch_norm=false"]
    ).freeze_batch_norm


def test_an_interrupted_and_resumed_training_equals_an_uninterrupted_one(tmp_path, few, more, teacher, crash_after):
    preset = "det-cml"
    settings = [
        *small(preset), MOVING, "samples=10", "validate_every=2", "checkpoint_every=3", "log_every=1",
        "copy_paste={probability: 0.5}", "effects=[{use: colour, probability: 0.5}]",
        f"teacher={teacher.folder}",
    ]  # fmt: skip
    whole = train(preset, tmp_path / "whole", [more], [few], settings, lambda message: None)
    for step in (2, 4):  # before the first checkpoint, and after it
        crash_after(step, partial(train, preset, tmp_path / "run", [more], [few], settings))
    run = train(preset, tmp_path / "run", [more], [few], settings, lambda message: None)
    assert entries(run, "train") == entries(whole, "train")
    assert entries(run, "validation") == entries(whole, "validation")
    names = sorted(path.name for path in whole.folder.glob("*.safetensors"))
    assert names == sorted(path.name for path in run.folder.glob("*.safetensors"))
    for name in names:
        first, second = (load_file(folder / name) for folder in (run.folder, whole.folder))
        assert all(torch.equal(first[key], second[key]) for key in second)
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    train(preset, tmp_path / "run", [more], [few], settings, lambda message: None)
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before


def test_a_non_finite_loss_names_the_images(tmp_path, few):
    with pytest.raises(JobError, match=r"not finite for the batch of '\d\.png'"):
        run_small("det-db", tmp_path / "run", few, "optim.lr=1e30", "optim.warmup_steps=0", "samples=20")
    report = json.loads((tmp_path / "run" / "non_finite.json").read_text())
    assert sorted(report["keys"]) == ["0.png", "1.png"]


@pytest.mark.parametrize("preset", ["det-db-teacher", "det-cml"])
def test_the_best_network_is_exported_or_any_other_by_name(trained, tmp_path, preset):
    run = trained(preset)
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    best = json.loads((run.folder / "best.json").read_text()).get("network", STUDENTS[preset][0])
    names = list(run.config["network_group"]["networks"])
    with torch.no_grad():
        expected = {name: run.select_network(name).load_model().probability(images) for name in names}
        best_probability = run.load_model().probability(images)
    assert [name for name in names if torch.equal(expected[name], best_probability)] == [best]
    with pytest.raises(InputError, match="has no network 'pupil'"):
        run.select_network("pupil")
    app = typer.Typer()
    app.command()(export_command)
    file = tmp_path / "last.onnx"
    result = CliRunner().invoke(app, [str(run.folder), "-o", str(file), "--network", names[-1]])
    assert result.exit_code == 0, result.output
    exported = onnx_engine(open_onnx_session(file))(images)
    assert (exported - expected[names[-1]]).abs().max() < 1e-4


@pytest.mark.parametrize("preset", STUDENTS)
def test_the_run_holds_all_settings(trained, preset):
    run = trained(preset)
    config = open_run(run.folder).config
    assert config["kind"] == run.kind == "detector"
    kept = {key: value for key, value in config.items() if key != "kind"}
    assert type(resolve_config(preset))(**kept).network_group.students == STUDENTS[preset]
