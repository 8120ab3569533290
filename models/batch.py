"""Batches of images with their labels, and the normalisation of pixels."""

import math
from collections.abc import Sequence
from itertools import pairwise, starmap
from typing import NamedTuple

import torch
from torch import Tensor

from models.losses.db import DBTargetBatch


class RecognitionBatch(NamedTuple):
    """A batch of line images of one height, padded on the right to one width."""

    images: Tensor  # (B, 3, H, W) uint8, channel order of the preprocessing
    widths: Tensor  # (B,) int32, columns of every image without padding
    targets: Tensor  # (B, L) int64, classes of a CTC head, padded with 0
    target_lengths: Tensor  # (B,) int64
    keys: tuple[str, ...]  # names of the samples
    texts: tuple[str, ...]  # labels, folded by the charset


def divide_batch(batch: RecognitionBatch, max_pixels: int | None, multiple: int = 1) -> list[RecognitionBatch]:
    """Divide a batch of lines into parts of nearly equal numbers of lines, so that the memory of a step is bounded.

    Args:
        batch: the batch.
        max_pixels: maximum number of pixels of a part, padding included; a part has at least `multiple` lines. None: no
            limit.
        multiple: the number of lines of every part, and of the batch, is a multiple of it.

    Returns:
        The parts in the order of the lines; the batch itself if it is small enough.
    """
    pixels, lines = batch.images[:, 0].numel(), len(batch.keys)
    if max_pixels is None or pixels <= max_pixels:
        return [batch]
    units = max(1, lines // multiple)
    parts = math.ceil(units / max(1, max_pixels * units // pixels))
    ends = [0, *(units * part // parts * multiple for part in range(1, parts)), lines]
    images, widths, targets, lengths, keys, texts = batch
    return [
        RecognitionBatch(images[at], widths[at], targets[at], lengths[at], keys[at], texts[at])
        for at in starmap(slice, pairwise(ends))
    ]


def normalise(images: Tensor, widths: Tensor) -> Tensor:
    """Scale the pixels of lines to -1 to 1 and fill the padding with 0, mid grey (released configuration).

    Images are (B, 3, H, W) uint8, and widths (B,) int32 the columns without padding. The result is float32 in the
    memory layout of the images.
    """
    scaled = images.to(torch.float32).div_(127.5).sub_(1.0)
    columns = torch.arange(images.shape[3], device=images.device)
    padding = columns >= widths.to(images.device)[:, None]
    return scaled.masked_fill_(padding[:, None, None, :], 0.0)


class DetectionBatch(NamedTuple):
    """A batch of images of one size."""

    images: Tensor  # (B, 3, H, W) uint8, channel order of the preprocessing; H and W multiples of 32
    targets: DBTargetBatch  # each (B, H, W): maps and masks uint8, the threshold map float16
    keys: tuple[str, ...]  # names of the images


def standardise(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Normalise pixels for a detector: (x / 255 - mean) / std, with mean and standard deviation of each channel.

    Images are (B, 3, H, W) uint8. The result is float32 in the memory layout of the images.
    """
    shift, scale = (torch.tensor(values, device=images.device).view(1, 3, 1, 1) for values in (mean, std))
    return images.to(torch.float32).div_(255.0).sub_(shift).div_(scale)
