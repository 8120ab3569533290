"""The output of a DB detector."""

from typing import NamedTuple

from torch import Tensor


class DBMaps(NamedTuple):
    """Three maps at the resolution of the images, 0 to 1."""

    probability: Tensor  # (B, H, W), probability that a pixel is in the kernel of a text
    threshold: Tensor  # (B, H, W), threshold of the probability
    binary: Tensor  # (B, H, W), approximate binarisation: a steep sigmoid of their difference
