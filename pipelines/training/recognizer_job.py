"""From settings to the training of recognizers."""

from functools import partial
from pathlib import Path

from models.backbones.base import RECOGNIZER_BACKBONES
from models.ctc import CTCCodec
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.stream import Selection, select_lines
from pipelines.inference.run import CONFIG_FILE, RecognizerRun, RecognizerSettings, Run
from pipelines.training.data_checks import describe_data
from pipelines.training.initial_weights import load_initial_weights
from pipelines.training.networks import (
    build_students,
    describe_teachers,
    load_teachers,
    save_teachers,
    with_teacher_metadata,
)
from pipelines.training.recognizer import RecognizerTask
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.recognizer_data import LineData, open_lines, reject_recipes, resolve_recipes
from pipelines.training.task import TrainingSetup, check_resumable
from synthtext.core import Charset, InputError
from synthtext.corpora import resolve_charset


def prepare_recognizer(config: RecognizerTrainConfig, folder: Path, *, skip_inspection: bool = False) -> TrainingSetup:
    """Open the data of a recognizer's training and build its networks.

    Args:
        config: settings, with concrete device and precision, and sources.
        folder: the run directory, which is only read; it may hold the index of a recipe from an earlier start.
        skip_inspection: leave out the messages about the data, because another process has logged them.

    Raises:
        InputError: settings or data are wrong.
        JobError: too many lines of a recipe cannot be generated.
    """
    charset, preprocessing = resolve_training_charset(config.charset), config.input.preprocessing()
    reject_recipes(config.val, "validation needs a fixed dataset; make one with ocrmill generate")
    config, recipes = resolve_recipes(config)
    config = with_teacher_metadata(
        config, RecognizerRun.open, lambda run: _teacher_settings(run, charset, preprocessing)
    )
    students, origins = build_students(
        config,
        lambda sizes: sizes.build(charset, config.input.height),
        RecognizerRun.open,
        lambda network, run: str(load_initial_weights(network, charset, run)),
    )
    frozen = load_teachers(config, RecognizerRun.open)  # fails before all lines of a recipe are generated
    settings = {"kind": "recognizer", **config.model_dump(mode="json")}
    data = open_lines(config, recipes, folder, partial(check_resumable, folder, settings, charset))
    selections = _select(data, config, charset)
    messages: list[str] = []
    if not skip_inspection:
        described = describe_data(selections, data.validation, charset)
        messages = [*data.describe(), *described, *origins, *describe_teachers(config)]

    def on_start(run: Run) -> None:
        data.save_indexes(run)
        save_teachers(run, frozen)

    return TrainingSetup(
        task=RecognizerTask(config, charset, students, frozen, selections, data.validation),
        source_sizes=[len(selection.rows) for selection in selections],
        settings=settings,
        preprocessing=preprocessing,
        charset=charset,
        messages=messages,
        on_start=on_start,
    )


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


def _teacher_settings(
    run: RecognizerRun, charset: Charset, preprocessing: RecognizerPreprocessing
) -> RecognizerSettings:
    """Return the sizes of a run's network if it can be a teacher in this training.

    Raises:
        InputError: it is no recognizer, has no weights, another charset, or another preprocessing.
    """
    if run.charset != charset:
        raise InputError(
            f"{run.folder} cannot be the teacher: its charset has {len(run.charset):,} characters, that of this "
            f"training {len(charset):,}, and they differ; set charset={run.folder}"
        )
    teacher, student = run.preprocessing, preprocessing
    if (teacher.height, teacher.channels) != (student.height, student.channels):
        raise InputError(
            f"{run.folder} cannot be the teacher: its input is {teacher.height} pixels high in {teacher.channels}, "
            f"that of this training {student.height} in {student.channels}; change input"
        )
    run.load_model()
    return run.settings


def resolve_training_charset(name: str) -> Charset:
    """Return the charset of a run directory, or what `resolve_charset` finds under the name."""
    if (Path(name) / CONFIG_FILE).is_file():
        return RecognizerRun.open(Path(name)).charset
    return resolve_charset(name, Path.cwd())
