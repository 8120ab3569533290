"""A training step of several micro-batches: gradients, batch statistics and class centers."""

import pytest
import torch
from torch import nn

from models.losses.center import ClassCenters
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.state import TrainState

CONFIG = RecognizerTrainConfig(samples=48, batch_size=4, micro_batches=2, device="cpu", precision="fp32", ema_decay=0.0)


def test_a_step_of_two_batches_has_the_gradient_of_both():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Conv2d(2, 1, 1))
    batches = torch.randn(2, 4, 1, 3, 3)
    whole = TrainState(model, CONFIG.model_copy(update={"micro_batches": 1}))
    whole.backward([whole.model(batches.flatten(0, 1)).square().mean()])
    whole.reduce_gradients()
    wanted = [parameter.grad.clone() for parameter in model.parameters()]
    parts = TrainState(model, CONFIG)
    parts.backward(parts.model(batch).square().mean() for batch in batches)
    parts.reduce_gradients()
    for parameter, gradient in zip(model.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_batch_statistics_are_averaged_in_any_order():
    batches = [torch.full((4, 1, 2, 2), value) + torch.randn(4, 1, 2, 2) for value in (0.0, 10.0)]
    found = []
    for order in (batches, batches[::-1]):
        norm = nn.BatchNorm2d(1, momentum=0.1)
        state = TrainState(nn.Sequential(norm), CONFIG)
        state.backward(state.model(batch).square().mean() for batch in order)
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
