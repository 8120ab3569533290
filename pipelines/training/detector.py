"""Training of detectors: losses from labels, frozen networks and each other, validation, and preparation."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from augment.copy_paste import CopyPaste, CropBank
from models.batch import DetectionBatch, standardise
from models.detector import Detector
from models.losses.base import EdgeOutputs, Progress
from models.losses.db import DBTargetBatch
from pipelines.config import SettingsDict
from pipelines.datasets.scene_source import SceneSource
from pipelines.evaluation.detector import evaluate_detector
from pipelines.evaluation.thresholds import ThresholdScores, sweep_thresholds
from pipelines.inference.digest import recognizer_digest
from pipelines.inference.engine import torch_detector
from pipelines.inference.predictors import TextDetector
from pipelines.inference.run import CONFIG_FILE, DetectorRun, DetectorSettings, Run
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.jobs.copypaste_inputs import build_crop_bank, open_crop_source, unique_names
from pipelines.jobs.copypaste_settings import OnlineCopyPasteSettings
from pipelines.jobs.crop_bank import open_bank, save_bank, scan_source
from pipelines.progress import progress_bar
from pipelines.recipes.digest import fingerprint_digest
from pipelines.training.configs import DetectorTrainConfig
from pipelines.training.data_checks import (
    check_not_a_recipe,
    check_scenes,
    describe_scenes,
    open_detection_source,
    reject_recipes,
    scan_scenes,
)
from pipelines.training.networks import NetworkGroupTask, build_networks, save_teachers
from pipelines.training.scene_stream import OnlineCopyPaste, SceneStream
from pipelines.training.state import TrainingProgress
from pipelines.training.task import Log, TrainingSetup
from synthtext.core import InputError, Level

CROP_BANK_FILE = "crops.arrow"
THRESHOLDS_FILE = "thresholds.json"


class DetectorTask(NetworkGroupTask):
    """Trained detectors, their frozen teachers, the training images and the validation sources."""

    _config: DetectorTrainConfig

    def losses(self, batch: DetectionBatch, step: int, *, log: bool = False) -> dict[str, Tensor]:
        """Compute the loss terms of a batch, by "student/target/term"; see `Task`. There are no extra metrics."""
        config = self._config
        images = standardise(batch.images.to(config.device), config.preprocessing.mean, config.preprocessing.std)
        targets = DBTargetBatch(*(tensor.to(config.device) for tensor in batch.targets))
        outputs = self.model.forward_all(images)
        with torch.no_grad():
            probabilities = {name: network.probability(images) for name, network in self._frozen.items()}
        probabilities |= {name: maps.probability for name, maps in outputs.items()}
        progress = Progress(step * config.samples_per_step, config.samples_per_step, config.samples)
        losses: dict[str, Tensor] = {}
        for edge in config.network_group.losses:
            pair = EdgeOutputs(outputs[edge.student], probabilities.get(edge.target))
            losses |= self.model.edge_losses(edge, pair, targets, progress)
        return losses

    def _scores(self, network: Detector) -> dict[str, dict[str, float]]:
        config = self._config
        detector = TextDetector(torch_detector(network), config.preprocessing, config.postprocessing)
        return {
            source.name: evaluate_detector(detector, source, level=config.level).scores.as_dict()
            for source in self._val
        }


def prepare_detector(config: DetectorTrainConfig, folder: Path, *, skip_inspection: bool = False) -> TrainingSetup:
    """Open and scan the data of a detector's training and build its networks; see `pipelines.training.job.prepare`."""
    reject_recipes(
        [*(entry.source for entry in config.data), *config.val],
        "scenes are not generated online; make a dataset with ocrmill generate",
    )
    for index, entry in enumerate(config.data):
        check_not_a_recipe(index, entry)
    sources = [open_detection_source(entry.source) for entry in config.data]
    val = [open_detection_source(name) for name in config.val]
    config, students, frozen, origins = build_networks(
        config, DetectorSettings.build, DetectorRun.open, _load_weights, partial(_check_teacher, config)
    )
    messages, crops, path = list[str](), None, folder / CROP_BANK_FILE
    copy_paste = config.online_copy_paste
    if not skip_inspection:
        messages = [*_inspect(sources, val, config), *origins]
        if copy_paste is not None:
            crops = _TrainingCrops(copy_paste, config, path)
            messages.append(crops.message)
    stream = SceneStream(
        sources,
        [entry.weight for entry in config.data],
        config.level,
        config.chain(),
        config.targets,
        config.preprocessing.channels,
        config.batch_size,
        config.seed,
        None if copy_paste is None else OnlineCopyPaste(path.absolute(), copy_paste.mode, copy_paste.probability),
        config.sequential_sources,
    )
    return TrainingSetup(
        task=DetectorTask(config, students, frozen, stream, val),
        source_sizes=[len(source) for source in sources],
        settings={"kind": "detector", **config.model_dump(mode="json")},
        preprocessing=config.preprocessing,
        charset=None,
        messages=messages,
        on_start=partial(_on_start, frozen, crops),
        on_end=partial(_sweep_thresholds, val, config.level),
    )


