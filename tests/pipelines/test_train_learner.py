"""One step of learning."""

import pytest
import torch
from torch import nn

from pipelines.train import TrainConfig
from pipelines.train.learner import Learner

CONFIG = TrainConfig(samples=48, batch_size=4, device="cpu", precision="fp32")


def test_long_gradients_are_shortened():
    learner = Learner(nn.Sequential(nn.Conv2d(1, 1, 1)), CONFIG)
    learner.differentiate([1000 * learner.model(torch.ones(1, 1, 1, 1)).sum()])
    norm = learner.gather()
    after = torch.stack([parameter.grad.norm() for parameter in learner.model.parameters()]).norm()
    assert norm == pytest.approx(1000 * 2**0.5)
    assert after == pytest.approx(CONFIG.optim.clip_norm, rel=1e-3)
