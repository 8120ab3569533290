"""Training task of detectors: losses from labels, frozen networks and each other, and validation."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from models.batch import DetectionBatch, standardise
from models.detector import Detector
from models.losses.base import EdgeOutputs, Progress
from models.losses.db import DBTargetBatch
from pipelines.datasets.loader import make_loader
from pipelines.datasets.scene_source import SceneSource
from pipelines.evaluation.detector import evaluate_detector
from pipelines.inference.engine import torch_detector
from pipelines.inference.predictors import TextDetector
from pipelines.training.detector_config import DetectorTrainConfig
from pipelines.training.networks import TrainedNetworks, frozen_batch_norms, select_best
from pipelines.training.scene_stream import SceneStream
from pipelines.training.task import ValidationResult


class DetectorTask:
    """Trained detectors, their frozen teachers, the training images and the validation sources.

    Args:
        config: settings, with concrete device and precision.
        students: trained networks by name.
        frozen: frozen networks by name, in evaluation mode.
        stream: batches to train on.
        val: the sources in `config.val`.

    Attributes:
        model: the trained networks and their loss terms.
        extra_metrics: empty.
    """

    extra_metrics: Mapping[str, Tensor] = MappingProxyType({})

    def __init__(
        self,
        config: DetectorTrainConfig,
        students: Mapping[str, Detector],
        frozen: Mapping[str, Detector],
        stream: SceneStream,
        val: Sequence[SceneSource],
    ) -> None:
        self._config, self._val, self._stream, self._frozen = config, val, stream, frozen
        self.model = TrainedNetworks(config, students, frozen)
        parts = [part for n in students.values() for part in (n.backbone, n.neck, n.head.probability)]
        self._frozen_norms = frozen_batch_norms(parts) if config.freeze_batch_norm else []

    def batches(self, numbers: range) -> Iterator[DetectionBatch]:
        """Yield the batches of these numbers, in order."""
        return make_loader(self._stream, numbers, self._config.data_workers)

    def losses(self, batch: DetectionBatch, step: int, *, log: bool = False) -> dict[str, Tensor]:
        """Compute the loss terms of a batch, by "student/target/term".

        Args:
            batch: images with target maps.
            step: step of the training, from 0.
            log: ignored; there are no extra metrics.
        """
        config = self._config
        images = standardise(batch.images.to(config.device), config.preprocessing.mean, config.preprocessing.std)
        targets = DBTargetBatch(*(tensor.to(config.device) for tensor in batch.targets))
        for norm in self._frozen_norms:
            norm.eval()  # `model.train()` has set it to training mode
        outputs = self.model.forward_all(images)
        with torch.no_grad():
            probabilities = {name: network.probability(images) for name, network in self._frozen.items()}
        probabilities |= {name: maps.probability for name, maps in outputs.items()}
        progress = Progress(step * config.samples_per_step, config.samples_per_step, config.samples)
        losses: dict[str, Tensor] = {}
        for edge in config.network_group.losses:
            pair = EdgeOutputs(outputs[edge.student], probabilities.get(edge.target))
            losses |= self.model.edge_losses(edge.student, edge.target, pair, targets, progress)
        return losses

    def keys(self, batch: DetectionBatch) -> tuple[str, ...]:
        """Return the names of the images in a batch."""
        return batch.keys

    def validate(self, model: nn.Module) -> ValidationResult:
        """Score the networks as `ocrmill evaluate` does, in float32; the best has the highest mean hmean."""
        assert isinstance(model, TrainedNetworks)
        networks = {name: network for name, network in model.networks.items() if isinstance(network, Detector)}
        return select_best(networks, self._scores, self._config.metric_name)

    def _scores(self, network: Detector) -> dict[str, dict[str, float]]:
        detector = TextDetector(torch_detector(network), self._config.preprocessing, self._config.postprocessing)
        evaluations = {
            source.name: evaluate_detector(detector, source, level=self._config.level) for source in self._val
        }
        return {name: evaluation.scores.as_dict() for name, evaluation in evaluations.items()}
