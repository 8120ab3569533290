"""The neck of a DB detector: four maps of a backbone become one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.conv import init_weights
from synthtext.core import InputError


class DBFPN(nn.Module):
    """A feature pyramid (released configuration: DBFPN with 96 channels in the student and 256 in the teacher).

    Args:
        inputs: channels of the four maps, finest first.
        channels: of the result, a multiple of 4.
    """

    def __init__(self, inputs: Sequence[int], channels: int) -> None:
        super().__init__()
        if channels < 4 or channels % 4:
            raise InputError(f"channels: of the neck, a multiple of 4 from 4 up, not {channels}")
        self.lateral = nn.ModuleList(nn.Conv2d(count, channels, 1, bias=False) for count in inputs)
        self.smooth = nn.ModuleList(nn.Conv2d(channels, channels // 4, 3, padding=1, bias=False) for _ in inputs)
        self.apply(init_weights)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (B, inputs[k], H / 4, W / 4) to / 32 -> (B, channels, H / 4, W / 4), the coarsest first."""
        merged: list[Tensor] = []
        for lateral, level in zip(reversed(self.lateral), reversed(maps), strict=True):
            out = lateral(level)
            merged.append(out + upsample_nearest(merged[-1], 2) if merged else out)
        parts = [conv(level) for conv, level in zip(reversed(self.smooth), merged, strict=True)]
        last = len(parts) - 1
        return torch.cat([upsample_nearest(part, 2 ** (last - number)) for number, part in enumerate(parts)], dim=1)


def upsample_nearest(x: Tensor, factor: int) -> Tensor:
    """(B, C, H, W) -> (B, C, times H, times W), every cell repeated."""
    return F.interpolate(x, scale_factor=factor, mode="nearest") if factor > 1 else x
