"""What recognizers learn from each other: unified deep mutual learning (PP-OCRv2, section 2.2.2)."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

PROBABILITY_EPSILON = 1e-10


def mutual_loss(
    first: Tensor,
    second: Tensor,
    steps: Tensor | None = None,
    *,
    clip: float | None = None,
    paddle_compat: bool = False,
) -> Tensor:
    """How the readings of two networks differ: the symmetric divergence of their classes, both learning.

    Summed over steps and classes, and divided by the size of the batch: the gain in the paper came from a term of that
    size.

    Args:
        first: logits (B, T, C), any float type; computed in float32.
        second: the same.
        steps: (B,) steps of every line that count, the others lie in its padding; None: all.
        clip: a line counts no more than this, and its gradient shrinks in proportion; None: no bound.
        paddle_compat: 1e-10 is added to every probability, as the released code does, which loses large logits.

    Returns:
        Scalar float32.
    """
    p, q = first.float(), second.float()
    divergence = _released_divergence(p, q) if paddle_compat else _divergence(p, q)
    lines = _masked(divergence, steps).sum(1)
    if clip is not None:
        lines = lines * (clip / lines.detach().clamp(min=clip))
    return lines.mean()


def _divergence(first: Tensor, second: Tensor) -> Tensor:
    """(B, T): half of KL(p, q) + KL(q, p), as the sum of (p - q) (log p - log q) / 2."""
    p, q = F.log_softmax(first, 2), F.log_softmax(second, 2)
    return 0.5 * ((p.exp() - q.exp()) * (p - q)).sum(2)


def _released_divergence(first: Tensor, second: Tensor) -> Tensor:
    p, q = first.softmax(2) + PROBABILITY_EPSILON, second.softmax(2) + PROBABILITY_EPSILON
    forward = q * ((q + PROBABILITY_EPSILON).log() - p.log())
    backward = p * ((p + PROBABILITY_EPSILON).log() - q.log())
    return 0.5 * (forward + backward).sum(2)


def _masked(values: Tensor, steps: Tensor | None) -> Tensor:
    if steps is None:
        return values
    counts = torch.arange(values.shape[1], device=values.device) < steps.to(values.device)[:, None]
    return torch.where(counts, values, 0.0)


def feature_loss(first: Tensor, second: Tensor, steps: Tensor | None = None) -> Tensor:
    """Mean squared difference of two backbones' maps.

    Args:
        first: (B, C, 1, T), any float type; computed in float32.
        second: the same.
        steps: as in `mutual_loss`.

    Returns:
        Scalar float32.
    """
    distances = (first.float() - second.float()).square().mean((1, 2))
    if steps is None:
        return distances.mean()
    return _masked(distances, steps).sum() / steps.sum().clamp(min=1)
