"""From settings to a recognizer's training."""

from pathlib import Path

from models.ctc import CTCCodec
from pipelines.reader import RecognitionSource, open_source, select
from pipelines.reader.kind import kind_of
from pipelines.run import CONFIG, Run
from pipelines.train.checks import describe_data
from pipelines.train.config import TrainConfig
from pipelines.train.preparation import Preparation
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.start import start_from
from synthtext.core import Charset, InputError
from synthtext.corpora import resolve_charset


def prepare_recognizer(config: TrainConfig) -> Preparation:
    """Open the data of a recognizer's training, and make its network.

    Args:
        config: with concrete device and precision, and sources.

    Raises:
        InputError: settings or data are wrong.
    """
    charset = charset_of(config.charset)
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    sources, held_out = [_open(entry.source) for entry in config.data], [_open(name) for name in config.val]
    selections = [select(source, codec, preprocessing, config.input.widest) for source in sources]
    task = RecognizerTask(config, charset, selections, held_out)
    started = start_from(task.model, charset, Run.open(Path(config.init))) if config.init else None
    told = list(describe_data(selections, held_out, charset))
    return Preparation(
        task=task,
        counts=[len(selection.rows) for selection in selections],
        tree={"kind": "recognizer", **config.model_dump(mode="json")},
        preprocessing=preprocessing,
        charset=charset,
        told=[*told, f"start from {config.init}: {started}"] if started else told,
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
