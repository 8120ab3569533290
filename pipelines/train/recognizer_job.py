"""From settings to a recognizer's training."""

from functools import partial
from pathlib import Path

from models.ctc import CTCCodec
from pipelines.reader import select
from pipelines.run import CONFIG, Run
from pipelines.train.checks import describe_data
from pipelines.train.config import TrainConfig
from pipelines.train.drawn_data import refuse_recipes, with_recipes
from pipelines.train.folder import check_same
from pipelines.train.line_data import open_lines
from pipelines.train.preparation import Preparation
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.start import start_from
from synthtext.core import Charset
from synthtext.corpora import resolve_charset


def prepare_recognizer(config: TrainConfig, folder: Path) -> Preparation:
    """Open the data of a recognizer's training, and make its network.

    Args:
        config: with concrete device and precision, and sources.
        folder: of the RUN, which is only read: it may know the lines of a recipe from an earlier start.

    Raises:
        InputError: settings or data are wrong.
        JobError: too many lines of a recipe could not be drawn.
    """
    charset = charset_of(config.charset)
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    refuse_recipes(config.val, "validate on lines that are there; ocrmill generate makes a data set of it")
    config, recipes = with_recipes(config)
    tree = {"kind": "recognizer", **config.model_dump(mode="json")}
    data = open_lines(config, recipes, folder, partial(check_same, folder, tree, charset))
    selections = [select(source, codec, preprocessing, config.input.widest) for source in data.sources]
    task = RecognizerTask(config, charset, selections, data.held_out)
    started = start_from(task.model, charset, Run.open(Path(config.init))) if config.init else None
    told = [*data.told(), *describe_data(selections, data.held_out, charset)]
    return Preparation(
        task=task,
        counts=[len(selection.rows) for selection in selections],
        tree=tree,
        preprocessing=preprocessing,
        charset=charset,
        told=[*told, f"start from {config.init}: {started}"] if started else told,
        begin=data.keep,
    )


def charset_of(name: str) -> Charset:
    """The charset that a training's setting names: a RUN's, or whatever `resolve_charset` finds."""
    if (Path(name) / CONFIG).is_file():
        return Run.open(Path(name)).charset
    return resolve_charset(name, Path.cwd())
