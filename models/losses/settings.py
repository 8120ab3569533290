"""Settings of the losses of recognizers."""

from dataclasses import dataclass
from typing import Literal

from synthtext.core import InputError

_UPDATE_FRACTION, _LOSS_FRACTION = 0.5, 0.6
_MAX_WEIGHT = 1e6


@dataclass(frozen=True)
class CTCLossSettings:
    """`loss` of a recognizer's training: CTC, the terms of Enhanced CTC, and the distillation between recognizers.

    Attributes:
        ctc: "focal" puts more weight on difficult lines (PP-OCRv2, released option).
        ace_weight: weight of the aggregation cross-entropy (released option: 0.1); 0: none.
        center_weight: weight of the center loss (PP-OCRv2, section 2.2.3; released configuration: 0.05); 0: none.
        attention_weight: weight of the cross-entropy of an attention decoder that is dropped after the training (guided
            training of CTC, PP-OCRv3); 0: none.
        center_samples_range: number of samples after which the class centers are updated, and after which the center
            loss is applied; null: 50 % and 60 % of `samples`.
        mutual_weight: weight of the symmetric KL divergence between two recognizers (PP-OCRv2, section 2.2.2), summed
            over the time steps.
        mutual_clip: maximum divergence of a line; null: no limit.
        mutual_samples_range: numbers of samples between which the weights of all losses between recognizers rise from 0
            to their full value.
        feature_weight: weight of the mean squared difference of the backbones' features; 0: none.
        paddle_compat: use the forms of PaddleOCR's code: time steps in the padding of a line count; 1e-10 is added to
            every probability in the divergence; centers are means over all time steps of correct lines and are updated
            only between the two ends of `center_samples_range`.

    Raises:
        InputError: a value is out of range.
    """

    ctc: Literal["plain", "focal"] = "plain"
    ace_weight: float = 0.0
    center_weight: float = 0.0
    attention_weight: float = 0.0
    center_samples_range: tuple[int, int] | None = None
    mutual_weight: float = 1.0
    mutual_clip: float | None = 10.0
    mutual_samples_range: tuple[int, int] = (0, 30_000)
    feature_weight: float = 0.0
    paddle_compat: bool = False

    def __post_init__(self) -> None:
        for name in ("ace_weight", "center_weight", "attention_weight", "mutual_weight", "feature_weight"):
            if not 0 <= getattr(self, name) <= _MAX_WEIGHT:
                raise InputError(f"{name} must be from 0 to {_MAX_WEIGHT:,.0f}, not {getattr(self, name)}")
        if self.mutual_clip is not None and not 0 < self.mutual_clip <= _MAX_WEIGHT:
            raise InputError(f"mutual_clip must be above 0 and at most {_MAX_WEIGHT:,.0f}, not {self.mutual_clip}")
        start, end = self.mutual_samples_range
        if not 0 <= start <= end:
            raise InputError(f"mutual_samples_range must be [start, end] with 0 <= start <= end, not {[start, end]}")
        if self.center_samples_range is not None:
            update, loss = self.center_samples_range
            if not self.center_weight:
                raise InputError("center_samples_range has no effect while center_weight is 0: set both, or neither")
            if not 0 <= update < loss:
                raise InputError(
                    f"center_samples_range must increase from 0 or more, not {[update, loss]}: the loss needs centers"
                )

    def label_terms(self) -> tuple[str, ...]:
        """Return the names of the terms that compare a network with labels."""
        optional = {"ace": self.ace_weight, "center": self.center_weight, "attention": self.attention_weight}
        return ("ctc", "spacing", *(name for name, weight in optional.items() if weight))

    def network_terms(self) -> tuple[str, ...]:
        """Return the names of the terms that compare two networks."""
        return ("mutual", "feature") if self.feature_weight else ("mutual",)

    def center_schedule(self, samples: int) -> tuple[int, int]:
        """Return after how many samples of a budget the centers are updated and the center loss is applied."""
        return self.center_samples_range or (int(_UPDATE_FRACTION * samples), int(_LOSS_FRACTION * samples))

    def mutual_warmup(self, samples: int) -> float:
        """Return the factor of the losses between recognizers after some samples, 0 to 1."""
        start, end = self.mutual_samples_range
        return min(1.0, max(0.0, (samples - start) / (end - start))) if end > start else float(samples > start)
