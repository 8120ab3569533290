"""Settings of a recognizer's training."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from models.losses.base import RECOGNIZER_LOSSES, LossTerm
from models.losses.settings import CTCLossSettings
from models.registry import Registry
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import RecognizerSettings
from pipelines.training.network_group import LABELS, DistillationLoss, NetworkGroup, NetworkGroupConfig
from pipelines.training.settings import StrictSettings


class InputSettings(StrictSettings):
    """`input`: preprocessing of line images, see `RecognizerPreprocessing`.

    Attributes:
        drop_wider_than: resized lines that are wider, in pixels, are not trained on.
    """

    height: Literal[32, 48] = 32
    min_width: int = Field(default=32, ge=8)
    max_width: int | None = Field(default=None, ge=8)
    width_step: int = Field(default=16, ge=1)
    channels: Literal["bgr", "rgb"] = "bgr"
    drop_wider_than: int = Field(default=1280, ge=8)

    def preprocessing(self) -> RecognizerPreprocessing:
        """Return the preprocessing of training, evaluation and inference."""
        return RecognizerPreprocessing(**self.model_dump(exclude={"drop_wider_than"}))


class RecognizerTrainConfig(NetworkGroupConfig[RecognizerSettings]):
    """Settings of a recognizer's training.

    Attributes:
        charset: a built-in one ("ascii", "words:de"), a dictionary file, or a run directory for the charset of its
            network.
        input: preprocessing of line images.
        loss: what is minimised.
        spacing_samples: lines over which CTC is mixed with a loss that assumes characters at even distances, which
            shortens the initial plateau of CTC; 0: none.
        best_metric: validation score, averaged over `val`, that selects the best weights.
    """

    sample_unit: ClassVar[str] = "lines"
    loss_terms: ClassVar[Registry[type[LossTerm]]] = RECOGNIZER_LOSSES

    network: RecognizerSettings = RecognizerSettings()
    network_group: NetworkGroup[RecognizerSettings] = NetworkGroup()
    charset: str = "alphanumeric_lower"
    input: InputSettings = InputSettings()
    loss: CTCLossSettings = CTCLossSettings()
    spacing_samples: int = Field(default=30_000, ge=0)
    best_metric: Literal["accuracy", "alphanumeric_accuracy", "normalized_edit_similarity"] = "accuracy"

    @model_validator(mode="after")
    def _check_center_schedule(self) -> Self:
        loss_from = self.loss.center_schedule(self.samples)[1]
        if self.loss.center_weight and loss_from >= self.samples:
            raise ValueError(
                f"loss.center_samples_range: the center loss would begin after {loss_from:,} samples, but the training "
                f"has {self.samples:,}"
            )
        return self

    def default_terms(self, edge: DistillationLoss) -> tuple[str, ...]:
        """See `NetworkGroupConfig`."""
        return self.loss.label_terms() if edge.target == LABELS else self.loss.network_terms()

    @property
    def metric_name(self) -> str:
        """Name of the validation score that selects the best weights."""
        return self.best_metric
