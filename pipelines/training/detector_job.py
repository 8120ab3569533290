"""From settings to a detector's training."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from augment.copy_paste import CopyPaste, CropBank
from models.detector import Detector
from pipelines.config import SettingsDict
from pipelines.datasets.scene_source import SceneSource
from pipelines.evaluation.thresholds import ThresholdScores, sweep_thresholds
from pipelines.inference.run import CONFIG_FILE, DetectorRun, DetectorSettings, Run
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.jobs.copypaste_inputs import build_crop_bank, open_crop_source, unique_names
from pipelines.jobs.copypaste_settings import OnlineCopyPasteSettings
from pipelines.jobs.crop_bank import open_bank, save_bank, scan_source
from pipelines.progress import progress_bar
from pipelines.recipes.digest import fingerprint_digest
from pipelines.training.checkpoint import TrainingProgress
from pipelines.training.data_checks import check_scenes, describe_scenes, open_detection_source, scan_scenes
from pipelines.training.detector import DetectorTask
from pipelines.training.detector_config import DetectorTrainConfig
from pipelines.training.network_building import (
    build_students,
    describe_teachers,
    load_teachers,
    save_teachers,
    with_teacher_metadata,
)
from pipelines.training.recognizer_data import check_not_a_recipe, reject_recipes
from pipelines.training.scene_stream import OnlineCopyPaste, SceneStream
from pipelines.training.settings import sequential_sources
from pipelines.training.task import Log, TrainingSetup
from synthtext.core import InputError, Level

CROP_BANK_FILE = "crops.arrow"
THRESHOLDS_FILE = "thresholds.json"


def prepare_detector(config: DetectorTrainConfig, folder: Path, *, is_known: bool = False) -> TrainingSetup:
    """Open the data of a detector's training, look at all of it, and make the networks.

    Args:
        config: with concrete device and precision, and sources.
        folder: of the RUN, which is only read: it may hold the crops of an earlier start.
        is_known: another process has looked at the data and begun the RUN: nothing is looked at, and nothing told.

    Raises:
        InputError: settings or data are wrong.
    """
    reject_recipes(
        [*(entry.source for entry in config.data), *config.val],
        "a detector's scenes are not drawn while it learns; ocrmill generate makes a data set of it",
    )
    for number, entry in enumerate(config.data):
        check_not_a_recipe(number, entry)
    config = with_teacher_metadata(config, "detector", lambda folder: _teaching(DetectorRun.open(folder), config))
    sources, held_out = (
        [open_detection_source(e.source) for e in config.data],
        [open_detection_source(name) for name in config.val],
    )
    learners, origins = build_students(
        config, DetectorSettings.build, lambda network, folder: _start_from(network, DetectorRun.open(folder))
    )
    frozen = load_teachers(config, lambda folder: DetectorRun.open(folder).load_model())
    told = [] if is_known else [*_look(sources, held_out, config), *origins, *describe_teachers(config)]
    pasting, path = config.pasting, folder / CROP_BANK_FILE
    crops = None if is_known or pasting is None else _Crops(pasting, config, path)
    stream = SceneStream(
        sources,
        [entry.weight for entry in config.data],
        config.level,
        config.chain(),
        config.targets,
        config.preprocessing.channels,
        config.batch_size,
        config.seed,
        None if pasting is None else OnlineCopyPaste(path.absolute(), pasting.mode, pasting.probability),
        sequential_sources(config.data),
    )
    return TrainingSetup(
        task=DetectorTask(config, learners, frozen, stream, held_out),
        source_sizes=[len(source) for source in sources],
        settings=_tree(config),
        preprocessing=config.preprocessing,
        charset=None,
        messages=[*told, *([] if crops is None else [crops.told])],
        on_start=partial(_begin, frozen, crops),
        on_end=partial(_sweep, held_out, config.level),
    )


def _look(
    sources: Sequence[SceneSource], held_out: Sequence[SceneSource], config: DetectorTrainConfig
) -> Iterator[str]:
    """Read all pictures once, and tell what is in them."""
    surveys = scan_scenes([*sources, *held_out], config.level, config.targets.min_size)
    learnt, scored = surveys[: len(sources)], surveys[len(sources) :]
    check_scenes(learnt, scored, config.targets.min_size)
    return describe_scenes(learnt, scored)


def _tree(config: DetectorTrainConfig) -> SettingsDict:
    return {"kind": "detector", **config.model_dump(mode="json")}


class _Crops:
    """The bank of a training: read from its RUN, or cut."""

    def __init__(self, pasting: OnlineCopyPasteSettings, config: DetectorTrainConfig, path: Path) -> None:
        named = pasting.sources or tuple(entry.source for entry in config.data)
        names = unique_names([Path(name) for name in named])
        sources = [(short, open_crop_source(name)) for short, name in zip(names, named, strict=True)]
        content = {f"source {i} {name}": scan_source(source).digest for i, (name, source) in enumerate(sources)}
        self.path = path
        self.digest = fingerprint_digest({**content, "crops": json.dumps(pasting.to_dict()["crops"])})
        found = open_bank(path, self.digest)
        if found is None and path.is_file():
            raise InputError(f"{path} holds crops of other pictures: give the training the same data, or a new folder")
        self._cut: tuple[CropBank, Counter[str]] | None = None
        if found is None:
            found = self._cut = build_crop_bank(sources, pasting.crops)
            CopyPaste(found[0], pasting.mode)  # refuses crops that the mode cannot paste
        bank, left_out = found
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.most_common())
        self.told = f"copy_paste: {len(bank):,} texts to paste" + (f"; left out: {reasons}" if reasons else "")

    def save(self) -> None:
        """Write what was cut; the data workers map it."""
        if self._cut is not None:
            save_bank(self.path, self._cut[0], self.digest, self._cut[1])
            self._cut = None


def _begin(frozen: Mapping[str, Detector], crops: _Crops | None, run: Run) -> None:
    if crops is not None:
        crops.save()
    save_teachers(run, frozen)


def _teaching(run: DetectorRun, config: DetectorTrainConfig) -> DetectorSettings:
    """Sizes of a RUN's network, if it has one that can teach.

    Raises:
        InputError: it is no detector's, has no weights, or wants another input.
    """
    there, here = run.preprocessing, config.preprocessing
    if (there.channels, there.mean, there.std) != (here.channels, here.mean, here.std):
        raise InputError(
            f"{run.folder} cannot teach: it wants {there.channels} with mean {there.mean} and deviation {there.std}, "
            f"but this training has {here.channels}, {here.mean} and {here.std}; change preprocessing"
        )
    run.load_model()
    return run.settings


def _start_from(network: Detector, run: DetectorRun) -> str:
    weights = run.load_model().state_dict()
    target = network.state_dict()
    for name, tensor in target.items():
        if name not in weights or weights[name].shape != tensor.shape:
            raise InputError(
                f"init: {run.folder} has another network ({name} differs); give the training the `network` settings of "
                f"{run.folder / CONFIG_FILE}"
            )
    network.load_state_dict({name: weights[name] for name in target})
    return ""


def _sweep(val: Sequence[SceneSource], level: Level, run: Run, state: TrainingProgress, say: Log) -> None:
    """Score the best weights with other thresholds, and write down what was found; once for every training."""
    path = run.folder / THRESHOLDS_FILE
    if path.is_file():
        return
    detector = DetectorRun.open(run.folder).predictor()
    with progress_bar("thresholds", total=sum(map(len, val)), unit="pictures") as bar:
        entries = sweep_thresholds(detector, val, bar.advance, level)
    own = detector.postprocessing.threshold, detector.postprocessing.box_threshold
    deployed = next(entry for entry in entries if (entry.threshold, entry.box_threshold) == own)
    told: Callable[[ThresholdScores], SettingsDict] = _as_tree
    tree = {
        "step": state.best_step,
        "deployed": told(deployed),
        "best": told(entries[0]),
        "all": list(map(told, entries)),
    }
    with wrap_write_errors(path):
        write_atomic(path, json.dumps(tree, indent=2) + "\n")
    best = entries[0]
    say(
        f"thresholds: hmean {deployed.hmean:.4f} with those of postprocessing; the best of {len(entries)} pairs is threshold "
        f"{best.threshold:g} with box_threshold {best.box_threshold:g}: {best.hmean:.4f} on the same pictures"
    )


def _as_tree(entry: ThresholdScores) -> SettingsDict:
    scores = {name: scores.as_dict() for name, scores in entry.scores.items()}
    pair = {"threshold": entry.threshold, "box_threshold": entry.box_threshold}
    return {**pair, "hmean": entry.hmean, "scores": scores}
