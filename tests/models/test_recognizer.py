import pytest
import torch

from models.batch import normalise
from models.recognizer import Recognizer, RecognizerConfig
from synthtext.core import InputError

SMALL = RecognizerConfig(num_classes=11, backbone_scale=0.125, neck_hidden=16, head_dim=8)


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def test_the_published_size():
    model = Recognizer(RecognizerConfig(num_classes=6625))
    assert parameters(model) == 2_066_433
    assert parameters(model.neck) == 395_264
    assert parameters(model.head) == 655_009


def test_shapes_of_the_output():
    model = Recognizer(SMALL)
    out = model(torch.randn(2, 3, 32, 100))
    assert out.logits.shape == (2, 25, 11)
    assert out.features.shape == (2, 25, 8)
    assert out.backbone.shape == (2, model.backbone.channels, 1, 25)
    assert torch.allclose(model.head.fc2(out.features), out.logits)


def test_every_parameter_has_a_gradient():
    model = Recognizer(SMALL)
    model(torch.randn(2, 3, 48, 64)).logits.square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_bfloat16_gives_nearly_the_same_logits():
    torch.manual_seed(0)
    model, images = Recognizer(SMALL).eval(), torch.randn(4, 3, 32, 64)
    with torch.no_grad():
        exact = model(images).logits
        with torch.autocast("cpu", torch.bfloat16):
            rounded = model(images).logits.float()
    assert (exact - rounded).abs().max() < 0.05
    assert (exact - rounded).abs().max() > 0


def test_the_initial_bias_of_the_blank():
    assert Recognizer(RecognizerConfig(11, backbone_scale=0.125, blank_bias=-2.0)).head.fc2.bias[0] == -2


@pytest.mark.parametrize(
    "invalid", [{"num_classes": 1}, {"num_classes": 11, "height": 40}, {"num_classes": 11, "backbone": "lcnett"}]
)
def test_invalid_sizes_are_rejected(invalid):
    with pytest.raises(InputError, match=r"not \d+|did you mean 'lcnet'"):
        RecognizerConfig(**invalid)


def test_normalised_pixels_lie_between_minus_one_and_one_and_padding_is_zero():
    images = torch.randint(0, 256, (3, 3, 32, 20), dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
    widths = torch.tensor([20, 7, 1], dtype=torch.int32)
    given = images.clone()
    scaled = normalise(images, widths)
    assert torch.equal(images, given)
    assert scaled.is_contiguous(memory_format=torch.channels_last)
    for line, image, width in zip(scaled, images, widths, strict=True):
        assert torch.allclose(line[..., :width], (image[..., :width] / 255 - 0.5) / 0.5, atol=1e-6)
        assert not line[..., width:].any()
