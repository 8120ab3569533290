"""One step of learning."""

import pytest
import torch
from torch import nn

from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.state import TrainState

CONFIG = RecognizerTrainConfig(samples=48, batch_size=4, device="cpu", precision="fp32")


def test_long_gradients_are_shortened():
    learner = TrainState(nn.Sequential(nn.Conv2d(1, 1, 1)), CONFIG)
    learner.backward([1000 * learner.model(torch.ones(1, 1, 1, 1)).sum()])
    norm = learner.reduce_gradients()
    after = torch.stack([parameter.grad.norm() for parameter in learner.model.parameters()]).norm()
    assert norm == pytest.approx(1000 * 2**0.5)
    assert after == pytest.approx(CONFIG.optim.clip_norm, rel=1e-3)


@pytest.mark.parametrize(
    ("schedule", "final"),
    [
        ({}, 0.01),
        ({"final_lr_fraction": 0.2}, 0.2),
        ({"schedule": "polynomial", "power": 2}, 0.01),
        ({"schedule": "piecewise", "drops": [[0.4, 0.5], [0.8, 0.1]]}, 0.1),
    ],
)
def test_the_rate_warms_up_and_falls_to_its_end(schedule, final):
    config = RecognizerTrainConfig(**{**CONFIG.model_dump(), "optim": {"warmup_steps": 3, "lr": 0.05, **schedule}})
    learner = TrainState(nn.Sequential(nn.Conv2d(1, 1, 1)), config)
    rates = [learner.learning_rate(step) for step in range(config.steps)]
    assert len(rates) == 12
    assert rates[0] > 0
    assert max(rates) == rates[2] == pytest.approx(0.05)
    assert rates[-1] == pytest.approx(0.05 * final)
