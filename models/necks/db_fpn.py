"""The neck of a DB detector: a feature pyramid."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.conv import init_weights
from models.necks.base import DETECTOR_NECKS, DetectorNeck
from synthtext.core import InputError


@DETECTOR_NECKS.register("db_fpn")
class DBFPN(DetectorNeck):
    """A feature pyramid (released configuration: DBFPN with 96 channels in the student and 256 in the teacher).

    `channels` must be a multiple of 4.
    """

    def __init__(self, in_channels: Sequence[int], channels: int) -> None:
        super().__init__(in_channels, channels)
        if channels < 4 or channels % 4:
            raise InputError(f"neck_channels must be a positive multiple of 4, not {channels}")
        self.lateral = nn.ModuleList(nn.Conv2d(count, channels, 1, bias=False) for count in in_channels)
        self.smooth = nn.ModuleList(nn.Conv2d(channels, channels // 4, 3, padding=1, bias=False) for _ in in_channels)
        self.apply(init_weights)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (B, in_channels[k], H / 4, W / 4) to / 32 -> (B, channels, H / 4, W / 4), the coarsest first."""
        merged: list[Tensor] = []
        for lateral, level in zip(reversed(self.lateral), reversed(maps), strict=True):
            out = lateral(level)
            merged.append(out + upsample_nearest(merged[-1], 2) if merged else out)
        parts = [conv(level) for conv, level in zip(reversed(self.smooth), merged, strict=True)]
        last = len(parts) - 1
        return torch.cat([upsample_nearest(part, 2 ** (last - number)) for number, part in enumerate(parts)], dim=1)


def upsample_nearest(x: Tensor, factor: int) -> Tensor:
    """(B, C, H, W) -> (B, C, factor H, factor W), nearest neighbour."""
    return F.interpolate(x, scale_factor=factor, mode="nearest") if factor > 1 else x
