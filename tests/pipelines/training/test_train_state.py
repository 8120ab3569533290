"""The training state: gradient clipping and learning rates."""

import sys

import pytest
import torch
from torch import nn

from pipelines.training.budget import SampleBudget
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.settings import OptimSettings
from pipelines.training.state import TrainState

CONFIG = RecognizerTrainConfig(samples=48, batch_size=4, device="cpu", precision="fp32")


def test_long_gradients_are_clipped():
    state = TrainState(nn.Sequential(nn.Conv2d(1, 1, 1)), CONFIG)
    state.backward([(1000 * state.model(torch.ones(1, 1, 1, 1)).sum(), 1.0)])
    norm = state.reduce_gradients().item()
    after = torch.stack([parameter.grad.norm() for parameter in state.model.parameters()]).norm()
    assert norm == pytest.approx(1000 * 2**0.5)
    assert after == pytest.approx(CONFIG.optim.clip_norm, rel=1e-3)


def test_a_step_is_that_of_adam_without_the_modules_of_torch_compile(monkeypatch):
    """Their import takes seconds in every process that trains."""
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)
    state = TrainState(nn.Sequential(nn.Conv2d(1, 2, 3)), CONFIG.model_copy(update={"ema_decay": 0.0}))
    before = [parameter.detach().clone() for parameter in state.model.parameters()]
    state.backward([(1e-3 * state.model(torch.randn(1, 1, 5, 5)).sum(), 1.0)])
    state.reduce_gradients()
    state.step(0, 0.01)
    for start, parameter in zip(before, state.model.parameters(), strict=True):
        moved = 0.01 * parameter.grad / (parameter.grad.abs() + 1e-8)
        torch.testing.assert_close(parameter.detach(), start - moved, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("schedule", "final"),
    [
        ({}, 0.01),
        ({"final_lr_fraction": 0.2}, 0.2),
        ({"schedule": "polynomial", "power": 2}, 0.01),
        ({"schedule": "piecewise", "milestones": [[0.4, 0.5], [0.8, 0.1]]}, 0.1),
    ],
)
def test_the_learning_rate_warms_up_and_decays(schedule, final):
    config = RecognizerTrainConfig(**{**CONFIG.model_dump(), "optim": {"warmup_steps": 3, "lr": 0.05, **schedule}})
    rates = [SampleBudget(config).learning_rate(step) for step in range(config.steps)]
    assert len(rates) == 12
    assert rates[0] > 0
    assert max(rates) == rates[2] == pytest.approx(0.05)
    assert rates[-1] == pytest.approx(0.05 * final)


def rates_of(**schedule):
    settings = OptimSettings(lr=0.05, warmup_steps=2, **schedule)
    return [settings.learning_rate(step, 12) for step in range(2, 13)]


def test_schedules_cover_the_steps_after_the_warm_up():
    linear = rates_of(schedule="polynomial", final_lr_fraction=0)
    assert linear == pytest.approx([0.005 * k for k in range(10, -1, -1)])
    piecewise = rates_of(schedule="piecewise", milestones=[[0.3, 0.5], [0.9, 0.1]])
    assert piecewise == pytest.approx([0.05] * 3 + [0.025] * 6 + [0.005] * 2)
    assert rates_of()[5] == pytest.approx(0.05 * 0.505)
