"""Settings of a recognizer's training."""

from dataclasses import asdict
from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.config import Tree
from pipelines.preprocessing import RecognizerPreprocessing
from pipelines.run import NetworkSettings, Run
from pipelines.train.recognizer_loss import RecognizerLossSettings
from pipelines.train.settings import Settings
from pipelines.train.team import Team, TeamConfig


class InputSettings(Settings):
    """`input`: what lines become, see `RecognizerPreprocessing`; wider lines than `widest` are left out."""

    height: Literal[32, 48] = 32
    min_width: int = Field(default=32, ge=8)
    max_width: int | None = Field(default=None, ge=8)
    width_step: int = Field(default=16, ge=1)
    channels: Literal["bgr", "rgb"] = "bgr"
    widest: int = Field(default=1280, ge=8)

    def preprocessing(self) -> RecognizerPreprocessing:
        """The same as training, evaluation and reading use it."""
        return RecognizerPreprocessing(**self.model_dump(exclude={"widest"}))


class TrainConfig(TeamConfig[NetworkSettings]):
    """Everything that the training of a recognizer depends on.

    Attributes:
        charset: a named one ("ascii", "words:de"), a dictionary file, or a RUN for that of its network.
        input: what lines become.
        loss: what is minimised.
        spacing_samples: over so many lines the CTC loss is mixed with one that takes characters to stand at even
            distances, which shortens the plateau that CTC begins with; 0: never.
        best_by: the validation score, averaged over `val`, whose highest value is the best.
    """

    network: NetworkSettings = NetworkSettings()
    team: Team[NetworkSettings] = Team()
    charset: str = "alphanumeric_lower"
    input: InputSettings = InputSettings()
    loss: RecognizerLossSettings = RecognizerLossSettings()
    spacing_samples: int = Field(default=30_000, ge=0)
    best_by: Literal["accuracy", "alphanumeric_accuracy", "normalized_edit_similarity"] = "accuracy"

    @model_validator(mode="after")
    def _has_time_for_its_losses(self) -> Self:
        pull = self.loss.center_samples(self.samples)[1]
        if self.loss.center_weight and pull >= self.samples:
            raise ValueError(
                f"loss.center_samples_range: the centre loss would begin after {pull:,} samples, of {self.samples:,}"
            )
        return self

    @property
    def score_name(self) -> str:
        """The score that the best weights are chosen by."""
        return self.best_by

    @property
    def unit(self) -> str:
        """What samples are."""
        return "lines"


def implied_by(run: Run) -> Tree:
    """The settings that starting from a recognizer's RUN implies."""
    return {
        "charset": str(run.folder),
        "network": run.network.model_dump(),
        "input": asdict(run.preprocessing),
        "spacing_samples": 0,
    }
