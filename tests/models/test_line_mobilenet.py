import pytest
import torch

from models.lcnet import time_steps
from models.line_mobilenet import MOBILENET_SMALL_BLOCKS, MobileNetV3Small
from models.recognizer import Recognizer, RecognizerConfig
from models.squeeze import SqueezeExcitation
from synthtext.core import InputError


@pytest.mark.parametrize("height", [32, 48])
@pytest.mark.parametrize(("width", "steps"), [(100, 25), (320, 80), (321, 80), (33, 8)])
def test_it_makes_the_steps_that_pp_lcnet_makes(height, width, steps):
    backbone = MobileNetV3Small(0.25).eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, height, width))
    assert maps.shape == (1, backbone.channels, 1, steps)
    assert time_steps(width) == steps


def test_blocks_are_those_of_the_table():
    backbone = MobileNetV3Small(1.0)
    kernels = [block.depthwise.conv.weight.shape[2] for block in backbone.blocks]
    assert kernels == [3] * 3 + [5] * 8
    assert [block.channels for block in backbone.blocks] == [16, 24, 24, 40, 40, 40, 48, 48, 96, 96, 96]
    excited = [isinstance(block.squeeze, SqueezeExcitation) for block in backbone.blocks]
    assert excited == [True, False, False] + [True] * 8
    down = [shape.stride for shape in MOBILENET_SMALL_BLOCKS if shape.stride != (1, 1)]
    assert down == [(2, 1)] * 3


def test_a_block_that_keeps_its_shape_adds_its_input():
    backbone = MobileNetV3Small(0.25).eval()
    torch.nn.init.zeros_(backbone.blocks[2].project.conv.weight)
    torch.nn.init.zeros_(backbone.blocks[7].project.conv.weight)
    for number in (2, 7):
        x = torch.randn(1, backbone.blocks[number].project.conv.weight.shape[0], 4, 9)
        assert torch.equal(backbone.blocks[number](x), x)


def test_every_parameter_learns():
    learnt = set()
    for _ in range(8):  # in a network this narrow, all gates of a block may happen to be shut
        model = Recognizer(
            RecognizerConfig(11, backbone_scale=0.25, lstm_hidden=16, head_dim=8, backbone="mobilenet_v3")
        )
        model(torch.randn(2, 3, 48, 64)).logits.square().sum().backward()
        learnt |= {name for name, parameter in model.named_parameters() if parameter.grad.abs().sum() > 0}
    assert learnt == {name for name, _ in model.named_parameters()}


def test_a_scale_that_cannot_be():
    with pytest.raises(InputError, match="scale"):
        MobileNetV3Small(5.0)
