"""Training of recognizers: losses from labels, frozen networks and each other, validation, and preparation."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.backbones.base import RECOGNIZER_BACKBONES
from models.batch import RecognitionBatch, divide_batch, normalise
from models.ctc import CTCCodec, ctc_loss
from models.losses.base import EdgeOutputs, Progress, RecognitionLabels
from models.recognizer import Recognizer, RecognizerOutput
from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import LineSource
from pipelines.datasets.stream import RecognitionStream, Selection, select_lines
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.engine import torch_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.run import RecognizerRun, RecognizerSettings, Run
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.data_checks import describe_data, reject_recipes
from pipelines.training.data_defaults import check_charset_loss, choose_input, resolve_training_charset, saved_input
from pipelines.training.initial_weights import load_initial_weights
from pipelines.training.network_group import LABELS, DistillationLoss
from pipelines.training.networks import NetworkGroupTask, build_networks, save_teachers
from pipelines.training.recognizer_data import LineData, open_lines, open_stored_lines, resolve_recipes
from pipelines.training.task import TrainingSetup, check_resumable
from synthtext.core import Charset, InputError

_MIN_NORM = 1e-12


class RecognizerTask(NetworkGroupTask):
    """Trained recognizers, their frozen teachers, the training lines and the validation sources.

    `extra_metrics` are, for every student that learns from labels and from another network, the norm of the gradient of
    the mutual loss with respect to its logits, relative to that of the CTC loss.

    Args:
        config, students, frozen, val: as in `NetworkGroupTask`.
        charset: charset of the networks.
        selections: usable lines of the sources in `config.data`.
    """

    _config: RecognizerTrainConfig

    def __init__(
        self,
        config: RecognizerTrainConfig,
        charset: Charset,
        students: Mapping[str, Recognizer],
        frozen: Mapping[str, Recognizer],
        selections: Sequence[Selection],
        val: Sequence[LineSource],
    ) -> None:
        self._charset, self._preprocessing = charset, config.input.preprocessing()
        self._backbones = {name: network.backbone for name, network in students.items()}
        stream = RecognitionStream(
            selections,
            [entry.weight for entry in config.data],
            CTCCodec(charset),
            self._preprocessing,
            config.batch_size,
            config.seed,
            config.sequential_sources,
        )
        super().__init__(config, students, frozen, stream, val)

    def parts(self, batch: RecognitionBatch) -> Sequence[RecognitionBatch]:
        """Divide a batch with more than `max_pixels`; see `Task`."""
        config = self._config
        networks = len(config.network_group.students) if config.disjoint_labels else 1
        return divide_batch(batch, config.max_pixels, networks)

    def losses(self, batch: RecognitionBatch, step: int, *, log: bool = False) -> dict[str, Tensor]:
        """Compute the loss terms of a batch, by "student/target/term"; see `Task`."""
        config = self._config
        images, widths, targets, lengths = (tensor.to(config.device) for tensor in batch[:4])
        normalised = normalise(images, widths)
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
            if config.disjoint_labels and edge.target == LABELS:
                rows = self._own_rows(edge.student)
                student = RecognizerOutput(*(values[rows] for values in student))
                labels = RecognitionLabels(*(values[rows] for values in labels))
            terms = self.model.edge_losses(edge, EdgeOutputs(student, outputs.get(edge.target)), labels, progress)
            if log and f"{edge.name}/mutual" in terms:
                self._measure_gradients(edge, outputs, terms[f"{edge.name}/mutual"], labels)
            losses |= terms
        return losses

    def _own_rows(self, student: str) -> slice:
        """Return the lines of a batch whose labels a network learns from."""
        students = self._config.network_group.students
        return slice(students.index(student), None, len(students))

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
                rows = self._own_rows(name) if self._config.disjoint_labels else slice(None)
                ctc_term = ctc_loss(detached[rows], labels.targets[rows], labels.target_lengths[rows])
                ctc = _gradient_norm(ctc_term, detached)
                ratio = _gradient_norm(mutual, logits) / ctc.clamp(min=_MIN_NORM)
                self.extra_metrics[f"gradient_ratio/{name}/{other}"] = ratio

    def _scores(self, network: Recognizer) -> dict[str, dict[str, float]]:
        recognizer = TextRecognizer(torch_recognizer(network), self._charset, self._preprocessing)
        return {source.name: evaluate_recognizer(recognizer, source).scores.as_dict() for source in self._val}


def _gradient_norm(loss: Tensor, logits: Tensor) -> Tensor:
    """Compute the norm of the gradient of a loss with respect to logits; the graph is kept."""
    norm: Tensor = torch.autograd.grad(loss, logits, retain_graph=True)[0].float().norm()
    return norm


def prepare_recognizer(config: RecognizerTrainConfig, folder: Path, *, skip_inspection: bool = False) -> TrainingSetup:
    """Open the data of a recognizer's training and build its networks; see `pipelines.training.job.prepare`."""
    reject_recipes(config.val, "validation needs a fixed dataset; make one with ocrmill generate")
    config, recipes = resolve_recipes(saved_input(config, folder))
    stored, preprocessing = open_stored_lines(config, recipes), config.input.preprocessing()
    charset = resolve_training_charset(config.charset, stored, recipes)
    config, students, frozen, origins = build_networks(
        config,
        partial(RecognizerSettings.build, charset=charset, height=config.input.height),
        RecognizerRun.open,
        lambda network, run: str(load_initial_weights(network, charset, run)),
        lambda run: _check_teacher(run, charset, preprocessing),
    )
    check = partial(check_resumable, folder, _settings(config), charset)
    data = open_lines(config, recipes, stored, folder, check)
    config, width_message = choose_input(config, data.sources)
    selections = _select(data, config, charset)
    check_charset_loss(selections, charset, config)
    messages: list[str] = []
    if not skip_inspection:
        described = describe_data(selections, data.validation, charset)
        messages = [*data.describe(), *described, *filter(None, [width_message]), *origins]

    def on_start(run: Run) -> None:
        data.save_indexes(run)
        save_teachers(run, frozen)

    return TrainingSetup(
        task=RecognizerTask(config, charset, students, frozen, selections, data.validation),
        source_sizes=[len(selection.rows) for selection in selections],
        settings=_settings(config),
        preprocessing=config.input.preprocessing(),
        charset=charset,
        messages=messages,
        on_start=on_start,
    )


