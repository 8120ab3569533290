import pytest
import torch

from models.losses.ctc import spacing_loss


def test_the_loss_of_evenly_spaced_characters_is_0() -> None:
    targets, lengths = torch.tensor([[3, 1, 2, 0]]), torch.tensor([3])
    spelt = torch.full((1, 12, 5), -20.0)
    spelt[0, :, 0] = 20.0
    blank = spelt.clone()
    for step, target in ((2, 3), (6, 1), (10, 2)):  # the middles of the thirds of 12 time steps
        spelt[0, step] = -20.0
        spelt[0, step, target] = 20.0
    assert spacing_loss(spelt, targets, lengths, torch.ones(1)) == pytest.approx(0, abs=1e-6)
    assert spacing_loss(blank, targets, lengths, torch.ones(1)) == pytest.approx(3 * 40, rel=1e-3)


def test_padding_is_blank() -> None:
    targets, lengths = torch.tensor([[3, 1]]), torch.tensor([2])
    logits = torch.full((1, 16, 5), -20.0)
    logits[0, :, 0] = 20.0
    logits[0, [2, 6], 0] = -20.0
    logits[0, [2, 6], [3, 1]] = 20.0
    assert spacing_loss(logits, targets, lengths, torch.tensor([0.5])) == pytest.approx(0, abs=1e-6)


def test_gradient_is_finite_for_empty_and_crowded_lines() -> None:
    logits = torch.randn(3, 4, 6, requires_grad=True)
    targets = torch.tensor([[0] * 8, [1, 2, 3, 4, 5, 1, 2, 3], [2, 0, 0, 0, 0, 0, 0, 0]])
    spacing_loss(logits, targets, torch.tensor([0, 8, 1]), torch.tensor([1.0, 0.3, 0.5])).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
