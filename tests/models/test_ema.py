import pytest
import torch
from torch import nn

from models.ema import ExponentialMovingAverage, ema_decay_with_warmup


def network():
    return nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))


def test_the_average_follows_parameters_and_buffers():
    torch.manual_seed(0)
    model = network()
    average = ExponentialMovingAverage(model, decay=0.7)
    expected = {name: tensor.double() for name, tensor in model.state_dict().items()}
    for step in range(12):
        model(torch.randn(4, 2, 3, 3))  # moves the running means
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.update(step)
        keep = min(0.7, (1 + step) / (10 + step))
        expected = {name: keep * old + (1 - keep) * model.state_dict()[name] for name, old in expected.items()}
    for name, tensor in average.model.state_dict().items():
        if name.endswith("tracked"):
            assert tensor == 12
        else:
            assert torch.allclose(tensor.double(), expected[name], atol=1e-5)


def test_the_average_is_independent_of_the_network():
    model = network()
    average = ExponentialMovingAverage(model, decay=0.9)
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())
    before = average.model[0].weight.clone()
    with torch.no_grad():
        model[0].weight.add_(1)
    assert torch.equal(average.model[0].weight, before)


def test_the_decay_warms_up():
    decays = [ema_decay_with_warmup(0.99, step) for step in range(2000)]
    assert decays[0] == pytest.approx(0.1)
    assert decays == sorted(decays)
    assert decays[-1] == 0.99