def _settings(config: RecognizerTrainConfig) -> SettingsDict:
    return {"kind": "recognizer", **config.model_dump(mode="json")}


def _select(data: LineData, config: RecognizerTrainConfig, charset: Charset) -> list[Selection]:
    """Select the lines that fit into the time steps of every network."""
    sizes = [network.network or config.network for network in config.network_group.networks.values()]
    backbones = [RECOGNIZER_BACKBONES[size.backbone] for size in sizes]
    widths = range(1, config.input.drop_wider_than + 1)
    if any(len({backbone.time_steps(width) for backbone in backbones}) > 1 for width in widths):
        names = ", ".join(sorted({size.backbone for size in sizes}))
        raise InputError(f"network_group: the backbones {names} differ in their time steps: use one of them only")
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    return [
        select_lines(source, codec, preprocessing, config.input.drop_wider_than, backbones[0].time_steps)
        for source in data.sources
    ]


def _check_teacher(run: RecognizerRun, charset: Charset, student: RecognizerPreprocessing) -> None:
    """Raise InputError if the network of a run has another charset or another preprocessing than its students."""
    if run.charset != charset:
        raise InputError(
            f"{run.folder} cannot be the teacher: its charset has {len(run.charset):,} characters, that of this "
            f"training {len(charset):,}, and they differ; set charset={run.folder}"
        )
    teacher = run.preprocessing
    if (teacher.height, teacher.channels) != (student.height, student.channels):
        raise InputError(
            f"{run.folder} cannot be the teacher: its input is {teacher.height} pixels high in {teacher.channels}, "
            f"that of this training {student.height} in {student.channels}; change input"
        )
