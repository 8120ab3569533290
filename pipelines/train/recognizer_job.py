"""From settings to a recognizer's training."""

from functools import partial
from pathlib import Path

from models.ctc import CTCCodec
from pipelines.reader import RecognitionSource, open_source, select
from pipelines.reader.kind import kind_of
from pipelines.run import CONFIG, Run
from pipelines.train.checks import describe_data
from pipelines.train.config import TrainConfig
from pipelines.train.drawn_data import check_recipes, describe_recipes, keep_recipes, refuse_recipes, with_recipes
from pipelines.train.folder import check_same
from pipelines.train.preparation import Preparation
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.start import start_from
from synthtext.core import Charset, InputError
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
    refuse_recipes(config.val, "what is validated on must stay there: ocrmill generate makes a data set of it")
    config, recipes = with_recipes(config)
    tree = {"kind": "recognizer", **config.model_dump(mode="json")}
    held_out = [_open(name) for name in config.val]
    opened = {number: _open(entry.source) for number, entry in enumerate(config.data) if number not in recipes}
    check_recipes(recipes, folder)
    check_same(folder, tree, charset)  # before all lines of a recipe are drawn
    drawn = {number: recipe.open(folder, config.data_workers) for number, recipe in recipes.items()}
    sources = [source for _, source in sorted({**opened, **drawn}.items())]
    selections = [select(source, codec, preprocessing, config.input.widest) for source in sources]
    task = RecognizerTask(config, charset, selections, held_out)
    started = start_from(task.model, charset, Run.open(Path(config.init))) if config.init else None
    told = [*describe_recipes(drawn), *describe_data(selections, held_out, charset)]
    return Preparation(
        task=task,
        counts=[len(selection.rows) for selection in selections],
        tree=tree,
        preprocessing=preprocessing,
        charset=charset,
        told=[*told, f"start from {config.init}: {started}"] if started else told,
        begin=partial(keep_recipes, recipes, drawn),
    )


def _open(spec: str) -> RecognitionSource:
    if Path(spec).exists() and kind_of(spec) == "scenes":
        raise InputError(
            f"{spec} holds scenes, not lines: a recognizer cannot learn from it; take a preset det-..., or cut its "
            "texts out with ocrmill crops"
        )
    return open_source(spec)


def charset_of(name: str) -> Charset:
    """The charset that a training's setting names: a RUN's, or whatever `resolve_charset` finds."""
    if (Path(name) / CONFIG).is_file():
        return Run.open(Path(name)).charset
    return resolve_charset(name, Path.cwd())
