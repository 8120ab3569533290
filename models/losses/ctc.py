"""CTC as a loss term, and its focal variant (PP-OCRv2, released option)."""

from torch import Tensor

from models.ctc import ctc_loss, ctc_losses
from models.losses.base import RECOGNIZER_LOSSES, EdgeOutputs, LossTerm, Progress, RecognitionLabels, TermConfig
from models.losses.spacing import spacing_weight


def focal_ctc_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor, gamma: float = 2.0) -> Tensor:
    """Compute loss (1 - exp(-loss))^gamma of every line; arguments as in `models.ctc.ctc_losses`, (B,) float32."""
    losses = ctc_losses(logits, targets, target_lengths)
    return losses * (1 - (-losses).exp()) ** gamma


def focal_ctc_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, gamma: float = 2.0) -> Tensor:
    """Compute the mean of `focal_ctc_losses` over the batch; scalar float32."""
    return focal_ctc_losses(logits, targets, target_lengths, gamma).mean()


@RECOGNIZER_LOSSES.register("ctc")
class CTCTerm(LossTerm):
    """CTC, plain or focal, whose weight rises from 0 to 1 while that of `SpacingTerm` falls."""

    def __init__(self, config: TermConfig) -> None:
        super().__init__(config)
        self._spacing_samples = config.spacing_samples

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        function = focal_ctc_loss if self.settings.ctc == "focal" else ctc_loss
        loss = function(outputs.student.logits, labels.targets, labels.target_lengths)
        return {"ctc": (1 - spacing_weight(progress.samples, self._spacing_samples)) * loss}
