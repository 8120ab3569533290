"""A neck of self-attention between two convolutions, as in the recognizer of PP-OCRv3."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.conv import ConvNormAct, init_weights
from models.necks.base import RECOGNIZER_NECKS, RecognizerNeck
from synthtext.core import InputError

_HEADS = 8
_BLOCKS = 2
_MLP_RATIO = 2
_OUT_CHANNELS = 64
_NEIGHBOURS = (1, 3)  # kernel over three time steps
_REDUCTION = 8  # of the channels by the convolutions over neighbouring time steps


@RECOGNIZER_NECKS.register("svtr")
class SVTRNeck(RecognizerNeck):
    """Two global mixing blocks of SVTR on the features of a convolutional backbone.

    A convolution over three time steps reduces the channels before the blocks, and another one mixes their output with
    the features of the backbone. Unlike an LSTM, all time steps are computed at once. Padding takes part in the
    attention, as in PaddleOCR, so the output for a line depends slightly on the width of its batch. Sources: C. Li et
    al.: PP-OCRv3, 2022 (SVTR-LCNet); Y. Du et al.: SVTR, IJCAI 2022.

    Args:
        in_channels: channels of the backbone.
        hidden: width of the blocks, a multiple of 8 (PP-OCRv3: 120).

    Raises:
        InputError: `hidden` is no multiple of 8.

    Example:
        >>> neck = SVTRNeck(512, 120).eval()
        >>> neck(torch.rand(2, 512, 1, 80)).shape
        torch.Size([2, 80, 64])
    """

    def __init__(self, in_channels: int, hidden: int) -> None:
        super().__init__(in_channels, hidden)
        reduced = max(1, in_channels // _REDUCTION)
        self.reduce = nn.Sequential(ConvNormAct(in_channels, reduced, _NEIGHBOURS), ConvNormAct(reduced, hidden, 1))
        self.blocks = nn.Sequential(*(MixingBlock(hidden) for _ in range(_BLOCKS)))
        self.norm = nn.LayerNorm(hidden)
        self.expand = ConvNormAct(hidden, in_channels, 1)
        self.mix = nn.Sequential(
            ConvNormAct(2 * in_channels, reduced, _NEIGHBOURS), ConvNormAct(reduced, _OUT_CHANNELS, 1)
        )
        for convolutions in (self.reduce, self.expand, self.mix):
            convolutions.apply(init_weights)
        self.out_channels = _OUT_CHANNELS

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 1, T) -> (B, T, 64)."""
        steps = self.reduce(x).squeeze(2).transpose(1, 2)
        mixed = self.norm(self.blocks(steps)).transpose(1, 2).unsqueeze(2)
        out: Tensor = self.mix(torch.cat([x, self.expand(mixed)], 1))
        return out.squeeze(2).transpose(1, 2)


class MixingBlock(nn.Module):
    """Self-attention over all time steps, and a two-layer network per step, each with a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        if width % _HEADS:
            raise InputError(f"neck_hidden must be a multiple of {_HEADS} for the neck svtr, not {width}")
        self.attention_norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, _MLP_RATIO * width), nn.Hardswish(), nn.Linear(_MLP_RATIO * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, width) -> (B, T, width)."""
        x = x + self._attend(self.attention_norm(x))
        out: Tensor = x + self.mlp(self.mlp_norm(x))
        return out

    def _attend(self, x: Tensor) -> Tensor:
        heads = self.qkv(x).unflatten(2, (3, _HEADS, -1)).permute(2, 0, 3, 1, 4)  # (3, B, heads, T, width / heads)
        mixed = F.scaled_dot_product_attention(heads[0], heads[1], heads[2])
        out: Tensor = self.project(mixed.transpose(1, 2).flatten(2))
        return out
