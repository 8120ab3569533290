"""Losses of a recognizer from labels: CTC, focal CTC, aggregation cross-entropy, and a warm-up for CTC."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.ctc import BLANK, ctc_losses
from models.losses.base import RECOGNIZER_LOSSES, EdgeOutputs, LossTerm, Progress, RecognitionLabels, TermConfig

_BLANK_WEIGHT = 0.3  # of the time steps between characters: they are more frequent, and their positions are a guess


def focal_ctc_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor, gamma: float = 2.0) -> Tensor:
    """Compute loss (1 - exp(-loss))^gamma of every line; arguments as in `models.ctc.ctc_losses`, (B,) float32."""
    losses = ctc_losses(logits, targets, target_lengths)
    return losses * (1 - (-losses).exp()) ** gamma


def spacing_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, valid_fraction: Tensor) -> Tensor:
    """Compute the cross-entropy of every time step, with character k of n at (k + 1/2) / n of the line, else blank.

    From random weights, CTC predicts only blanks for tens of thousands of lines before it finds the characters.
    Characters in a line of text stand at nearly even distances, so this loss shortens that plateau. It must fade out,
    because the distances are only nearly even.

    Arguments are as in `models.ctc.ctc_losses`; `valid_fraction` (B,) is the fraction of the time steps that the line
    covers, the rest is padding. The result is a float32 scalar: sum over the time steps, mean over the batch, as in the
    CTC loss.
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


class _FadingTerm(LossTerm):
    def __init__(self, config: TermConfig) -> None:
        super().__init__(config)
        self._spacing_samples = config.spacing_samples

    def spacing_weight(self, progress: Progress) -> float:
        """Return the weight of the spacing loss: 1 at first, decreasing linearly to 0."""
        return max(0.0, 1 - progress.samples / self._spacing_samples) if self._spacing_samples else 0.0


@RECOGNIZER_LOSSES.register("ctc")
class CTCTerm(_FadingTerm):
    """CTC, plain or focal, whose weight rises from 0 to 1 while that of `SpacingTerm` falls."""

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        function = focal_ctc_losses if self.settings.ctc == "focal" else ctc_losses
        losses = function(outputs.student.logits, labels.targets, labels.target_lengths)
        return {"ctc": (1 - self.spacing_weight(progress)) * losses.mean()}


@RECOGNIZER_LOSSES.register("spacing")
class SpacingTerm(_FadingTerm):
    """`spacing_loss`, which fades out over the first samples of a training."""

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term; nothing once its weight is 0."""
        weight = self.spacing_weight(progress)
        if not weight:
            return {}
        loss = spacing_loss(outputs.student.logits, labels.targets, labels.target_lengths, labels.valid_fraction)
        return {"spacing": weight * loss}


def ace_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor, *, paddle_compat: bool = False) -> Tensor:
    """Compute the cross-entropy between the class frequencies of the label and the mean probabilities over the steps.

    Arguments and result are as in `models.ctc.ctc_losses`. `paddle_compat` applies a second softmax to the mean
    probabilities, as in PaddleOCR's code; the loss is about 1 smaller otherwise.
    """
    batch, steps, classes = logits.shape
    once = torch.ones(targets.shape, device=targets.device)
    counts = torch.zeros(batch, classes, device=logits.device).scatter_add_(1, targets, once)
    counts[:, BLANK] = (steps - target_lengths).clamp(min=0).float()
    log_probabilities = F.log_softmax(logits.float(), 2)
    if paddle_compat:
        scores = F.log_softmax(log_probabilities.exp().mean(1), 1)
    else:
        scores = log_probabilities.logsumexp(1) - torch.log(torch.tensor(float(steps)))
    return -(counts / steps * scores).sum(1)


@RECOGNIZER_LOSSES.register("ace")
class ACETerm(LossTerm):
    """The mean of `ace_losses`, weighted."""

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        settings, logits = self.settings, outputs.student.logits
        losses = ace_losses(logits, labels.targets, labels.target_lengths, paddle_compat=settings.paddle_compat)
        return {"ace": settings.ace_weight * losses.mean()}
