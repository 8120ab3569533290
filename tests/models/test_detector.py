import pytest
import torch

from models.backbones.mobilenet_v3 import MobileNetV3Large
from models.backbones.resnet import ResNet18vd
from models.detector import Detector, DetectorConfig
from models.necks.db_fpn import upsample_nearest
from synthtext.core import InputError

SMALL = DetectorConfig(backbone_scale=0.25, neck_channels=16)


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_published_sizes():
    model = Detector(DetectorConfig())
    assert parameters(model) == 583_234
    assert [parameters(part) for part in (model.backbone, model.neck, model.head.probability)] == [
        398_480,
        138_240,
        23_257,
    ]
    assert model.backbone.channels == (16, 24, 56, 480)


def test_the_teacher_has_the_published_size():
    teacher = Detector(DetectorConfig("resnet18", neck_channels=256))
    values = sum(v.numel() for name, v in teacher.state_dict().items() if not name.endswith("num_batches_tracked"))
    assert round(values / 1e6, 2) == 12.37


@pytest.mark.parametrize("backbone", [MobileNetV3Large(0.25), ResNet18vd()])
def test_four_maps_at_strides_of_4_to_32(backbone):
    with torch.no_grad():
        maps = backbone.eval()(torch.randn(1, 3, 64, 96))
    assert [tuple(level.shape) for level in maps] == [
        (1, channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.channels, (4, 8, 16, 32), strict=True)
    ]


def test_maps_are_probabilities_at_full_size_and_every_parameter_has_a_gradient():
    torch.manual_seed(0)
    model = Detector(SMALL)
    maps = model(torch.randn(2, 3, 64, 96))
    for part in maps:
        assert part.shape == (2, 64, 96)
        assert 0 <= part.min() <= part.max() <= 1
    expected = 1 / (1 + torch.exp(-50 * (maps.probability - maps.threshold)))
    assert torch.allclose(maps.binary, expected, atol=1e-5)
    torch.stack([part.square().mean() for part in maps]).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_probability_map_alone():
    model, images = Detector(SMALL).eval(), torch.randn(1, 3, 32, 64)
    with torch.no_grad():
        assert torch.equal(model.probability(images), model(images).probability)


def test_upsampling_repeats_pixels():
    pixels = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert torch.equal(upsample_nearest(pixels, 4), pixels.repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_invalid_sizes_are_rejected():
    with pytest.raises(InputError, match="multiple of 4"):
        Detector(DetectorConfig(neck_channels=30))
    with pytest.raises(InputError, match="scale"):
        MobileNetV3Large(0)
