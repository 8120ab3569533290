"""The head of a DB detector: where text is, and where to cut."""

import torch
from torch import Tensor, nn

from models.conv import ConvNormAct, init_weights
from models.db.maps import DBMaps

AMPLIFYING_FACTOR = 50.0
"""Of the step from no text to text in the binary map (DB: k)."""


class MapHead(nn.Module):
    """One map, at four times the resolution of the features."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        hidden = inputs // 4
        self.conv = ConvNormAct(inputs, hidden, 3, activation="relu")
        self.up1 = nn.ConvTranspose2d(hidden, hidden, 2, 2)
        self.norm = nn.BatchNorm2d(hidden)
        self.up2 = nn.ConvTranspose2d(hidden, 1, 2, 2)
        self.apply(init_weights)
        for norm in (self.conv.norm, self.norm):
            nn.init.constant_(norm.bias, 1e-4)  # released configuration

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H / 4, W / 4) -> (B, H, W), 0 to 1."""
        out: Tensor = self.up2(torch.relu(self.norm(self.up1(self.conv(x)))))
        # bfloat16 has too few steps near 1, and the losses take logarithms.
        return torch.sigmoid(out.float()).squeeze(1)


class DBHead(nn.Module):
    """Probability and threshold map, each with weights of its own (DB, section 3.1)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.probability = MapHead(inputs)
        self.threshold = MapHead(inputs)

    def forward(self, x: Tensor) -> DBMaps:
        """(B, inputs, H / 4, W / 4) -> maps (B, H, W)."""
        probability, threshold = self.probability(x), self.threshold(x)
        return DBMaps(probability, threshold, torch.sigmoid(AMPLIFYING_FACTOR * (probability - threshold)))
