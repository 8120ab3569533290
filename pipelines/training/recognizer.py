"""Training recognizers: a team that learns from lines by CTC, from frozen networks, and from each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.batch import RecognitionBatch, normalise
from models.ctc import CTCCodec, ctc_loss, is_exact_match
from models.lcnet import valid_steps
from models.losses import ClassCenters, ace_loss, feature_loss, focal_ctc_loss, mutual_loss
from models.recognizer import Recognizer, RecognizerOutput
from models.spacing import spacing_loss
from pipelines.datasets.loader import make_loader
from pipelines.datasets.selection import Selection
from pipelines.datasets.source import LineSource
from pipelines.datasets.stream import RecognitionStream
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import torch_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.training.network_building import RecognizerGroup, select_best
from pipelines.training.network_group import LABELS, DistillationLoss
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.settings import sequential_sources
from pipelines.training.task import ValidationResult
from synthtext.core import Charset

_LEAST_NORM = 1e-12


@dataclass(frozen=True)
class _Labels:
    """Labels of a batch, and how much of it is read by now."""

    targets: Tensor  # (B, L) int64, padded with 0
    lengths: Tensor  # (B,) int64
    filled: Tensor  # (B,) float, share of the width that is no padding
    steps: Tensor  # (B,) int, steps that see the line
    samples: int  # learnt from before


class RecognizerTask:
    """Recognizers that learn, those that only teach, the lines to learn from, and those to be scored on.

    Args:
        config: with concrete device and precision.
        charset: what they are to read.
        learners: the networks that learn, by name, in training mode or not.
        frozen: the networks that do not, at rest.
        selections: usable lines of the sources in `config.data`.
        val: the sources in `config.val`.

    Attributes:
        model: the networks that learn and what they need to, as one module.
        measured: for every network that learns from labels and from another network, the norm of the gradient of the
            latter with respect to its logits, over that of the CTC loss.
    """

    def __init__(
        self,
        config: RecognizerTrainConfig,
        charset: Charset,
        learners: Mapping[str, Recognizer],
        frozen: Mapping[str, Recognizer],
        selections: Sequence[Selection],
        val: Sequence[LineSource],
    ) -> None:
        self._config, self._loss, self._val, self._frozen = config, config.loss, val, frozen
        self._codec, self._preprocessing = CTCCodec(charset), config.input.preprocessing()
        weights = [entry.weight for entry in config.data]
        self._stream = RecognitionStream(
            selections,
            weights,
            self._codec,
            self._preprocessing,
            config.batch_size,
            config.seed,
            sequential_sources(config.data),
        )
        self.model = RecognizerGroup(learners, frozen, config.network_group.losses, config.loss)
        self.extra_metrics: dict[str, Tensor] = {}
        kept = learners.values() if config.freeze_batch_norm else ()
        self._norms = [m for network in kept for m in network.modules() if isinstance(m, nn.BatchNorm2d)]

    def batches(self, numbers: range) -> Iterator[RecognitionBatch]:
        """The batches of these numbers, in order."""
        return make_loader(self._stream, numbers, self._config.data_workers)

    def losses(self, batch: RecognitionBatch, step: int) -> dict[str, Tensor]:
        """Every lesson's parts: by learner, source and part, or of a single network by part."""
        images, widths, targets, lengths = (tensor.to(self._config.device) for tensor in batch[:4])
        normal = normalise(images, widths)
        for norm in self._norms:
            norm.eval()  # whoever sets the networks to training mode means the rest of them
        said = self.model.forward_all(normal)
        with torch.no_grad():
            said |= {name: network(normal) for name, network in self._frozen.items()}
        steps = valid_steps(widths, next(iter(said.values())).logits.shape[1])
        filled = widths / images.shape[3]
        labels = _Labels(targets, lengths, filled, steps, step * self._config.samples_per_step)
        parts: dict[str, Tensor] = {}
        self.extra_metrics = {}
        for lesson in self._config.network_group.losses:
            prefix = f"{lesson.student}_{lesson.target}_" if len(said) > 1 else ""
            for name, part in self._lesson(lesson, said, labels).items():
                parts[prefix + name] = lesson.weight * part
        return parts

    def _lesson(
        self, lesson: DistillationLoss, said: Mapping[str, RecognizerOutput], labels: _Labels
    ) -> dict[str, Tensor]:
        learner, loss = said[lesson.student], self._loss
        if lesson.target == LABELS:
            return self._from_labels(lesson.student, learner, labels)
        other = said[lesson.target]
        steps = None if loss.paddle_compat else labels.steps
        rise = loss.mutual_warmup(labels.samples + self._config.samples_per_step)
        mutual = mutual_loss(
            learner.logits, other.logits, steps, clip=loss.mutual_clip, paddle_compat=loss.paddle_compat
        )
        parts = {"mutual": rise * loss.mutual_weight * mutual}
        self._measure(lesson, said, lesson.weight * parts["mutual"], labels)
        if loss.feature_weight:
            distance = feature_loss(self.model.project_features(lesson, learner.backbone), other.backbone, steps)
            parts["feature"] = rise * loss.feature_weight * distance
        return parts

    def _from_labels(self, name: str, said: RecognizerOutput, labels: _Labels) -> dict[str, Tensor]:
        """CTC, at first mixed with the loss of even spacing (see `spacing_loss`), and what makes it Enhanced CTC."""
        loss, logits, targets, lengths = self._loss, said.logits, labels.targets, labels.lengths
        ctc = (focal_ctc_loss if loss.ctc == "focal" else ctc_loss)(logits, targets, lengths)
        share = self._spacing_share(labels.samples)
        parts = {"ctc": ctc}
        if share:
            spacing = spacing_loss(logits, targets, lengths, labels.filled)
            parts = {"ctc": (1 - share) * ctc, "spacing": share * spacing}
        if loss.ace_weight:
            parts["ace"] = loss.ace_weight * ace_loss(logits, targets, lengths, paddle_compat=loss.paddle_compat)
        if loss.center_weight:
            parts["center"] = loss.center_weight * self._center(self.model.centers[name], said, labels)
        return parts

    def _center(self, centers: nn.Module, said: RecognizerOutput, labels: _Labels) -> Tensor:
        """First nothing; then the centres follow; then features are pulled to them."""
        assert isinstance(centers, ClassCenters)
        follow, pull = self._loss.center_schedule(self._config.samples)
        part = said.features.new_zeros((), dtype=torch.float32)
        if labels.samples < follow:
            return part
        right = is_exact_match(said.logits, labels.targets, labels.lengths)
        counts = centers.confident_steps(said.logits, right)
        if labels.samples >= pull:
            part = centers.loss(said.features, said.logits, counts)
        if labels.samples < pull or not self._loss.paddle_compat:
            centers.accumulate(said.features, said.logits, counts)
        return part

    def _spacing_share(self, samples: int) -> float:
        """1 at first, falling evenly to 0."""
        lines = self._config.spacing_samples
        return max(0.0, 1 - samples / lines) if lines else 0.0

    def _measure(
        self, lesson: DistillationLoss, said: Mapping[str, RecognizerOutput], mutual: Tensor, labels: _Labels
    ) -> None:
        if not mutual.requires_grad:
            return
        taught = {other.student for other in self._config.network_group.losses if other.target == LABELS}
        for name, source in ((lesson.student, lesson.target), (lesson.target, lesson.student)):
            if name in taught:
                logits = said[name].logits
                alone = logits.detach().requires_grad_()
                ctc = _norm(ctc_loss(alone, labels.targets, labels.lengths), alone)
                ratio = _norm(mutual, logits) / ctc.clamp(min=_LEAST_NORM)
                self.extra_metrics[f"{name}_{source}_gradient_ratio"] = ratio

    def keys(self, batch: RecognitionBatch) -> tuple[str, ...]:
        """Names of the lines in a batch."""
        return batch.keys

    def validate(self, model: nn.Module) -> ValidationResult:
        """Scores as `ocrmill evaluate` gives them, in float32; the best is that of the highest mean over sources."""
        assert isinstance(model, RecognizerGroup)
        networks = {name: network for name, network in model.networks.items() if isinstance(network, Recognizer)}
        return select_best(networks, self._scores, self._config.best_metric)

    def _scores(self, network: Recognizer) -> dict[str, dict[str, float]]:
        recognizer = TextRecognizer(torch_recognizer(network), self._codec.charset, self._preprocessing)
        return {source.name: evaluate_recognizer(recognizer, source).scores.as_dict() for source in self._val}


def _norm(loss: Tensor, logits: Tensor) -> Tensor:
    """Of the gradient of a loss with respect to logits; the graph is kept."""
    norm: Tensor = torch.autograd.grad(loss, logits, retain_graph=True)[0].float().norm()
    return norm
