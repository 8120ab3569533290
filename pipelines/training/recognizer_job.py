"""From settings to the training of recognizers."""

from functools import partial
from pathlib import Path

from models.ctc import CTCCodec
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.selection import select
from pipelines.inference.run import CONFIG, NetworkSettings, Run
from pipelines.training.data_checks import describe_data
from pipelines.training.initial_weights import start_from
from pipelines.training.network_building import build_frozen, build_learners, describe_frozen, keep_frozen, with_facts
from pipelines.training.recognizer import RecognizerTask
from pipelines.training.recognizer_config import TrainConfig
from pipelines.training.recognizer_data import open_lines, refuse_recipes, with_recipes
from pipelines.training.task import Preparation, check_same
from synthtext.core import Charset, InputError
from synthtext.corpora import resolve_charset


def prepare_recognizer(config: TrainConfig, folder: Path, *, is_known: bool = False) -> Preparation:
    """Open the data of a recognizer's training, and make the networks.

    Args:
        config: with concrete device and precision, and sources.
        folder: of the RUN, which is only read: it may know the lines of a recipe from an earlier start.
        is_known: another process has begun the RUN and told about the data: nothing is told.

    Raises:
        InputError: settings or data are wrong.
        JobError: too many lines of a recipe could not be drawn.
    """
    charset = charset_of(config.charset)
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    refuse_recipes(config.val, "validate on lines that are there; ocrmill generate makes a data set of it")
    config, recipes = with_recipes(config)
    config = with_facts(config, "recognizer", lambda run: _teaching(run, charset, preprocessing))
    learners, origins = build_learners(
        config,
        lambda sizes: sizes.build(charset, config.input.height),
        lambda network, run: str(start_from(network, charset, run)),
    )
    frozen = build_frozen(config, Run.load_recognizer)  # before all lines of a recipe are looked at
    tree = {"kind": "recognizer", **config.model_dump(mode="json")}
    data = open_lines(config, recipes, folder, partial(check_same, folder, tree, charset))
    selections = [select(source, codec, preprocessing, config.input.widest) for source in data.sources]

    told: list[str] = []
    if not is_known:
        told = [*data.told(), *describe_data(selections, data.held_out, charset), *origins, *describe_frozen(config)]

    def begin(run: Run) -> None:
        data.keep(run)
        keep_frozen(run, frozen)

    return Preparation(
        task=RecognizerTask(config, charset, learners, frozen, selections, data.held_out),
        counts=[len(selection.rows) for selection in selections],
        tree=tree,
        preprocessing=preprocessing,
        charset=charset,
        told=told,
        begin=begin,
    )


def _teaching(run: Run, charset: Charset, preprocessing: RecognizerPreprocessing) -> NetworkSettings:
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
    run.load_recognizer()
    return run.network


def charset_of(name: str) -> Charset:
    """The charset that a training's setting names: a RUN's, or whatever `resolve_charset` finds."""
    if (Path(name) / CONFIG).is_file():
        return Run.open(Path(name)).charset
    return resolve_charset(name, Path.cwd())
