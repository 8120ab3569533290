"""Recognizers that learn, and what they need only while they do."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from models.losses import Centers
from models.recognizer import Recognizer, RecognizerOutput
from pipelines.train.recognizer_loss import RecognizerLossSettings
from pipelines.train.team import LABELS, Lesson


class Peers(nn.Module):
    """Networks that learn, by name.

    Beside them there are projections, where the backbones of two networks that are to agree have another number of
    channels, and the centres of the characters. Neither is kept with the best weights.

    Args:
        learners: the networks that learn.
        frozen: those that only teach; they are no part of this.
        lessons: who learns from whom.
        loss: which of the losses there are.
    """

    def __init__(
        self,
        learners: Mapping[str, Recognizer],
        frozen: Mapping[str, Recognizer],
        lessons: Sequence[Lesson],
        loss: RecognizerLossSettings,
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(learners)
        self.projections, self.centers = nn.ModuleDict(), nn.ModuleDict()
        channels = {name: network.backbone.channels for name, network in (*learners.items(), *frozen.items())}
        for lesson in lessons:
            if lesson.source == LABELS:
                if loss.center_weight:
                    sizes = learners[lesson.learner].config
                    self.centers[lesson.learner] = Centers(sizes.classes, sizes.mid, released=loss.released)
            elif loss.feature_weight and channels[lesson.learner] != channels[lesson.source]:
                inputs, outputs = channels[lesson.learner], channels[lesson.source]
                self.projections[_key(lesson)] = nn.Conv2d(inputs, outputs, 1, bias=False)

    def outputs(self, images: Tensor) -> dict[str, RecognizerOutput]:
        """What every network says about normalised line images (B, 3, H, W)."""
        return {name: network(images) for name, network in self.networks.items()}

    def comparable(self, lesson: Lesson, maps: Tensor) -> Tensor:
        """The backbone's maps (B, C, 1, T) of a lesson's learner, with as many channels as those of its source."""
        key = _key(lesson)
        projected: Tensor = self.projections[key](maps) if key in self.projections else maps
        return projected


def _key(lesson: Lesson) -> str:
    return f"{lesson.learner}_{lesson.source}"
