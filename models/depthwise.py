"""A depthwise convolution with a fast backward pass on a CPU.

oneDNN has fast kernels for the gradients of a depthwise convolution only when both strides are equal, the rows cover
the kernel, and the kernel is at most three columns wide. PP-LCNet's 5x5 kernels on maps of two or four rows and its
strides (2, 1) fall back to code that is 10 to 60 times slower and takes three quarters of a training step. Here both
gradients are expressed by the fast kernels; the values are equal up to rounding.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_FAST_COLUMNS = 3


class DepthwiseConv2d(nn.Conv2d):
    """`nn.Conv2d` with one group per channel, padding of half the kernel and no bias.

    Args:
        channels: channels of input and output.
        kernel: side of the kernel, odd.
        stride: vertical stride; the horizontal one is 1.
    """

    def __init__(self, channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__(channels, channels, kernel, (stride, 1), kernel // 2, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H / stride, W)."""
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(x)
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        out: Tensor = _Depthwise.apply(  # type: ignore[no-untyped-call]
            x.to(dtype), self.weight.to(dtype), self.stride[0]
        )
        return out


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight, None, (stride, 1), weight.shape[2] // 2, 1, x.shape[1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        wants_x, wants_weight, _ = ctx.needs_input_grad
        return (
            _input_gradient(grad, x, weight, ctx.stride) if wants_x else None,
            _weight_gradient(grad, x, weight, ctx.stride) if wants_weight else None,
            None,
        )


def _input_gradient(grad: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Convolve the gradient, with zero rows inserted for the stride, with the flipped kernel."""
    if stride > 1:
        dilated = torch.zeros_like(x, memory_format=torch.channels_last)
        dilated[:, :, ::stride] = grad
        grad = dilated
    return F.conv2d(grad, weight.flip(2, 3), None, 1, weight.shape[2] // 2, 1, x.shape[1])


def _weight_gradient(grad: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Compute the gradient of the kernel; five columns are combined from the first three and the last three."""
    half = weight.shape[2] // 2
    if weight.shape[3] <= _FAST_COLUMNS:
        return _convolution_weight_gradient(grad, x, weight, stride, half)
    reach = min(half, x.shape[2] - 1)  # kernel rows further out never overlap the image
    gradient = torch.zeros_like(weight)
    rows = gradient[:, :, half - reach : half + reach + 1]
    for part, window in zip((rows[..., :3], rows[..., 2:]), _windows(x, reach), strict=True):
        part.copy_(_convolution_weight_gradient(grad, window, part, stride, 0))
    return gradient


def _convolution_weight_gradient(grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    result: Tensor = torch.ops.aten.convolution_backward(
        grad, x, weight, None, (stride, 1), (padding, padding), (1, 1), False, (0, 0), x.shape[1], (False, True, False)
    )[1]
    return result


def _windows(x: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """Pad an image with zero rows above and below, and with two zero columns: on the left, and on the right.

    Both share memory: the zeros before a row are also those after the row above, so that the second window only starts
    two columns later. This saves a copy of the largest maps.
    """
    batch, channels, height, width = x.shape
    shape = (batch, height + 2 * rows, width + 2, channels)
    size = batch * shape[1] * shape[2] * channels
    memory = x.new_zeros(size + 2 * channels)
    before, behind = (memory[start : start + size].view(shape).permute(0, 3, 1, 2) for start in (0, 2 * channels))
    before[:, :, rows : rows + height, 2:] = x
    return before, behind
