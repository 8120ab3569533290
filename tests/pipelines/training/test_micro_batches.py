"""A training step of several micro-batches: gradients, batch statistics and class centers."""

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from models.batch import RecognitionBatch, divide_batch
from models.losses.center import ClassCenters
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.state import STATE_FILE, TrainState
from tests.pipelines.training.test_train_loop import Batch, CrashError, LineFit, crash, metrics, train

CONFIG = RecognizerTrainConfig(samples=48, batch_size=4, micro_batches=2, device="cpu", precision="fp32", ema_decay=0.0)


def test_a_step_of_two_batches_has_the_gradient_of_both():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 1))
    batches = torch.randn(2, 4, 1, 3, 3)
    whole = TrainState(model, CONFIG.model_copy(update={"micro_batches": 1}))
    whole.backward([(whole.model(batches.flatten(0, 1)).square().mean(), 1.0)])
    whole.reduce_gradients()
    wanted = [parameter.grad.clone() for parameter in model.parameters()]
    parts = TrainState(model, CONFIG)
    parts.backward((parts.model(batch).square().mean(), 1.0) for batch in batches)
    parts.reduce_gradients()
    for parameter, gradient in zip(model.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_a_divided_batch_has_the_gradient_of_the_whole():
    torch.manual_seed(0)
    model, images, gradients = nn.Conv2d(1, 2, 1), torch.randn(6, 1, 3, 3), []
    for sizes in ([6], [4, 2], [1, 5]):
        state = TrainState(model, CONFIG.model_copy(update={"micro_batches": 1}))
        state.backward((state.model(part).square().mean(), len(part) / 6) for part in images.split(sizes))
        state.reduce_gradients()
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    torch.testing.assert_close(gradients[1:], gradients[:1] * 2)


def test_statistics_of_a_divided_batch_are_weighted_by_its_parts():
    norm, images = nn.BatchNorm2d(1, momentum=0.5), torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 1, 2, 2)
    state = TrainState(nn.Sequential(norm), CONFIG.model_copy(update={"micro_batches": 1}))

    def losses():
        state.accumulate_batch_norm()
        for part in images.split([4, 2]):
            yield state.model(part).square().mean(), len(part) / 6

    for _ in range(2):
        state.backward(losses())
        state.reduce_gradients()
    assert norm.running_mean.item() == pytest.approx(0.75 * images.mean().item())
    assert norm.num_batches_tracked == 2


def test_a_batch_is_divided_by_its_pixels():
    lines = 10
    batch = RecognitionBatch(
        torch.arange(lines)[:, None, None, None].expand(lines, 3, 2, 50).to(torch.uint8),
        torch.full((lines,), 50),
        torch.arange(lines)[:, None],
        torch.ones(lines, dtype=torch.int64),
        tuple(map(str, range(lines))),
        tuple("abcdefghij"),
    )
    assert divide_batch(batch, None) == divide_batch(batch, 1000) == [batch]
    for max_pixels, multiple, sizes in (
        (999, 1, [5] * 2), (300, 1, [2, 3, 2, 3]), (300, 2, [2] * 5), (999, 2, [4, 6]), (9, 5, [5, 5]),
    ):  # fmt: skip
        parts = divide_batch(batch, max_pixels, multiple)
        assert [len(part.images) for part in parts] == sizes
        assert [text for part in parts for text in part.texts] == list(batch.texts)
        assert torch.equal(torch.cat([part.images for part in parts]), batch.images)
        assert all(len(part.keys) == len(part.targets) == len(part.widths) for part in parts)


def test_batch_statistics_are_averaged_in_any_order():
    batches = [torch.full((4, 1, 2, 2), value) + torch.randn(4, 1, 2, 2) for value in (0.0, 10.0)]
    found = []
    for order in (batches, batches[::-1]):
        norm = nn.BatchNorm2d(1, momentum=0.1)
        state = TrainState(nn.Sequential(norm), CONFIG)
        state.backward((state.model(batch).square().mean(), 1.0) for batch in order)
        state.reduce_gradients()
        found.append((norm.running_mean.item(), norm.running_var.item(), int(norm.num_batches_tracked)))
    assert found[0] == pytest.approx(found[1])
    assert found[0][0] == pytest.approx(0.1 * torch.stack(batches).mean().item(), rel=1e-5)
    assert found[0][2] == 1


def test_class_centers_are_updated_at_the_end_of_a_step():
    centers = ClassCenters(3, 1)
    logits = torch.tensor([[[0.0, 9.0, 0.0]]])
    for value in (1.0, 3.0):
        centers.accumulate(torch.full((1, 1, 1), value), logits, torch.tensor([[True]]))
        assert not centers.values.any()
    centers.end_step()
    assert centers.values.flatten().tolist() == [0, 2, 0]
    assert not any(total.any() for total in centers.accumulated())


class Divided(LineFit):
    def parts(self, batch):
        keys, number, images = batch
        return [Batch(keys[:1], number, images[:2]), Batch(keys[1:], number, images[2:])]


def test_a_step_of_a_divided_batch_counts_as_one_and_is_resumed_exactly(tmp_path):
    train(tmp_path / "whole", task=Divided)
    with pytest.raises(CrashError):
        train(tmp_path / "run", {7: crash}, task=Divided)
    train(tmp_path / "run", task=Divided)
    assert metrics(tmp_path / "run") == metrics(tmp_path / "whole")
    whole, run = (load_file(tmp_path / name / STATE_FILE) for name in ("whole", "run"))
    assert all(torch.equal(run[key], whole[key]) for key in whole)
    assert whole["model.1.num_batches_tracked"] == 12
    for entry in metrics(tmp_path / "whole"):
        if entry["event"] == "train":
            assert entry["loss"] == pytest.approx(entry["loss/square"] + entry["loss/absolute"], rel=1e-5)
