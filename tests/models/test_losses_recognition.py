import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from models.ctc import ctc_loss, ctc_losses, is_exact_match
from models.losses.center import ClassCenters, center_loss
from models.losses.ctc import ace_losses, focal_ctc_losses
from models.losses.recognizer_mutual import feature_loss, mutual_loss
from models.losses.settings import CTCLossSettings
from models.recognizer import CTCHead
from pipelines.training.state import _Adam

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
LENGTHS = ("t80", "t25")


def focal_ctc_loss(*arguments):
    return focal_ctc_losses(*arguments).mean()


def ace_loss(*arguments, **options):
    return ace_losses(*arguments, **options).mean()


@pytest.fixture(scope="module")
def released():
    with np.load(REFERENCE / "losses_recognition.npz") as arrays:
        return {name: torch.from_numpy(np.asarray(arrays[name])) for name in arrays.files}


def close(value, expected):
    return float(torch.as_tensor(value).detach()) == pytest.approx(float(expected), rel=1e-5, abs=1e-4)


def lines(released, case):
    return released[f"{case}_logits"], released[f"{case}_labels"].long(), released[f"{case}_label_lengths"]


@pytest.mark.parametrize("case", LENGTHS)
def test_ctc_focal_ctc_and_ace(released, case):
    logits, labels, lengths = lines(released, case)
    assert torch.allclose(ctc_losses(logits, labels, lengths), released[f"{case}_ctc_nll"], rtol=1e-5, atol=1e-4)
    focal = focal_ctc_losses(logits, labels, lengths).double()
    assert torch.allclose(focal, released[f"{case}_focal_ctc_per_sample"], rtol=1e-5, atol=1e-4)
    assert close(focal_ctc_loss(logits, labels, lengths), released[f"{case}_focal_ctc_mean"])
    ace = ace_losses(logits, labels, lengths, paddle_compat=True)
    assert torch.allclose(ace, released[f"{case}_ace_per_sample"], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("case", LENGTHS)
def test_the_gradient_of_ace_are_the_counts_of_the_label(released, case):
    logits, labels, lengths = lines(released, case)
    steps, classes = logits.shape[1:]
    even = torch.zeros_like(logits).requires_grad_()
    ace_losses(even, labels, lengths).sum().backward()  # gradient: mean probability minus frequency in the label
    counts = steps * (1 / classes - even.grad.sum(1))
    assert torch.allclose(counts[:, 1:], released[f"{case}_label_counts"][:, 1:].float(), atol=1e-3)
    assert torch.allclose(counts[:, 0], (steps - lengths).float(), atol=1e-3)


@pytest.mark.parametrize("case", LENGTHS)
def test_mutual_loss(released, case):
    logits, peer = released[f"{case}_logits"].clone().requires_grad_(), released[f"{case}_logits_peer"]
    loss = mutual_loss(logits, peer, paddle_compat=True)
    assert close(loss, released[f"{case}_dml"])
    loss.backward()
    assert (logits.grad - released[f"{case}_dml_grad_logits"]).abs().max() < 1e-4
    assert close(mutual_loss(4 * logits, 4 * peer, paddle_compat=True), released[f"{case}_dml_sharp"])
    assert mutual_loss(logits, peer).item() == pytest.approx(loss.item(), rel=1e-3)


def test_features_and_udml(released):
    first = released["feature_a"].clone().requires_grad_()
    loss = feature_loss(first, released["feature_b"])
    assert close(loss, released["feature_distance"])
    loss.backward()
    assert (first.grad - released["feature_distance_grad_a"]).abs().max() < 1e-4
    logits, labels, lengths = lines(released, "t80")
    parts = {
        "udml_ctc_a": ctc_loss(logits, labels, lengths),
        "udml_ctc_b": ctc_loss(released["t80_logits_peer"], labels, lengths),
        "udml_dml": mutual_loss(logits, released["t80_logits_peer"], paddle_compat=True),
        "udml_feature_distance": feature_loss(released["udml_backbone_a"], released["udml_backbone_b"]),
    }
    assert all(close(value, released[name]) for name, value in parts.items())
    assert close(sum(parts.values()), released["udml_total"])


def test_center_loss_and_enhanced_ctc(released):
    features, logits = released["center_features"].clone().requires_grad_(), released["center_logits"]
    assert torch.equal(logits.argmax(2).int(), released["center_assigned_class"])
    loss = center_loss(features, logits, released["center_centers"])
    assert float(loss.detach()) == pytest.approx(float(released["center_loss"]), rel=1e-9)
    loss.backward()
    assert (features.grad - released["center_loss_grad_features"]).abs().max() < 1e-4
    labels, lengths = released["enhanced_labels"].long(), released["enhanced_label_lengths"]
    assert close(ctc_loss(logits, labels, lengths) + 0.05 * loss, released["enhanced_ctc_total"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_losses_and_gradients_are_finite(dtype, size):
    torch.manual_seed(0)
    first, second = ((size * torch.randn(3, 12, 9)).to(dtype).requires_grad_() for _ in range(2))
    labels, lengths = torch.tensor([[1, 2, 2], [3, 0, 0], [4, 5, 0]]), torch.tensor([3, 1, 2])
    losses = (
        mutual_loss(first, second, torch.tensor([12, 5, 0])),
        mutual_loss(first, second, clip=10.0),
        mutual_loss(first, second, paddle_compat=True),
        focal_ctc_loss(first, labels, lengths),
        ace_loss(first, labels, lengths),
        ace_loss(first, labels, lengths, paddle_compat=True),
        feature_loss(first, second),
        center_loss(first, second, torch.zeros(9, 9)),
    )
    assert all(torch.isfinite(loss) and loss.dtype == torch.float32 for loss in losses)
    sum(losses).backward()
    assert torch.isfinite(first.grad).all()
    assert torch.isfinite(second.grad).all()


def test_the_mutual_loss_of_equal_predictions_is_0_and_ignores_padding():
    torch.manual_seed(0)
    first, second = torch.randn(2, 3, 8, 5)
    assert mutual_loss(first, first + 3).abs() < 1e-5
    assert torch.isclose(mutual_loss(first, second), mutual_loss(second, first))
    sharp = 100 * first, 100 * second
    assert torch.isclose(mutual_loss(*sharp, paddle_compat=True), mutual_loss(*sharp[::-1], paddle_compat=True))
    steps, changed = torch.tensor([8, 4, 0]), first.clone()
    changed[1, 4:] += torch.randn(4, 5)
    changed[2] += torch.randn(8, 5)
    assert torch.isclose(mutual_loss(first, second, steps), mutual_loss(changed, second, steps))


def test_the_feature_loss_ignores_padding():
    torch.manual_seed(0)
    first, second = torch.randn(2, 3, 6, 1, 8)
    assert torch.isclose(feature_loss(first, second), feature_loss(first, second, torch.tensor([8, 8, 8])))
    steps, changed = torch.tensor([8, 4, 0]), first.clone()
    changed[1, :, :, 4:] = 9
    changed[2] = 9
    masked = feature_loss(changed, second, steps)
    kept = torch.cat([(first - second)[0].flatten(), (first - second)[1, :, :, :4].flatten()])
    assert torch.isclose(masked, kept.square().mean())


def test_clipped_lines_keep_a_smaller_gradient():
    torch.manual_seed(0)
    first, second = (10 * torch.randn(2, 3, 8, 5)).requires_grad_().unbind(0)
    (free,) = torch.autograd.grad(mutual_loss(first, second), first, retain_graph=True)
    assert torch.equal(mutual_loss(first, second, clip=1e6), mutual_loss(first, second))
    bounded = mutual_loss(first, second, clip=2.0)
    assert bounded.item() == pytest.approx(2.0)
    (gradient,) = torch.autograd.grad(bounded, first)
    for line, unbounded in zip(gradient, free, strict=True):
        assert torch.cosine_similarity(line.flatten(), unbounded.flatten(), 0) > 0.999
        assert 0 < line.norm() < 0.5 * unbounded.norm()


def test_ace_of_a_label_longer_than_the_time_steps():
    logits = torch.zeros(1, 2, 3).requires_grad_()
    ace_loss(logits, torch.tensor([[1, 2, 1, 2]]), torch.tensor([4])).backward()
    counts = 2 * (2 / 3 - logits.grad.sum(1))[0]
    assert counts.tolist() == pytest.approx([0, 2, 2], abs=1e-5)


def test_ace_is_minimal_where_the_counts_agree():
    labels, lengths = torch.tensor([[1, 2]]), torch.tensor([2])
    right = torch.tensor([[[0.0, 9, 0], [9, 0, 0], [0, 0, 9], [9, 0, 0]]])
    wrong = torch.tensor([[[0.0, 9, 0], [9, 0, 0], [0, 9, 0], [9, 0, 0]]])
    entropy = -(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))
    assert ace_loss(right, labels, lengths).item() == pytest.approx(entropy, abs=0.01)
    assert ace_loss(wrong, labels, lengths) > ace_loss(right, labels, lengths) + 1


def test_centers_are_updated_by_confident_steps():
    centers = ClassCenters(4, 2, decay=0.5)
    logits = torch.tensor([[[9.0, 0, 0, 0], [0, 9, 0, 0], [0, 9, 0, 0], [0, 0.1, 0, 0.2]]])
    features = torch.tensor([[[5.0, 5], [1, 0], [3, 0], [7, 7]]])
    counts = centers.confident_steps(logits)
    assert counts.tolist() == [[False, True, True, False]]  # without the blank and the uncertain step
    assert not centers.confident_steps(logits, torch.tensor([False])).any()
    assert centers.loss(features, logits, counts) == 0  # there is no center yet
    centers.accumulate(features, logits, counts)
    centers.end_step()
    assert centers.values.tolist() == [[0, 0], [2, 0], [0, 0], [0, 0]]
    centers.accumulate(features + 2, logits, counts)
    centers.end_step()
    assert centers.values[1].tolist() == [3, 1]
    assert centers.loss(features, logits, counts).item() == pytest.approx(((4 + 1) + (0 + 1)) / 2)


def test_paddle_compat_centers_are_means_of_all_steps_of_correct_lines():
    torch.manual_seed(0)
    centers = ClassCenters(4, 2, paddle_compat=True)
    before = centers.values.clone()
    logits = torch.tensor([[[9.0, 0, 0, 0], [0, 9, 0, 0], [0, 0.2, 0, 0.1]], [[0.0, 0, 9, 0]] * 3])
    right, batches = torch.tensor([True, False]), torch.randn(3, 2, 3, 2)
    for features in batches:
        counts = centers.confident_steps(logits, right)
        assert counts.tolist() == [[True] * 3, [False] * 3]
        centers.accumulate(features, logits, counts)
        centers.end_step()
    assert torch.allclose(centers.values[0], batches[:, 0, 0].mean(0))
    assert torch.allclose(centers.values[1], batches[:, 0, 1:].reshape(-1, 2).mean(0), atol=1e-6)
    assert torch.equal(centers.values[2:], before[2:])
    assert torch.isclose(centers.loss(batches[0], logits, counts), center_loss(batches[0], logits, centers.values))


@pytest.mark.train
def test_a_learning_rate_ten_times_too_high_stays_finite():
    """Train two heads and their features with all losses at once."""
    torch.manual_seed(0)
    images, labels, lengths = torch.randn(4, 6, 1, 8), torch.randint(1, 5, (4, 3)), torch.tensor([3, 1, 2, 3])
    backbones = [nn.Sequential(nn.Conv2d(6, 8, 1), nn.BatchNorm2d(8), nn.Hardswish()) for _ in range(2)]
    heads = [CTCHead(8, 8, 5) for _ in range(2)]
    centers = ClassCenters(5, 8)
    parameters = [parameter for part in (*backbones, *heads) for parameter in part.parameters()]
    optimizer = _Adam(parameters, lr=10 * 2e-3)  # ten times that of the presets
    for _ in range(200):
        maps = [backbone(images) for backbone in backbones]
        read = [head(x.squeeze(2).transpose(1, 2)) for head, x in zip(heads, maps, strict=True)]
        (features, logits), (_, other) = read
        counts = centers.confident_steps(logits, is_exact_match(logits, labels, lengths))
        parts = [
            mutual_loss(logits, other, torch.tensor([8, 4, 6, 8]), clip=10.0),
            feature_loss(*maps),
            centers.loss(features, logits, counts),
            *(loss(logits, labels, lengths) + loss(other, labels, lengths) for loss in (ctc_loss, ace_loss)),
            focal_ctc_loss(logits, labels, lengths),
        ]
        centers.accumulate(features, logits, counts)
        centers.end_step()
        optimizer.zero_grad()
        sum(parts).backward()
        assert all(torch.isfinite(part) for part in parts)
        optimizer.step()
    assert all(torch.isfinite(parameter).all() for parameter in parameters)
    assert ctc_loss(logits, labels, lengths) < 0.1


@pytest.mark.parametrize(
    ("ends", "factors"),
    [((0, 100), [0, 0.25, 1, 1]), ((25, 75), [0, 0, 1, 1]), ((0, 0), [0, 1, 1, 1]), ((50, 50), [0, 0, 1, 1])],
)
def test_losses_between_networks_rise_over_a_range_of_samples(ends, factors):
    settings = CTCLossSettings(mutual_samples_range=ends)
    assert [settings.mutual_warmup(samples) for samples in (0, 25, 100, 1000)] == factors
