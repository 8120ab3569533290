import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from models.depthwise import DepthwiseConv2d

SHAPES = [
    (3, 1, 7, 9),
    (3, 2, 8, 21),
    (3, 2, 5, 1),
    (5, 1, 4, 20),
    (5, 2, 4, 20),
    (5, 1, 2, 3),
    (5, 2, 3, 7),
    (5, 1, 9, 6),
]


def outcome(kernel, down, rows, columns, dtype, quick):
    """Output, and gradients of input and kernel, through the module or through torch's own convolution."""
    torch.manual_seed(0)
    x = torch.randn(3, 16, rows, columns, dtype=torch.float64)
    module = DepthwiseConv2d(16, kernel, down).to(dtype)
    x = x.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    y = module(x) if quick else F.conv2d(x, module.weight, None, (down, 1), kernel // 2, 1, 16)
    ramp = torch.linspace(-1, 1, y.numel(), dtype=torch.float64).reshape(y.shape)
    (y * ramp.to(dtype)).sum().backward()
    return y.detach().double(), x.grad.double(), module.weight.grad.double()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_equal_those_of_a_convolution(shape, dtype, tolerance):
    expected = outcome(*shape, torch.float64, quick=False)
    for ours, theirs in zip(outcome(*shape, dtype, quick=True), expected, strict=True):
        assert (ours - theirs).abs().max() <= tolerance * theirs.abs().max()


def test_the_dtype_follows_autocast():
    module, x = DepthwiseConv2d(8, 3), torch.randn(2, 8, 4, 6)
    with torch.autocast("cpu", torch.bfloat16):
        trained = module(x)
        with torch.no_grad():
            read = module(x)
    assert trained.dtype == read.dtype == torch.bfloat16
    assert torch.equal(trained, read)
    trained.float().sum().backward()
    assert module.weight.grad.dtype == torch.float32
