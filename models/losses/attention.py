"""Guided training of CTC: an attention decoder that teaches the backbone and is dropped after the training."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.losses.base import RECOGNIZER_LOSSES, EdgeOutputs, LossTerm, Progress, RecognitionLabels, TermConfig

_END = 0  # class of the start and of the end of a text: CTC's blank, which texts do not contain
_WIDTH, _HEADS = 128, 4
_MAX_PERIOD = 10_000.0  # of the sinusoids, in positions


class AttentionDecoder(nn.Module):
    """One layer of a transformer decoder, which predicts each character of a text from the ones before it.

    Sources: A. Vaswani et al.: Attention Is All You Need, NeurIPS 2017 (the layer); F. Sheng et al.: NRTR, ICDAR 2019
    (for text recognition).

    Args:
        in_channels: channels of the features.
        num_classes: characters and one class for the start and the end of a text.
        width: of the layer.
    """

    def __init__(self, in_channels: int, num_classes: int, width: int = _WIDTH) -> None:
        super().__init__()
        self.project = nn.Linear(in_channels, width)
        self.embed = nn.Embedding(num_classes, width)
        self.layer = nn.TransformerDecoderLayer(width, _HEADS, 2 * width, dropout=0, batch_first=True)
        self.classify = nn.Linear(width, num_classes)

    def forward(self, features: Tensor, valid_steps: Tensor, targets: Tensor) -> Tensor:
        """Predict texts whose characters before each position are given (teacher forcing).

        Args:
            features: (B, C, 1, T).
            valid_steps: (B,) int, time steps that are not padding.
            targets: (B, L) int64, padded with 0.

        Returns:
            (B, L + 1, num_classes) logits of the characters and the end.
        """
        steps = features.squeeze(2).transpose(1, 2)
        memory = self.project(steps) + sinusoids(steps.shape[1], self.project.out_features).to(steps)
        before = self.embed(F.pad(targets, (1, 0), value=_END))
        before = before + sinusoids(before.shape[1], before.shape[2]).to(before)
        causal = torch.ones(before.shape[1], before.shape[1], dtype=torch.bool, device=before.device).triu(1)
        is_padding = torch.arange(steps.shape[1], device=steps.device) >= valid_steps[:, None].to(steps.device)
        decoded = self.layer(before, memory, tgt_mask=causal, memory_key_padding_mask=is_padding)
        logits: Tensor = self.classify(decoded)
        return logits


def sinusoids(positions: int, width: int) -> Tensor:
    """Return the encodings of positions, (positions, width) float32: sines, then cosines, of falling frequencies."""
    frequencies = _MAX_PERIOD ** -(torch.arange(width // 2) / (width // 2))
    angles = torch.arange(positions)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


@RECOGNIZER_LOSSES.register("attention")
class AttentionTerm(LossTerm):
    """Cross-entropy of an attention decoder on the features of the backbone, which trains the backbone, too.

    CTC aligns characters with time steps on its own. The decoder also sees the characters so far, and its gradient
    improves the features that both use. Only the network is saved at the end, so reading costs nothing more. Sources:
    W. Hu et al.: GTC, AAAI 2020; C. Li et al.: PP-OCRv3, 2022, section 3.2 (both losses train the backbone).
    """

    def __init__(self, config: TermConfig) -> None:
        super().__init__(config)
        student = config.student
        self.decoder = AttentionDecoder(student.backbone.channels, student.config.num_classes)

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the mean over the texts of the sum over their characters and their end, as CTC does."""
        logits = self.decoder(outputs.student.backbone, labels.valid_steps, labels.targets).float()
        expected = F.pad(labels.targets, (0, 1), value=_END)
        losses = F.cross_entropy(logits.transpose(1, 2), expected, reduction="none")
        positions = torch.arange(expected.shape[1], device=losses.device)
        is_text = positions <= labels.target_lengths[:, None].to(losses.device)
        return {"attention": self.settings.attention_weight * (losses * is_text).sum(1).mean()}
