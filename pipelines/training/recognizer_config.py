"""Settings of what a recognizer's training minimises."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import RecognizerRun, RecognizerSettings
from pipelines.training.network_group import NetworkGroup, NetworkGroupConfig
from pipelines.training.settings import StrictSettings

_Weight = Annotated[float, Field(ge=0, le=1e6)]
_FOLLOW, _PULL = 0.5, 0.6


class RecognizerLossSettings(StrictSettings):
    """`loss`: CTC, what makes it Enhanced CTC, and what recognizers learn from each other.

    Attributes:
        ctc: "focal" looks at hard lines (PP-OCRv2, released option).
        ace_weight: of the aggregation cross-entropy, how often every character is read (released option: 0.1).
        center_weight: of the centre loss, which keeps the features of one character together (PP-OCRv2, section
            2.2.3; released configuration: 0.05); 0: none.
        center_samples_range: after how many samples the centres begin to follow what is surely and rightly read, and
            after how many the loss counts; null: half and 60 % of `samples`.
        mutual_weight: of the divergence of what two networks read (PP-OCRv2, section 2.2.2), summed over the steps.
        mutual_clip: a line's divergence counts no more than this; null: no bound.
        mutual_warmup_samples: over so many samples all that networks learn from each other rises from 0 to its weight.
        feature_weight: of the mean squared difference of their backbones' maps.
        paddle_compat: the released forms: steps in the padding of a line count too, in the divergence every probability is
            enlarged by 1e-10, centres are means over all steps of right lines between the two ends of
            `center_samples_range` and stay as they are from then on.
    """

    ctc: Literal["plain", "focal"] = "plain"
    ace_weight: _Weight = 0.0
    center_weight: _Weight = 0.0
    center_samples_range: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None
    mutual_weight: _Weight = 1.0
    mutual_clip: float | None = Field(default=10.0, gt=0, le=1e6)
    mutual_warmup_samples: int = Field(default=30_000, ge=0)
    feature_weight: _Weight = 0.0
    paddle_compat: bool = False

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.center_samples_range is not None:
            follow, pull = self.center_samples_range
            if not self.center_weight:
                raise ValueError("center_samples_range says when the centre loss begins, but center_weight is 0")
            if follow >= pull:
                raise ValueError(f"center_samples_range must rise, not {[follow, pull]}: the loss needs centres first")
        return self

    def center_schedule(self, samples: int) -> tuple[int, int]:
        """Of a budget: after how many samples the centres follow, and after how many their loss counts."""
        return self.center_samples_range or (int(_FOLLOW * samples), int(_PULL * samples))

    def mutual_warmup(self, samples: int) -> float:
        """How much of what networks learn from each other counts after so many samples: 0 to 1."""
        return min(1.0, samples / self.mutual_warmup_samples) if self.mutual_warmup_samples else 1.0


class InputSettings(StrictSettings):
    """`input`: what lines become, see `RecognizerPreprocessing`; wider lines than `widest` are left out."""

    height: Literal[32, 48] = 32
    min_width: int = Field(default=32, ge=8)
    max_width: int | None = Field(default=None, ge=8)
    width_step: int = Field(default=16, ge=1)
    channels: Literal["bgr", "rgb"] = "bgr"
    drop_wider_than: int = Field(default=1280, ge=8)

    def preprocessing(self) -> RecognizerPreprocessing:
        """The same as training, evaluation and reading use it."""
        return RecognizerPreprocessing(**self.model_dump(exclude={"drop_wider_than"}))


class RecognizerTrainConfig(NetworkGroupConfig[RecognizerSettings]):
    """Everything that the training of a recognizer depends on.

    Attributes:
        charset: a named one ("ascii", "words:de"), a dictionary file, or a RUN for that of its network.
        input: what lines become.
        loss: what is minimised.
        spacing_samples: over so many lines the CTC loss is mixed with one that takes characters to stand at even
            distances, which shortens the plateau that CTC begins with; 0: never.
        best_metric: the validation score, averaged over `val`, whose highest value is the best.
    """

    network: RecognizerSettings = RecognizerSettings()
    network_group: NetworkGroup[RecognizerSettings] = NetworkGroup()
    charset: str = "alphanumeric_lower"
    input: InputSettings = InputSettings()
    loss: RecognizerLossSettings = RecognizerLossSettings()
    spacing_samples: int = Field(default=30_000, ge=0)
    best_metric: Literal["accuracy", "alphanumeric_accuracy", "normalized_edit_similarity"] = "accuracy"

    @model_validator(mode="after")
    def _has_time_for_its_losses(self) -> Self:
        pull = self.loss.center_schedule(self.samples)[1]
        if self.loss.center_weight and pull >= self.samples:
            raise ValueError(
                f"loss.center_samples_range: the centre loss would begin after {pull:,} samples, of {self.samples:,}"
            )
        return self

    @property
    def score_name(self) -> str:
        """The score that the best weights are chosen by."""
        return self.best_metric

    @property
    def unit(self) -> str:
        """What samples are."""
        return "lines"


def recognizer_init_settings(folder: Path) -> SettingsDict:
    """Return the settings that starting from a recognizer's run directory implies."""
    run = RecognizerRun.open(folder)
    return {
        "charset": str(run.folder),
        "network": run.settings.model_dump(),
        "input": asdict(run.preprocessing),
        "spacing_samples": 0,
    }
