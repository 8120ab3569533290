"""The head of a DB detector: probability map, threshold map and binary map."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.conv import ConvNormAct, init_weights

AMPLIFYING_FACTOR = 50.0
"""Steepness of the binary map at the threshold (DB: k)."""


class DBMaps(NamedTuple):
    """Three maps at the resolution of the images, 0 to 1."""

    probability: Tensor  # (B, H, W), probability that a pixel is in the kernel of a text
    threshold: Tensor  # (B, H, W), threshold of the probability
    binary: Tensor  # (B, H, W), approximate binarisation: a steep sigmoid of their difference


class MapHead(nn.Module):
    """One map at four times the resolution of the features."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        hidden = in_channels // 4
        self.conv = ConvNormAct(in_channels, hidden, 3, activation="relu")
        self.up1 = nn.ConvTranspose2d(hidden, hidden, 2, 2)
        self.norm = nn.BatchNorm2d(hidden)
        self.up2 = nn.ConvTranspose2d(hidden, 1, 2, 2)
        self.apply(init_weights)
        for norm in (self.conv.norm, self.norm):
            nn.init.constant_(norm.bias, 1e-4)  # released configuration

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H / 4, W / 4) -> (B, H, W), 0 to 1."""
        out: Tensor = self.up2(torch.relu(self.norm(self.up1(self.conv(x)))))
        # bfloat16 has too little resolution near 1 for the logarithms of the losses.
        return torch.sigmoid(out.float()).squeeze(1)


class DBHead(nn.Module):
    """Probability and threshold map, with separate weights (DB, section 3.1)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.probability = MapHead(in_channels)
        self.threshold = MapHead(in_channels)

    def forward(self, x: Tensor) -> DBMaps:
        """(B, in_channels, H / 4, W / 4) -> maps (B, H, W)."""
        probability, threshold = self.probability(x), self.threshold(x)
        return DBMaps(probability, threshold, torch.sigmoid(AMPLIFYING_FACTOR * (probability - threshold)))
