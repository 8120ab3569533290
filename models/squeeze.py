"""Squeeze-and-excitation."""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class SqueezeExcitation(nn.Module):
    """Multiplies every channel by a gate in [0, 1] that is computed from the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels // 4, 1)
        self.conv2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        gate = self.conv2(F.relu(self.conv1(x.mean((2, 3), keepdim=True))))
        return x * F.hardsigmoid(gate)
