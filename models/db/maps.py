"""What a DB detector says about a batch of pictures."""

from typing import NamedTuple

from torch import Tensor


class DBMaps(NamedTuple):
    """Three maps at the resolution of the pictures, 0 to 1."""

    probability: Tensor  # (B, H, W), that a pixel is in the kernel of a text
    threshold: Tensor  # (B, H, W), what the probability must exceed
    binary: Tensor  # (B, H, W), whether it does: a steep step of their difference
