"""From settings to the training of recognizers."""

from pathlib import Path

from models.ctc import CTCCodec
from pipelines.preprocessing import RecognizerPreprocessing
from pipelines.reader import RecognitionSource, open_source, select
from pipelines.reader.kind import kind_of
from pipelines.run import CONFIG, NetworkSettings, Run
from pipelines.train.checks import describe_data
from pipelines.train.config import TrainConfig
from pipelines.train.members import build_frozen, build_learners, describe_frozen, keep_frozen, with_facts
from pipelines.train.preparation import Preparation
from pipelines.train.recognizer import RecognizerTask
from pipelines.train.start import start_from
from synthtext.core import Charset, InputError
from synthtext.corpora import resolve_charset


def prepare_recognizer(config: TrainConfig) -> Preparation:
    """Open the data of a recognizer's training, and make the networks.

    Args:
        config: with concrete device and precision, and sources.

    Raises:
        InputError: settings or data are wrong.
    """
    charset = charset_of(config.charset)
    codec, preprocessing = CTCCodec(charset), config.input.preprocessing()
    sources, held_out = [_open(entry.source) for entry in config.data], [_open(name) for name in config.val]
    selections = [select(source, codec, preprocessing, config.input.widest) for source in sources]
    config = with_facts(config, "recognizer", lambda run: _teaching(run, charset, preprocessing))
    learners, origins = build_learners(
        config,
        lambda sizes: sizes.build(charset, config.input.height),
        lambda network, run: str(start_from(network, charset, run)),
    )
    frozen = build_frozen(config, Run.load_recognizer)
    return Preparation(
        task=RecognizerTask(config, charset, learners, frozen, selections, held_out),
        counts=[len(selection.rows) for selection in selections],
        tree={"kind": "recognizer", **config.model_dump(mode="json")},
        preprocessing=preprocessing,
        charset=charset,
        told=[*describe_data(selections, held_out, charset), *origins, *describe_frozen(config)],
        begin=lambda run: keep_frozen(run, frozen),
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
