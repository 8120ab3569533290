"""Connectionist temporal classification: texts to class sequences, logits to texts, and the loss between them."""

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
    """What was read."""

    text: str
    confidence: float  # mean probability of the characters, 0 when there is none


@dataclass(frozen=True)
class CTCCodec:
    """Encodes texts for a CTC head and decodes what it says: class 0 is the blank, class k + 1 character k."""

    charset: Charset

    @property
    def classes(self) -> int:
        """Number of characters and the blank."""
        return len(self.charset) + 1

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Classes of texts, folded by the charset.

        Returns:
            targets (B, L) int64 padded with 0, L >= 1, and lengths (B,) int64.

        Raises:
            InputError: a text holds a character that the charset lacks.
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
            raise InputError(f"the charset lacks {error.args[0]!r} of the text {text!r}") from None

    def decode(self, logits: Tensor) -> list[RecognitionResult]:
        """The best class of every step, repeats merged, blanks dropped (released configuration).

        Args:
            logits: (B, T, classes), or their logarithmic softmax.

        Returns:
            One reading a line; its confidence is the mean probability of the steps that were kept.
        """
        return self.decode_probabilities(logits.detach().float().softmax(2))

    def decode_probabilities(self, probabilities: Tensor) -> list[RecognitionResult]:
        """The same for (B, T, classes) probabilities."""
        best = probabilities.max(dim=2)
        classes, sureness = best.indices.cpu().numpy(), best.values.cpu().numpy()
        kept = classes != BLANK
        kept[:, 1:] &= classes[:, 1:] != classes[:, :-1]
        return [
            RecognitionResult(
                "".join(self.charset.characters[k - 1] for k in row[keep]),
                float(sure[keep].mean()) if keep.any() else 0.0,
            )
            for row, keep, sure in zip(classes, kept, sureness, strict=True)
        ]

    def required_steps(self, text: str) -> int:
        """The fewest steps that can spell a text: its length, and a blank between equal neighbours."""
        folded = self.charset.fold(text)
        return len(folded) + sum(a == b for a, b in pairwise(folded))


def ctc_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Negative log-likelihood of every target.

    A text that needs more steps than there are counts 0 and has no gradient.

    Args:
        logits: (B, T, classes), any float type; computed in float32.
        targets: (B, L) int64.
        target_lengths: (B,) int64.

    Returns:
        (B,) float32.
    """
    log_probabilities = F.log_softmax(logits.float(), dim=2).transpose(0, 1)
    steps = torch.full((logits.shape[0],), logits.shape[1], dtype=torch.int64)
    return F.ctc_loss(log_probabilities, targets, steps, target_lengths, BLANK, reduction="none", zero_infinity=True)


def ctc_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """The mean of `ctc_losses` over the batch, not divided by the lengths of the texts (as released)."""
    return ctc_losses(logits, targets, target_lengths).mean()


def is_exact_match(logits: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Which lines spell their text: the best class of every step, repeats merged and blanks dropped, is the target.

    Args:
        logits: (B, T, classes).
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.

    Returns:
        (B,) bool.
    """
    best = logits.detach().argmax(2)
    kept = best != BLANK
    kept[:, 1:] &= best[:, 1:] != best[:, :-1]
    place = (kept.cumsum(1) - 1).clamp(min=0, max=targets.shape[1] - 1)
    agrees = (best == targets.gather(1, place)) | ~kept
    return agrees.all(1) & (kept.sum(1) == target_lengths)
