"""A warm-up for CTC: cross-entropy with characters assumed at even distances."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.losses.base import RECOGNIZER_LOSSES, EdgeOutputs, LossTerm, Progress, RecognitionLabels, TermConfig

_BLANK_WEIGHT = 0.3  # of the time steps between characters: they are more frequent, and their positions are a guess


def spacing_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, valid_fraction: Tensor) -> Tensor:
    """Compute the cross-entropy of every time step, with character k of n at (k + 1/2) / n of the line, else blank.

    From random weights, CTC predicts only blanks for tens of thousands of lines before it finds the characters.
    Characters in a line of text stand at nearly even distances, so this loss shortens that plateau. It must fade out,
    because the distances are only nearly even.

    Args:
        logits: (B, T, classes); computed in float32.
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.
        valid_fraction: (B,) float, fraction of the time steps that the line covers; the rest is padding.

    Returns:
        Scalar float32: sum over the time steps, mean over the batch, as in the CTC loss.
    """
    batch, steps, classes = logits.shape
    position = torch.arange(targets.shape[1], device=logits.device)
    middle = (position + 0.5) / target_lengths.clamp(min=1)[:, None] * (valid_fraction * steps)[:, None]
    is_character = position < target_lengths[:, None]
    rows = torch.arange(batch, device=logits.device)[:, None].expand_as(middle)[is_character]
    columns = middle.long().clamp(max=steps - 1)[is_character]
    classes_at = torch.zeros((batch, steps), dtype=torch.int64, device=logits.device)
    weight = torch.full((batch, steps), _BLANK_WEIGHT, device=logits.device)
    classes_at[rows, columns] = targets[is_character]
    weight[rows, columns] = 1.0
    entropy = F.cross_entropy(logits.float().reshape(-1, classes), classes_at.reshape(-1), reduction="none")
    return (entropy.reshape(batch, steps) * weight).sum(dim=1).mean()


def spacing_weight(samples: int, spacing_samples: int) -> float:
    """Return the weight of the spacing loss after some samples: 1 at first, decreasing linearly to 0."""
    return max(0.0, 1 - samples / spacing_samples) if spacing_samples else 0.0


@RECOGNIZER_LOSSES.register("spacing")
class SpacingTerm(LossTerm):
    """`spacing_loss`, which fades out over the first samples of a training."""

    def __init__(self, config: TermConfig) -> None:
        super().__init__(config)
        self._spacing_samples = config.spacing_samples

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term; nothing once its weight is 0."""
        weight = spacing_weight(progress.samples, self._spacing_samples)
        if not weight:
            return {}
        loss = spacing_loss(outputs.student.logits, labels.targets, labels.target_lengths, labels.valid_fraction)
        return {"spacing": weight * loss}
