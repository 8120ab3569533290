import pytest
import torch

from models.backbones.mobilenet_v3 import MOBILENET_SMALL_BLOCKS, MobileNetV3Small
from models.conv import SqueezeExcitation
from models.recognizer import Recognizer, RecognizerConfig
from synthtext.core import InputError


@pytest.mark.parametrize("height", [32, 48])
@pytest.mark.parametrize(("width", "steps"), [(100, 25), (320, 80), (321, 80), (33, 8)])
def test_the_number_of_time_steps(height, width, steps):
    backbone = MobileNetV3Small(0.25).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, height, width))
    assert maps.shape == (1, backbone.channels, 1, steps)
    assert backbone.time_steps(width) == steps


def test_blocks_are_the_published_ones():
    backbone = MobileNetV3Small(1.0)
    kernels = [block.depthwise.conv.weight.shape[2] for block in backbone.blocks]
    assert kernels == [3] * 3 + [5] * 8
    assert [block.channels for block in backbone.blocks] == [16, 24, 24, 40, 40, 40, 48, 48, 96, 96, 96]
    has_se = [isinstance(block.squeeze, SqueezeExcitation) for block in backbone.blocks]
    assert has_se == [True, False, False] + [True] * 8
    strides = [block.stride for block in MOBILENET_SMALL_BLOCKS if block.stride != (1, 1)]
    assert strides == [(2, 1)] * 3


def test_blocks_that_keep_the_shape_are_residual():
    backbone = MobileNetV3Small(0.25).eval()
    torch.nn.init.zeros_(backbone.blocks[2].project.conv.weight)
    torch.nn.init.zeros_(backbone.blocks[7].project.conv.weight)
    for number in (2, 7):
        x = torch.randn(1, backbone.blocks[number].project.conv.weight.shape[0], 4, 9)
        assert torch.equal(backbone.blocks[number](x), x)


def test_every_parameter_has_a_gradient():
    trained = set()
    for _ in range(8):  # in a network this narrow, all gates of a block may be 0
        model = Recognizer(
            RecognizerConfig(11, backbone_scale=0.25, neck_hidden=16, head_dim=8, backbone="mobilenet_v3")
        )
        model(torch.randn(2, 3, 48, 64)).logits.square().sum().backward()
        trained |= {name for name, parameter in model.named_parameters() if parameter.grad.abs().sum() > 0}
    assert trained == {name for name, _ in model.named_parameters()}


def test_an_invalid_scale_is_rejected():
    with pytest.raises(InputError, match="scale"):
        MobileNetV3Small(5.0)
