import os
from pathlib import Path

import numpy as np
import pytest
import torch

from models.db.head import DBMaps
from models.losses.db import (
    DBLossSettings,
    DBTargetBatch,
    balanced_bce_loss,
    db_loss,
    dice_loss,
    dilated_teacher_map,
    distillation_loss,
    map_mutual_losses,
    masked_l1_loss,
)
from synthtext.core import InputError

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[1] / "reference"))
RELEASED = {loss: DBLossSettings(probability_loss=loss, paddle_compat=True) for loss in ("dice", "bce")}


@pytest.fixture(scope="module")
def released():
    with np.load(REFERENCE / "losses_detection.npz") as arrays:
        return {name: torch.from_numpy(np.asarray(arrays[name])) for name in arrays.files}


def targets_of(released):
    return DBTargetBatch(*(released[f"target_{name}"].float() for name in DBTargetBatch._fields))


def maps_of(tensor):
    return DBMaps(*tensor.unbind(1))


def cases(released):
    """Return maps and targets of every case of the reference file."""
    targets, ones = targets_of(released), torch.ones_like(targets_of(released).shrink_mask)
    empty = torch.zeros_like(ones)
    flat = targets._replace(shrink_map=empty, threshold_map=torch.full_like(ones, 0.3), threshold_mask=empty)
    first = [mask.clone() for mask in (targets.shrink_mask, targets.threshold_mask)]
    for mask in first:
        mask[0] = 0
    full = ones.clone()
    full[:, :3] = 0
    full[:, :, :5] = 0
    one = DBTargetBatch(*(part[1:2] for part in targets))
    student = released["maps_student1"]
    return {
        "student1": (student, targets),
        "student2": (released["maps_student2"], targets),
        "edge_no_positives": (student, flat),
        "edge_all_masked": (student, targets._replace(shrink_mask=empty, threshold_mask=empty)),
        "edge_first_image_masked": (student, targets._replace(shrink_mask=first[0], threshold_mask=first[1])),
        "edge_few_negatives": (student, targets._replace(shrink_map=full, shrink_mask=ones)),
        "edge_single_image": (student[1:2], one),
        "edge_saturated": (released["maps_saturated"], targets),
    }


def close(value, expected):
    return float(torch.as_tensor(value).detach()) == pytest.approx(float(expected), rel=1e-5, abs=1e-6)


def counted_pixels(probability, found, mask):
    """Return how many positive and negative pixels have a gradient; probabilities must be between 0 and 1."""
    inside = probability.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(balanced_bce_loss(inside, found, mask), inside)
    return int(((gradient != 0) & (found == 1)).sum()), int(((gradient != 0) & (found == 0)).sum())


def test_every_case_of_the_reference_file(released):
    names = {name.removesuffix("_dice_prob") for name in released if name.endswith("_dice_prob")}
    assert names == set(cases(released))
    for name, (tensor, targets) in cases(released).items():
        maps, found, mask = maps_of(tensor), targets.shrink_map, targets.shrink_mask
        expect = {k.removeprefix(f"{name}_"): v for k, v in released.items() if k.startswith(f"{name}_")}
        assert close(dice_loss(maps.probability, found, mask), expect["dice_prob"]), name
        assert close(dice_loss(maps.binary, found, mask), expect["dice_binary"]), name
        assert close(masked_l1_loss(maps.threshold, targets.threshold_map, targets.threshold_mask), expect["masked_l1"])
        assert close(balanced_bce_loss(maps.probability, found, mask), expect["balance_bce"]), name
        counts = expect["ohem_positive_count"], expect["ohem_negative_count"]
        if (maps.probability * (1 - maps.probability)).all():
            assert counted_pixels(maps.probability, found, mask) == counts, name
        assert close(db_loss(maps, targets, RELEASED["dice"])["probability"] / 5, expect["balance_dice"]), name
        for loss, settings in RELEASED.items():
            parts = db_loss(maps, targets, settings)
            for part, key in (("probability", "prob"), ("threshold", "threshold"), ("binary", "binary")):
                assert close(parts[part], expect[f"dbloss_{loss}_{key}_part"]), (name, loss, part)
            assert close(sum(parts.values()), expect[f"dbloss_{loss}_total"]), (name, loss)


