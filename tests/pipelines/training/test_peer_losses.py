"""Losses between recognizers for one batch, without a training."""

import json
from pathlib import Path

import pytest
import torch

from pipelines.training.job import resolve_device
from pipelines.training.recognizer import prepare_recognizer
from pipelines.training.resolve import resolve_config
from pipelines.training.state import TrainState

pytestmark = pytest.mark.train

SMALL = (
    "charset=digits", "network={backbone_scale: 0.125, neck_hidden: 64, head_dim: 32}", "batch_size=4", "threads=1",
    "data_workers=0", "precision=fp32", "loss.mutual_samples_range=[0, 320]", "samples=8",
)  # fmt: skip


@pytest.fixture(scope="module")
def few(tmp_path_factory, draw_lines):
    return draw_lines(tmp_path_factory.mktemp("lines") / "few", ["12", "47", "35", "90"])


def prepared(preset, source, *overrides):
    config = resolve_device(resolve_config(preset, [source], [source], [*SMALL, *overrides]))
    return config, prepare_recognizer(config, Path(source).with_name("run")).task


def test_losses_have_their_weights_and_mutual_learning_warms_up(few):
    edges = resolve_config("rec-udml").network_group.model_dump()["losses"]
    heavier = json.dumps([{**edge, "weight": 2.5} for edge in edges])
    _, task = prepared("rec-udml", few, "loss.mutual_clip=1e6")
    _, other = prepared("rec-udml", few, "loss.mutual_clip=1e6", f"network_group.losses={heavier}")
    (batch,) = task.batches(range(1))
    with torch.no_grad():
        parts, weighed, later = task.losses(batch, 0), other.losses(batch, 0), task.losses(batch, 39)
    assert len(parts) == 2 * 2 + 2
    assert all(float(weighed[name]) == pytest.approx(2.5 * float(parts[name]), rel=1e-4) for name in parts)
    for name in ("student/peer/mutual", "student/peer/feature"):
        assert 0 < float(parts[name]) < 0.1 * float(later[name])


def test_padding_has_no_effect_unless_paddle_compat(few):
    for paddle_compat in (False, True):
        _, task = prepared("rec-udml", few, f"loss.paddle_compat={str(paddle_compat).lower()}")
        (batch,) = task.batches(range(1))
        with torch.no_grad():
            whole, narrow = (mutual_terms(task, batch, max_width) for max_width in (48, 8))
        for name in whole:
            assert (narrow[name] == pytest.approx(whole[name], rel=1e-5, abs=0)) is paddle_compat, name


def mutual_terms(task, batch, max_width):
    """Losses between peers if the rest of each image counts as padding."""
    widths = batch.widths.clamp(max=max_width)
    outputs = task.model.forward_all(batch.images.float() / 127.5 - 1)
    task.model.forward_all = lambda images: dict(outputs)
    terms = task.losses(batch._replace(widths=widths), 0)
    del task.model.forward_all
    return {name: float(term) for name, term in terms.items() if name.startswith("student/peer")}


def test_disjoint_labels_teach_each_network_its_own_lines(few):
    _, task = prepared("rec-dml", few, "disjoint_labels=true", "spacing_samples=0", "batch_size=4")
    (batch,) = task.batches(range(1))

    def label_losses(targets):
        with torch.no_grad():
            return {
                name.split("/")[0]: float(loss)
                for name, loss in task.losses(batch._replace(targets=targets), 0).items()
                if name.endswith("labels/ctc")
            }

    before = label_losses(batch.targets)
    for row, name in enumerate(("student", "peer")):
        changed = batch.targets.clone()
        changed[row, 0] = changed[row, 0] % 10 + 1
        after = label_losses(changed)
        assert [key for key in after if after[key] != before[key]] == [name]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("paddle_compat", ["false", "true"])
def test_a_step_is_finite_with_large_logits(few, precision, paddle_compat):
    everything = (
        "loss.ctc=focal", "loss.ace_weight=0.1", "loss.center_weight=0.05", "loss.center_samples_range=[0, 1]",
        "loss.feature_weight=1", "samples=400", "spacing_samples=1000", f"loss.paddle_compat={paddle_compat}",
    )  # fmt: skip
    config, task = prepared("rec-udml", few, *everything, f"precision={precision}")
    with torch.no_grad():
        for network in task.model.networks.values():
            network.head.fc2.weight *= 1e4 / network(torch.randn(4, 3, 32, 48)).logits.abs().max()
    state = TrainState(task.model, config)
    (batch,) = task.batches(range(1))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        assert task.model.forward_all(batch.images.float() / 127.5 - 1)["student"].logits.abs().max() > 2000
        parts = task.losses(batch, 1, log=True)
    assert len(task.extra_metrics) == 2
    assert {name.rpartition("/")[2] for name in parts} == {"ctc", "spacing", "ace", "center", "mutual", "feature"}
    assert all(torch.isfinite(value) for value in (*parts.values(), *task.extra_metrics.values()))
    state.backward([(torch.stack(list(parts.values())).sum(), 1.0)])
    assert state.reduce_gradients().isfinite()
    assert all(torch.isfinite(parameter.grad).all() for parameter in task.model.parameters())
