import pytest
import torch

from models.backbones.lcnet import LCNET_BLOCKS, PPLCNet
from models.conv import scale_channels
from synthtext.core import InputError


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_published_size():
    assert parameters(PPLCNet()) == 1_016_160


def test_layers_are_the_published_ones():
    # PP-OCRv2, released configuration: parameters of every layer, with running means and variances.
    def size(module):
        buffers = sum(b.numel() for name, b in module.named_buffers() if not name.endswith("tracked"))
        return parameters(module) + buffers

    backbone = PPLCNet()
    sizes = [size(layer) for layer in (backbone.conv1, *backbone.blocks)]
    assert sizes == [496, 848, 2720, 5184, 9536, 18560, 35456, *[73984] * 5, 173632, 410752]


@pytest.mark.parametrize("height", [32, 48])
@pytest.mark.parametrize(("width", "steps"), [(100, 25), (320, 80), (321, 80), (33, 8)])
def test_a_time_step_covers_about_four_columns(height, width, steps):
    with torch.no_grad():
        maps = PPLCNet(0.125).eval()(torch.zeros(1, 3, height, width))
    assert maps.shape == (1, scale_channels(1024, 0.125), 1, steps)
    assert PPLCNet.time_steps(width) == steps


def test_valid_steps_cover_the_line():
    widths = torch.arange(0, 101, dtype=torch.int32)
    steps = PPLCNet.valid_steps(widths, PPLCNet.time_steps(100))
    assert steps.tolist() == [max(1, -(-width // 4)) for width in range(101)]
    assert steps[-1] == PPLCNet.time_steps(100)
    assert PPLCNet.valid_steps(torch.tensor([33]), PPLCNet.time_steps(33)).tolist() == [8]


@pytest.mark.parametrize("scale", [0.1, 0.25, 0.35, 0.5, 0.75, 1.0, 2.5])
def test_scaled_channels_are_multiples_of_eight(scale):
    for block in LCNET_BLOCKS:
        channels = scale_channels(block.out_channels, scale)
        assert channels % 8 == 0
        assert channels >= 8
        assert channels >= 0.9 * block.out_channels * scale
        assert abs(channels - block.out_channels * scale) <= 8


def test_an_invalid_scale_is_rejected():
    with pytest.raises(InputError, match="scale"):
        PPLCNet(0.0)
