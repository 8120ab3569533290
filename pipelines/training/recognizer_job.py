"""From settings to the training of recognizers."""

from functools import partial
from pathlib import Path

from models.ctc import CTCCodec
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.selection import select_lines
from pipelines.inference.run import CONFIG_FILE, RecognizerRun, RecognizerSettings, Run
from pipelines.training.data_checks import describe_data
from pipelines.training.initial_weights import load_initial_weights
from pipelines.training.network_building import (
    build_students,
    describe_teachers,
    load_teachers,
    save_teachers,
    with_teacher_metadata,
)
from pipelines.training.recognizer import RecognizerTask
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.recognizer_data import open_lines, reject_recipes, resolve_recipes
from pipelines.training.task import TrainingSetup, check_resumable
from synthtext.core import Charset, InputError
from synthtext.corpora import resolve_charset


def prepare_recognizer(config: RecognizerTrainConfig, folder: Path, *, is_known: bool = False) -> TrainingSetup:
    """Open the data of a recognizer's training, and make the networks.

    Args:
        config: with concrete device and precision, and sources.
        folder: of the RUN, which is only read: it may know the lines of a recipe from an earlier start.
        is_known: another process has begun the RUN and told about the data: nothing is told.

    Raises:
        InputError: settings or data are wrong.
        JobError: too many lines of a recipe could not be drawn.
    """
    charset = resolve_training_charset(config.charset)
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    reject_recipes(config.val, "validate on lines that are there; ocrmill generate makes a data set of it")
    config, recipes = resolve_recipes(config)
    config = with_teacher_metadata(
        config, "recognizer", lambda folder: _teaching(RecognizerRun.open(folder), charset, preprocessing)
    )
    learners, origins = build_students(
        config,
        lambda sizes: sizes.build(charset, config.input.height),
        lambda network, folder: str(load_initial_weights(network, charset, RecognizerRun.open(folder))),
    )
    frozen = load_teachers(
        config, lambda folder: RecognizerRun.open(folder).load_model()
    )  # before all lines of a recipe are looked at
    tree = {"kind": "recognizer", **config.model_dump(mode="json")}
    data = open_lines(config, recipes, folder, partial(check_resumable, folder, tree, charset))
    selections = [select_lines(source, codec, preprocessing, config.input.drop_wider_than) for source in data.sources]

    told: list[str] = []
    if not is_known:
        told = [
            *data.describe(),
            *describe_data(selections, data.validation, charset),
            *origins,
            *describe_teachers(config),
        ]

    def begin(run: Run) -> None:
        data.keep(run)
        save_teachers(run, frozen)

    return TrainingSetup(
        task=RecognizerTask(config, charset, learners, frozen, selections, data.validation),
        source_sizes=[len(selection.rows) for selection in selections],
        settings=tree,
        preprocessing=preprocessing,
        charset=charset,
        messages=told,
        on_start=begin,
    )


def _teaching(run: RecognizerRun, charset: Charset, preprocessing: RecognizerPreprocessing) -> RecognizerSettings:
    """Sizes of a RUN's network, if it has one that can teach.

    Raises:
        InputError: it is no recognizer's, has no weights, knows other characters, or wants another input.
    """
    there, here = run.preprocessing, preprocessing
    if run.charset != charset:
        raise InputError(
            f"{run.folder} cannot teach: it knows other characters ({len(run.charset):,} of them, {len(charset):,} are "
            f"wanted here); say charset={run.folder}"
        )
    if (there.height, there.channels) != (here.height, here.channels):
        raise InputError(
            f"{run.folder} cannot teach: it wants lines {there.height} high in {there.channels}, but this training has "
            f"{here.height} and {here.channels}; change input"
        )
    run.load_model()
    return run.settings


def resolve_training_charset(name: str) -> Charset:
    """The charset that a training's setting names: a RUN's, or whatever `resolve_charset` finds."""
    if (Path(name) / CONFIG_FILE).is_file():
        return RecognizerRun.open(Path(name)).charset
    return resolve_charset(name, Path.cwd())
