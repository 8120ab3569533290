"""Losses between two recognizers: unified deep mutual learning (PP-OCRv2, section 2.2.2)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.losses.base import RECOGNIZER_LOSSES, EdgeOutputs, LossTerm, Progress, RecognitionLabels, TermConfig

PROBABILITY_EPSILON = 1e-10


def mutual_loss(
    first: Tensor,
    second: Tensor,
    steps: Tensor | None = None,
    *,
    clip: float | None = None,
    paddle_compat: bool = False,
) -> Tensor:
    """Compute the symmetric KL divergence between the class probabilities of two networks; both receive gradients.

    The divergence is summed over time steps and classes and averaged over the batch: the gain reported in the paper
    came from a term of that size.

    Args:
        first: logits (B, T, C), any float type; computed in float32.
        second: logits (B, T, C).
        steps: (B,) time steps of every line that count, the others cover only its padding; None: all.
        clip: maximum divergence of a line, above which its gradient shrinks in proportion; None: no limit.
        paddle_compat: add 1e-10 to every probability, as in PaddleOCR's code, which loses precision for large logits.

    Returns:
        Scalar float32.
    """
    lines = _masked(_divergence(first.float(), second.float(), paddle_compat), steps).sum(1)
    if clip is not None:
        lines = lines * (clip / lines.detach().clamp(min=clip))
    return lines.mean()


def _divergence(first: Tensor, second: Tensor, paddle_compat: bool) -> Tensor:
    """Compute (B, T): half of KL(p, q) + KL(q, p), as the sum of (p - q) (log p - log q) / 2."""
    if not paddle_compat:
        p, q = F.log_softmax(first, 2), F.log_softmax(second, 2)
        return 0.5 * ((p.exp() - q.exp()) * (p - q)).sum(2)
    p, q = first.softmax(2) + PROBABILITY_EPSILON, second.softmax(2) + PROBABILITY_EPSILON
    forward = q * ((q + PROBABILITY_EPSILON).log() - p.log())
    backward = p * ((p + PROBABILITY_EPSILON).log() - q.log())
    return 0.5 * (forward + backward).sum(2)


def _masked(values: Tensor, steps: Tensor | None) -> Tensor:
    if steps is None:
        return values
    is_valid = torch.arange(values.shape[1], device=values.device) < steps.to(values.device)[:, None]
    return torch.where(is_valid, values, 0.0)


def feature_loss(first: Tensor, second: Tensor, steps: Tensor | None = None) -> Tensor:
    """Compute the mean squared difference of the features of two backbones.

    Args:
        first: (B, C, 1, T), any float type; computed in float32.
        second: (B, C, 1, T).
        steps: as in `mutual_loss`.

    Returns:
        Scalar float32.
    """
    distances = (first.float() - second.float()).square().mean((1, 2))
    if steps is None:
        return distances.mean()
    return _masked(distances, steps).sum() / steps.sum().clamp(min=1)


@RECOGNIZER_LOSSES.register("mutual")
class MutualTerm(LossTerm):
    """`mutual_loss`, weighted, with a warm-up."""

    needs_network = True

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        settings, compat = self.settings, self.settings.paddle_compat
        steps = None if compat else labels.valid_steps
        loss = mutual_loss(
            outputs.student.logits, outputs.target.logits, steps, clip=settings.mutual_clip, paddle_compat=compat
        )
        warmup = settings.mutual_warmup(progress.samples + progress.step_samples)
        return {"mutual": warmup * settings.mutual_weight * loss}


@RECOGNIZER_LOSSES.register("feature")
class FeatureTerm(LossTerm):
    """`feature_loss`, weighted, with a warm-up.

    A 1x1 convolution projects the student's features where the backbones differ in their channels.
    """

    needs_network = True

    def __init__(self, config: TermConfig) -> None:
        super().__init__(config)
        in_channels, out_channels = config.student.backbone.channels, config.target.backbone.channels
        self.projection: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.projection = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        settings = self.settings
        features = self.projection(outputs.student.backbone)
        loss = feature_loss(features, outputs.target.backbone, None if settings.paddle_compat else labels.valid_steps)
        warmup = settings.mutual_warmup(progress.samples + progress.step_samples)
        return {"feature": warmup * settings.feature_weight * loss}
