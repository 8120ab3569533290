"""Encoded lines to the pixels of a batch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pipelines.preprocessing import RecognizerPreprocessing
from pipelines.reader.picture import decode
from pipelines.reader.source import EncodedLine


def collate(lines: Sequence[EncodedLine], preprocessing: RecognizerPreprocessing) -> tuple[Tensor, Tensor]:
    """Decode, resize and pad lines.

    Returns:
        Images (B, 3, height, W) uint8 in channels-last layout, and their valid columns (B,) int32.

    Raises:
        InputError: a picture is broken; the sentence names it.
    """
    images, widths = preprocessing.pad([preprocessing.resize(decode(line.image, line.key)) for line in lines])
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(widths)
