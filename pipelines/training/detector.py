"""Training detectors: a team of networks that learn from labels, from frozen networks, and from each other."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from models.batch import DetectionBatch, standardise
from models.db.maps import DBMaps
from models.detector import Detector
from models.losses import DBTargetBatch, db_loss, dilated_teacher_map, distillation_loss, map_mutual_losses
from pipelines.datasets.loader import make_loader
from pipelines.datasets.scene_source import SceneSource
from pipelines.evaluation.detector import evaluate_detector
from pipelines.inference.engine import torch_detector
from pipelines.inference.predictors import TextDetector
from pipelines.training.detector_config import DetectorTrainConfig
from pipelines.training.network_building import select_best
from pipelines.training.network_group import LABELS, DistillationLoss
from pipelines.training.scene_stream import SceneStream
from pipelines.training.task import ValidationResult


class DetectorTask:
    """Detectors that learn, those that only teach, the pictures to learn from, and those to be scored on.

    Args:
        config: with concrete device and precision.
        learners: the networks that learn, by name, in training mode or not.
        frozen: the networks that do not, at rest.
        stream: of what is learnt from.
        val: the sources in `config.val`.

    Attributes:
        model: the networks that learn, as one module.
        measured: nothing beside the parts of the loss.
    """

    extra_metrics: Mapping[str, Tensor] = MappingProxyType({})

    def __init__(
        self,
        config: DetectorTrainConfig,
        learners: Mapping[str, Detector],
        frozen: Mapping[str, Detector],
        stream: SceneStream,
        val: Sequence[SceneSource],
    ) -> None:
        self._config, self._val, self._stream = config, val, stream
        self.model = nn.ModuleDict(learners)
        self._norms = (
            [norm for network in learners.values() for norm in _norms(network)] if config.freeze_batch_norm else []
        )
        self._frozen = frozen

    def batches(self, numbers: range) -> Iterator[DetectionBatch]:
        """The batches of these numbers, in order."""
        return make_loader(self._stream, numbers, self._config.data_workers)

    def losses(self, batch: DetectionBatch, step: int) -> dict[str, Tensor]:
        """Every lesson's parts, by learner, source and part."""
        device, preprocessing = self._config.device, self._config.preprocessing
        images = standardise(batch.images.to(device), preprocessing.mean, preprocessing.std)
        targets = DBTargetBatch(*(tensor.to(device) for tensor in batch.targets))
        for norm in self._norms:
            norm.eval()  # whoever sets the networks to training mode means the rest of them
        maps: dict[str, DBMaps] = {name: network(images) for name, network in self.model.items()}
        with torch.no_grad():
            seen = {name: dilated_teacher_map(network.probability(images)) for name, network in self._frozen.items()}
        parts: dict[str, Tensor] = {}
        for lesson in self._config.network_group.losses:
            for name, part in self._lesson(lesson, maps, seen, targets).items():
                parts[f"{lesson.student}_{lesson.target}_{name}"] = lesson.weight * part
        return parts

    def _lesson(
        self, lesson: DistillationLoss, maps: Mapping[str, DBMaps], seen: Mapping[str, Tensor], targets: DBTargetBatch
    ) -> dict[str, Tensor]:
        learner, loss = maps[lesson.student], self._config.loss
        if lesson.target == LABELS:
            return db_loss(learner, targets, loss)
        if lesson.target in seen:
            return distillation_loss(learner, seen[lesson.target], targets.shrink_mask, loss)
        other = maps[lesson.target]
        return {"mutual": map_mutual_losses(learner.probability, other.probability).mean()}

    def keys(self, batch: DetectionBatch) -> tuple[str, ...]:
        """Names of the pictures in a batch."""
        return batch.keys

    def validate(self, model: nn.Module) -> ValidationResult:
        """Scores as `ocrmill evaluate` gives them, in float32; the best network is that of the highest mean hmean."""
        networks = {name: network for name, network in model.named_children() if isinstance(network, Detector)}
        return select_best(networks, self._scores, self._config.score_name)

    def _scores(self, network: Detector) -> dict[str, dict[str, float]]:
        detector = TextDetector(torch_detector(network), self._config.preprocessing, self._config.postprocessing)
        level = self._config.level
        found = {source.name: evaluate_detector(detector, source, level=level) for source in self._val}
        return {name: evaluation.scores.as_dict() for name, evaluation in found.items()}


def _norms(network: Detector) -> list[nn.Module]:
    parts = (network.backbone, network.neck, network.head.probability)
    return [module for part in parts for module in part.modules() if isinstance(module, nn.BatchNorm2d)]