def _inspect(sources: Sequence[SceneSource], val: Sequence[SceneSource], config: DetectorTrainConfig) -> Iterator[str]:
    """Scan all images once and return messages about them."""
    stats = scan_scenes([*sources, *val], config.level, config.targets.min_size)
    train_stats, val_stats = stats[: len(sources)], stats[len(sources) :]
    check_scenes(train_stats, val_stats, config.targets.min_size)
    return describe_scenes(train_stats, val_stats)


class _TrainingCrops:
    """The crop bank of a training, read from its run directory or built from the sources."""

    def __init__(self, settings: OnlineCopyPasteSettings, config: DetectorTrainConfig, path: Path) -> None:
        specs = settings.sources or tuple(entry.source for entry in config.data)
        names = unique_names([Path(spec) for spec in specs])
        sources = [(name, open_crop_source(spec)) for name, spec in zip(names, specs, strict=True)]
        digests = {f"source {i} {name}": scan_source(source).digest for i, (name, source) in enumerate(sources)}
        self.path = path
        if settings.recognizer:
            digests["recognizer"] = recognizer_digest(settings.recognizer, None)
        self.digest = fingerprint_digest({**digests, "crops": json.dumps(settings.to_dict()["crops"])})
        existing = open_bank(path, self.digest)
        if existing is None and path.is_file():
            raise InputError(f"{path} holds crops of other images: use the same data, or a new folder")
        self._built: tuple[CropBank, Counter[str]] | None = None
        if existing is None:
            existing = self._built = build_crop_bank(sources, settings.crops, settings.recognizer)
            CopyPaste(existing[0], settings.mode)  # checks that the mode can paste these crops
        bank, skipped = existing
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in skipped.most_common())
        self.message = f"copy_paste: {len(bank):,} crops to paste" + (f"; skipped: {reasons}" if reasons else "")

    def save(self) -> None:
        """Write a bank that was built; data workers map the file."""
        if self._built is not None:
            save_bank(self.path, self._built[0], self.digest, self._built[1])
            self._built = None


def _on_start(frozen: Mapping[str, Detector], crops: _TrainingCrops | None, run: Run) -> None:
    if crops is not None:
        crops.save()
    save_teachers(run, frozen)


def _check_teacher(config: DetectorTrainConfig, run: DetectorRun) -> None:
    """Raise InputError if the network of a run has another preprocessing than its students."""
    teacher, student = run.preprocessing, config.preprocessing
    if (teacher.channels, teacher.mean, teacher.std) != (student.channels, student.mean, student.std):
        raise InputError(
            f"{run.folder} cannot be the teacher: its input is {teacher.channels} with mean {teacher.mean} and "
            f"standard deviation {teacher.std}, that of this training {student.channels}, {student.mean} and "
            f"{student.std}; change preprocessing"
        )


def _load_weights(network: Detector, run: DetectorRun) -> str:
    weights, target = run.load_model().state_dict(), network.state_dict()
    for name, tensor in target.items():
        if name not in weights or weights[name].shape != tensor.shape:
            raise InputError(
                f"init: {run.folder} has another network ({name} differs); use the `network` settings of "
                f"{run.folder / CONFIG_FILE}"
            )
    network.load_state_dict({name: weights[name] for name in target})
    return ""


def _sweep_thresholds(val: Sequence[SceneSource], level: Level, run: Run, progress: TrainingProgress, log: Log) -> None:
    """Score the best weights with a grid of thresholds and write `thresholds.json`, unless it exists."""
    path = run.folder / THRESHOLDS_FILE
    if path.is_file():
        return
    detector = DetectorRun.open(run.folder).predictor()
    with progress_bar("thresholds", total=sum(map(len, val)), unit="images") as bar:
        entries = sweep_thresholds(detector, val, bar.advance, level)
    thresholds = detector.postprocessing.threshold, detector.postprocessing.box_threshold
    configured = next(entry for entry in entries if (entry.threshold, entry.box_threshold) == thresholds)
    report = {
        "step": progress.best_step,
        "configured": _to_dict(configured),
        "best": _to_dict(entries[0]),
        "candidates": list(map(_to_dict, entries)),
    }
    with wrap_write_errors(path):
        write_atomic(path, json.dumps(report, indent=2) + "\n")
    best = entries[0]
    log(
        f"thresholds: hmean {configured.hmean:.4f} with those of postprocessing; the best of {len(entries)} pairs on "
        f"the same images is threshold {best.threshold:g} with box_threshold {best.box_threshold:g}: {best.hmean:.4f}"
    )


def _to_dict(entry: ThresholdScores) -> SettingsDict:
    scores = {name: scores.as_dict() for name, scores in entry.scores.items()}
    thresholds = {"threshold": entry.threshold, "box_threshold": entry.box_threshold}
    return {**thresholds, "hmean": entry.hmean, "scores": scores}