@pytest.mark.parametrize("loss", RELEASED)
def test_released_gradients(released, loss):
    tensor = released["maps_student1"].clone().requires_grad_()
    sum(db_loss(maps_of(tensor), targets_of(released), RELEASED[loss]).values()).backward()
    expected = released[f"student1_dbloss_{loss}_grad_maps"]
    assert (tensor.grad - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_mutual_losses(released):
    first = released["maps_student1"][:, 0].clone().requires_grad_()
    loss = map_mutual_losses(first, released["maps_student2"][:, 0])
    assert torch.allclose(loss.detach(), released["dml_per_sample"], rtol=1e-5, atol=1e-6)
    assert close(loss.mean(), released["dml_mean"])
    loss.mean().backward()
    expected = released["dml_mean_grad_student1_prob"]
    assert (first.grad - expected).abs().max() <= 1e-4 * expected.abs().max()
    hard = map_mutual_losses(released["dml_hard_p1"], released["dml_hard_p2"])
    assert torch.allclose(hard, released["dml_hard_per_sample"], rtol=1e-5, atol=1e-6)


def test_collaborative_mutual_learning(released):
    assert torch.equal(dilated_teacher_map(released["maps_teacher"][:, 0]).byte(), released["teacher_dilated_map"])
    students = [released[f"maps_student{k}"].clone().requires_grad_() for k in (1, 2)]
    first, second = (maps_of(student) for student in students)
    teacher = released["maps_teacher"][:, 0].clone().requires_grad_()
    targets, dilated, settings = targets_of(released), dilated_teacher_map(teacher), RELEASED["dice"]
    losses = []
    for number, maps in enumerate((first, second), 1):
        labels = sum(db_loss(maps, targets, settings).values())
        distilled = sum(distillation_loss(maps, dilated, targets.shrink_mask, settings).values())
        assert close(labels, released[f"cml_groundtruth_student{number}"])
        assert close(distilled, released[f"cml_dilated_student{number}"])
        losses += [labels, distilled]
    mutual = map_mutual_losses(first.probability, second.probability)
    assert torch.allclose(mutual, released["cml_dml_per_sample"], rtol=1e-5, atol=1e-6)
    total = sum(losses) + mutual.mean()
    assert torch.allclose(sum(losses) + mutual, released["cml_total_per_sample"], rtol=1e-5)
    assert close(total, released["cml_total_mean"])
    total.backward()
    assert teacher.grad is None
    for number, student in enumerate(students, 1):
        expected = released[f"cml_mean_grad_student{number}"]
        assert (student.grad - expected).abs().max() <= 1e-4 * expected.abs().max()


def empty_images():
    """Return maps with a gradient, and targets without text, with padding in half of every image."""
    torch.manual_seed(0)
    probability = torch.rand(2, 16, 16).requires_grad_()
    maps = DBMaps(probability, torch.full((2, 16, 16), 0.5), torch.sigmoid(50 * (probability - 0.5)))
    nothing, counts = torch.zeros(2, 16, 16), torch.ones(2, 16, 16)
    counts[:, :, 8:] = 0
    return maps, DBTargetBatch(nothing, counts, nothing + 0.3, nothing)


def distillation(maps, targets, settings):
    return distillation_loss(maps, targets.shrink_map, targets.shrink_mask, settings)


@pytest.mark.parametrize("losses", [db_loss, distillation])
@pytest.mark.parametrize("loss", ["dice", "bce"])
def test_images_without_text_reduce_the_probability(loss, losses):
    maps, targets = empty_images()
    probability, settings = maps.probability, DBLossSettings(probability_loss=loss)
    before = sum(losses(maps, targets, settings).values())
    for term in ("probability", "binary"):
        (gradient,) = torch.autograd.grad(losses(maps, targets, settings)[term], probability, retain_graph=True)
        assert (gradient >= 0).all()
        assert gradient.sum() > 0
        assert not gradient[:, :, 8:].any()
    silent = DBMaps(*(torch.zeros(2, 16, 16) for _ in range(3)))
    assert sum(losses(silent, targets, settings).values()) < 1e-6 < before
    parts = losses(maps, targets, RELEASED[loss])
    assert (parts["probability"].item(), parts["binary"].item()) == (0, 1)


@pytest.mark.parametrize("loss", ["dice", "bce"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_saturated_maps_have_finite_losses_and_masked_pixels_no_gradient(loss, dtype):
    torch.manual_seed(1)
    logits = (torch.randn(2, 3, 16, 16) * 1e4).to(dtype).requires_grad_()
    maps = maps_of(torch.sigmoid(logits))
    found, mask = (torch.rand(2, 16, 16) > 0.5).float(), torch.ones(2, 16, 16)
    mask[:, :, 8:] = 0
    total = sum(
        db_loss(maps, DBTargetBatch(found, mask, 0.5 * mask, mask), DBLossSettings(probability_loss=loss)).values()
    )
    total.backward()
    assert total.dtype == torch.float32
    assert torch.isfinite(total)
    assert torch.isfinite(logits.grad).all()
    assert not logits.grad[..., 8:].any()


def test_probabilities_of_0_and_1_have_finite_gradients():
    certain = torch.tensor([[[0.0, 1.0, 0.0, 1.0]]]).requires_grad_()
    found, peer = torch.tensor([[[1.0, 0.0, 0.0, 1.0]]]), torch.tensor([[[1.0, 0.0, 1.0, 1.0]]])
    ones = torch.ones_like(found)
    for loss in (balanced_bce_loss(certain, found, ones), map_mutual_losses(certain, peer).mean()):
        (gradient,) = torch.autograd.grad(loss, certain)
        assert torch.isfinite(loss)
        assert torch.isfinite(gradient).all()
        assert gradient[0, 0, 0] < 0 < gradient[0, 0, 1]


@pytest.mark.parametrize("loss", ["dice", "bce"])
def test_losses_are_the_same_under_autocast(released, loss):
    maps, targets, settings = (
        maps_of(released["maps_student1"]),
        targets_of(released),
        DBLossSettings(probability_loss=loss),
    )
    teacher = dilated_teacher_map(released["maps_teacher"][:, 0])

    def losses():
        distilled = distillation_loss(maps, teacher, targets.shrink_mask, settings)
        return [*db_loss(maps, targets, settings).values(), *distilled.values()]

    expected = losses()
    with torch.autocast("cpu", torch.bfloat16):
        assert losses() == expected


def test_the_mutual_loss_of_equal_students_is_0():
    first, second = torch.rand(2, 3, 8, 8).unbind(1)[:2]
    assert map_mutual_losses(first, first).abs().max() < 1e-4
    assert torch.allclose(map_mutual_losses(first, second), map_mutual_losses(second, first))


def test_invalid_settings_are_rejected():
    with pytest.raises(InputError, match="probability_loss"):
        DBLossSettings(probability_loss="l2")
    with pytest.raises(InputError, match="below 0"):
        DBLossSettings(negative_ratio=-1)
