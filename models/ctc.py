"""Connectionist temporal classification: encoding of texts, decoding of logits, and the loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from synthtext.core import Charset, InputError

BLANK = 0


class RecognitionResult(NamedTuple):
    """A recognized text."""

    text: str
    confidence: float  # mean probability of the characters, 0 if there are none


@dataclass(frozen=True)
class CTCCodec:
    """Encodes texts for a CTC head and decodes its output: class 0 is the blank, class k + 1 is character k."""

    charset: Charset

    @property
    def classes(self) -> int:
        """Number of characters and the blank."""
        return len(self.charset) + 1

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Encode texts, folded by the charset, as classes.

        Returns:
            targets (B, L) int64 padded with 0, L >= 1, and lengths (B,) int64.

        Raises:
            InputError: a text contains a character outside the charset.
        """
        rows = [self._classes(self.charset.fold(text)) for text in texts]
        targets = torch.zeros((len(rows), max(map(len, rows), default=0) or 1), dtype=torch.int64)
        for row, classes in zip(targets, rows, strict=True):
            row[: len(classes)] = torch.tensor(classes)
        return targets, torch.tensor([len(classes) for classes in rows])

    def _classes(self, text: str) -> list[int]:
        try:
            return [self.charset.index[character] + 1 for character in text]
        except KeyError as error:
            raise InputError(f"{error.args[0]!r} of the text {text!r} is outside the charset") from None

    def decode(self, logits: Tensor) -> list[RecognitionResult]:
        """Decode greedily: the best class of every step, repeats merged, blanks dropped (released configuration).

        Args:
            logits: (B, T, classes), or their log-softmax.

        Returns:
            One result per line; its confidence is the mean probability of the steps that were kept.
        """
        return self.decode_probabilities(logits.detach().float().softmax(2))

    def decode_probabilities(self, probabilities: Tensor) -> list[RecognitionResult]:
        """Decode (B, T, classes) probabilities, see `decode`."""
        best = probabilities.max(dim=2)
        classes, confidences = best.indices.cpu().numpy(), best.values.cpu().numpy()
        kept = classes != BLANK
        kept[:, 1:] &= classes[:, 1:] != classes[:, :-1]
        return [
            RecognitionResult(
                "".join(self.charset.characters[k - 1] for k in row[keep]),
                float(confidence[keep].mean()) if keep.any() else 0.0,
            )
            for row, keep, confidence in zip(classes, kept, confidences, strict=True)
        ]

    def required_steps(self, text: str) -> int:
        """Return the minimum number of time steps for a text: its length, and a blank between equal neighbours."""
        folded = self.charset.fold(text)
        return len(folded) + sum(a == b for a, b in pairwise(folded))


def ctc_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Compute the negative log-likelihood of every target.

    It is 0, without gradient, for a text that needs more time steps than there are.

    Args:
        logits: (B, T, classes), any float type; computed in float32.
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.

    Returns:
        (B,) float32.
    """
    log_probabilities = F.log_softmax(logits.float(), dim=2).transpose(0, 1)
    steps = torch.full((logits.shape[0],), logits.shape[1], dtype=torch.int64)
    return F.ctc_loss(log_probabilities, targets, steps, target_lengths, BLANK, reduction="none", zero_infinity=True)


def ctc_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Compute the mean of `ctc_losses` over the batch, not divided by the lengths of the texts (as in PaddleOCR)."""
    return ctc_losses(logits, targets, target_lengths).mean()


def is_exact_match(logits: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Return which lines, (B,) bool, are decoded greedily to their target; arguments as in `ctc_losses`."""
    best = logits.detach().argmax(2)
    kept = best != BLANK
    kept[:, 1:] &= best[:, 1:] != best[:, :-1]
    position = (kept.cumsum(1) - 1).clamp(min=0, max=targets.shape[1] - 1)
    agrees = (best == targets.gather(1, position)) | ~kept
    return agrees.all(1) & (kept.sum(1) == target_lengths)
