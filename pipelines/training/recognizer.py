"""Training task of recognizers: losses from labels, frozen networks and each other, and validation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from models.batch import RecognitionBatch, normalise
from models.ctc import CTCCodec, ctc_loss
from models.losses.base import EdgeOutputs, Progress, RecognitionLabels
from models.recognizer import Recognizer
from pipelines.datasets.loader import make_loader
from pipelines.datasets.selection import Selection
from pipelines.datasets.source import LineSource
from pipelines.datasets.stream import RecognitionStream
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import torch_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.training.network_group import LABELS, DistillationLoss
from pipelines.training.networks import TrainedNetworks, frozen_batch_norms, select_best
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.settings import sequential_sources
from pipelines.training.task import ValidationResult
from synthtext.core import Charset

_MIN_NORM = 1e-12


class RecognizerTask:
    """Trained recognizers, their frozen teachers, the training lines and the validation sources.

    Args:
        config: settings, with concrete device and precision.
        charset: charset of the networks.
        students: trained networks by name.
        frozen: frozen networks by name, in evaluation mode.
        selections: usable lines of the sources in `config.data`.
        val: the sources in `config.val`.

    Attributes:
        model: the trained networks and their loss terms.
        extra_metrics: of the last call of `losses` with `log`: for every student that learns from labels and from
            another network, the norm of the gradient of the mutual loss with respect to its logits, relative to that of
            the CTC loss.
    """

    def __init__(
        self,
        config: RecognizerTrainConfig,
        charset: Charset,
        students: Mapping[str, Recognizer],
        frozen: Mapping[str, Recognizer],
        selections: Sequence[Selection],
        val: Sequence[LineSource],
    ) -> None:
        self._config, self._val, self._frozen = config, val, frozen
        self._backbones = {name: network.backbone for name, network in students.items()}
        self._codec, self._preprocessing = CTCCodec(charset), config.input.preprocessing()
        self._stream = RecognitionStream(
            selections,
            [entry.weight for entry in config.data],
            self._codec,
            self._preprocessing,
            config.batch_size,
            config.seed,
            sequential_sources(config.data),
        )
        self.model = TrainedNetworks(config, students, frozen)
        self.extra_metrics: dict[str, Tensor] = {}
        self._frozen_norms = frozen_batch_norms([*students.values()]) if config.freeze_batch_norm else []

    def batches(self, numbers: range) -> Iterator[RecognitionBatch]:
        """Yield the batches of these numbers, in order."""
        return make_loader(self._stream, numbers, self._config.data_workers)

    def losses(self, batch: RecognitionBatch, step: int, *, log: bool = False) -> dict[str, Tensor]:
        """Compute the loss terms of a batch, by "student/target/term".

        Args:
            batch: lines with labels.
            step: step of the training, from 0.
            log: whether to compute `extra_metrics`, too.
        """
        config = self._config
        images, widths, targets, lengths = (tensor.to(config.device) for tensor in batch[:4])
        normalised = normalise(images, widths)
        for norm in self._frozen_norms:
            norm.eval()  # `model.train()` has set it to training mode
        outputs = self.model.forward_all(normalised)
        with torch.no_grad():
            outputs |= {name: network(normalised) for name, network in self._frozen.items()}
        progress = Progress(step * config.samples_per_step, config.samples_per_step, config.samples)
        losses: dict[str, Tensor] = {}
        self.extra_metrics = {}
        for edge in config.network_group.losses:
            student = outputs[edge.student]
            steps = self._backbones[edge.student].valid_steps(widths, student.logits.shape[1])
            labels = RecognitionLabels(targets, lengths, widths / images.shape[3], steps)
            pair = EdgeOutputs(student, outputs.get(edge.target))
            terms = self.model.edge_losses(edge.student, edge.target, pair, labels, progress)
            if log and f"{edge.name}/mutual" in terms:
                self._measure_gradients(edge, outputs, terms[f"{edge.name}/mutual"], labels)
            losses |= terms
        return losses

    def _measure_gradients(
        self, edge: DistillationLoss, outputs: Mapping[str, Any], mutual: Tensor, labels: RecognitionLabels
    ) -> None:
        if not mutual.requires_grad:
            return
        has_labels = {other.student for other in self._config.network_group.losses if other.target == LABELS}
        for name, other in ((edge.student, edge.target), (edge.target, edge.student)):
            if name in has_labels:
                logits = outputs[name].logits
                detached = logits.detach().requires_grad_()
                ctc = _gradient_norm(ctc_loss(detached, labels.targets, labels.target_lengths), detached)
                ratio = _gradient_norm(mutual, logits) / ctc.clamp(min=_MIN_NORM)
                self.extra_metrics[f"gradient_ratio/{name}/{other}"] = ratio

    def keys(self, batch: RecognitionBatch) -> tuple[str, ...]:
        """Return the names of the lines in a batch."""
        return batch.keys

    def validate(self, model: torch.nn.Module) -> ValidationResult:
        """Score the networks as `ocrmill evaluate` does, in float32; select the best by `best_metric`."""
        assert isinstance(model, TrainedNetworks)
        networks = {name: network for name, network in model.networks.items() if isinstance(network, Recognizer)}
        return select_best(networks, self._scores, self._config.best_metric)

    def _scores(self, network: Recognizer) -> dict[str, dict[str, float]]:
        recognizer = TextRecognizer(torch_recognizer(network), self._codec.charset, self._preprocessing)
        return {source.name: evaluate_recognizer(recognizer, source).scores.as_dict() for source in self._val}


def _gradient_norm(loss: Tensor, logits: Tensor) -> Tensor:
    """Compute the norm of the gradient of a loss with respect to logits; the graph is kept."""
    norm: Tensor = torch.autograd.grad(loss, logits, retain_graph=True)[0].float().norm()
    return norm
