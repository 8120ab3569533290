"""The adaptation of a network to photographs without labels."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.adaptation.detector_round import DetectorRounds
from pipelines.adaptation.photo_sources import open_photos
from pipelines.adaptation.photos import MIN_PICTURES, PhotoLines, collect_lines
from pipelines.adaptation.recognizer_round import RecognizerRounds
from pipelines.adaptation.round import (
    MODEL_FOLDER,
    RESULT_FILE,
    AdaptResult,
    RoundResult,
    RoundRunner,
    copy_model,
    run_rounds,
)
from pipelines.adaptation.settings import AdaptSettings
from pipelines.adaptation.steps import run_step
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.inference.predictors import TextDetector
from pipelines.inference.reader import PUBLISHED_BOX_THRESHOLD
from pipelines.inference.resolve import open_detector
from pipelines.inference.run import DetectorRun, Run, open_run
from pipelines.io.atomic import file_lock, file_sha256
from pipelines.io.paths import absolute_path
from pipelines.recipes.presets import is_recipe
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

_logger = logging.getLogger("pipelines.adaptation")


@dataclass(frozen=True)
class AdaptJob:
    """What an adaptation is made of; a folder resumes only the same one.

    Attributes:
        model: Run directory, absolute.
        weights: SHA-256 of its weights.
        photos: As the user gave them.
        settings: Settings; the number of rounds may change.
    """

    model: str
    weights: str
    photos: tuple[str, ...]
    settings: AdaptSettings


@dataclass(frozen=True)
class Adaptation:
    """An adaptation so far: its job, the lines of its photographs, and its rounds."""

    job: AdaptJob
    lines: PhotoLines
    rounds: tuple[RoundResult, ...]


def adapt(
    model: Path,
    photos: Sequence[str],
    out: Path,
    settings: AdaptSettings,
    on_round: Callable[[Adaptation], None] = lambda _: None,
) -> AdaptResult:
    """Adapt a network to photographs without labels. Repeat the same call to resume an interrupted adaptation.

    Args:
        model: Run directory of a recognizer or a detector.
        photos: Names of photographs, see `open_photos`.
        out: Folder of the adaptation; the best network is in its subfolder `model`.
        settings: Settings of the adaptation.
        on_round: Called after every round.

    Raises:
        InputError: An argument is wrong, the folder holds another adaptation, or the photographs show hardly any text.
        JobError: A file cannot be written, or a training failed.
    """
    run = open_run(model.absolute())
    settings = _absolute(run, settings)
    job = AdaptJob(str(run.folder), file_sha256(run.weights_path()), tuple(photos), settings)
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    with file_lock(out / ".lock"):
        _check_job(out, job)
        lines = run_step(out / "photos.json", PhotoLines, lambda: _collect(run, photos, out / "photos", settings))
        _logger.info("%s", describe_lines(lines))
        kind: type[RoundRunner] = DetectorRounds if isinstance(run, DetectorRun) else RecognizerRounds
        runner = kind(settings, run.folder, out)
        found = run_rounds(runner, lambda rounds: on_round(Adaptation(job, lines, rounds)))
        copy_model(open_run(found.model), out / MODEL_FOLDER)
        (out / RESULT_FILE).unlink(missing_ok=True)
        return run_step(out / RESULT_FILE, AdaptResult, lambda: found)


def describe_lines(lines: PhotoLines) -> str:
    """Describe what was found in the photographs in a sentence."""
    left_out = "".join(f"; {reason}: {count:,}" for reason, count in lines.left_out.items())
    return (
        f"{lines.pictures:,} photographs: {lines.lines:,} lines or pictures to adapt to, {lines.held_out:,} held out"
        f"{left_out}"
    )


def _absolute(run: Run, settings: AdaptSettings) -> AdaptSettings:
    """Return the settings with absolute paths, after checking the files that they name."""
    changes: dict[str, object] = {}
    for name in ("base", "replay", "val"):
        value = getattr(settings, name)
        if value is not None and not (is_recipe(value) and not Path(value).suffix):
            changes[name] = absolute_path(value)
    if settings.lexicon is not None:
        changes["lexicon"] = settings.lexicon.absolute()
        if not settings.lexicon.is_file():
            raise InputError(f"{settings.lexicon}: there is no such lexicon; name a text file with a word on each line")
    base = resolve_recipe(settings.base)
    needed = "scenes" if isinstance(run, DetectorRun) else "lines"
    if base.kind != needed:
        raise InputError(
            f"recipe {settings.base} generates {base.kind}, not {needed}; name a recipe of {needed} with --base"
        )
    if isinstance(run, DetectorRun):
        _check_detector_settings(settings)
    return settings.model_copy(update=changes)


def _check_detector_settings(settings: AdaptSettings) -> None:
    """Raise InputError if there are settings of recognizers."""
    for name in ("lexicon", "pattern", "det"):
        if getattr(settings, name) is not None:
            raise InputError(f"--{name} is for recognizers, and the model is a detector: leave it out")
    if settings.replay is not None and is_recipe(settings.replay):
        raise InputError(f"{settings.replay} is a recipe: a detector needs a dataset; make one with ocrmill generate")


def _check_job(out: Path, job: AdaptJob) -> None:
    """Raise InputError if the folder holds another adaptation, or something else."""
    path = out / "adapt.json"
    others = [entry.name for entry in out.iterdir() if entry.name not in (".lock", "adapt.json")]
    if not path.is_file() and others:
        raise InputError(f"{out} holds something other than an adaptation ({others[0]}): name a new or empty folder")
    stored = run_step(path, AdaptJob, lambda: job)
    for name in ("model", "weights", "photos"):
        if getattr(stored, name) != getattr(job, name):
            raise InputError(
                f"{out} holds an adaptation with other {name}: name another folder, or use the same {name}"
            )
    before, after = (each.settings.model_dump(exclude={"rounds"}) for each in (stored, job))
    for name, value in before.items():
        if after[name] != value:
            raise InputError(f"{out} holds an adaptation with {name}={value}, not {after[name]}: name another folder")


def _collect(run: Run, photos: Sequence[str], folder: Path, settings: AdaptSettings) -> PhotoLines:
    if isinstance(run, DetectorRun):
        scenes = [] if settings.val is None else [open_scene_source(settings.val)]
        sources = open_photos(photos, "pictures")
        return collect_lines(sources, folder, None, scenes, settings.held_out, settings.seed, MIN_PICTURES)
    sources = open_photos(photos, settings.kind)
    detector: TextDetector | None = None
    if not all(source.are_lines for source in sources):
        detector = open_detector(settings.det)
        if settings.det is None:
            detector = detector.with_postprocessing(box_threshold=PUBLISHED_BOX_THRESHOLD)
    elif settings.det is not None:
        raise InputError("--det finds the lines of whole pictures, but the photographs are lines: leave it out")
    lines = [] if settings.val is None else [open_line_source(settings.val)]
    return collect_lines(sources, folder, detector, lines, settings.held_out, settings.seed)
