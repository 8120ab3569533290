"""Settings of a recognizer's training that follow from its data: the charset and the minimum width of the input."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.datasets.source import LineSource
from pipelines.datasets.stream import OUTSIDE_CHARSET, Selection, resized_widths
from pipelines.inference.run import CONFIG_FILE, RecognizerRun
from pipelines.io.description import DESCRIPTION_FILE, read_description
from pipelines.io.paths import parse_path
from pipelines.training.configs import DATA_CHARSET, InputSettings, RecognizerTrainConfig
from pipelines.training.recognizer_data import OnlineData
from synthtext.core import Charset, CorpusCoverage, InputError
from synthtext.corpora import CharsetOptions, resolve_charset

_COVERED_LINES = 95  # percentile of the widths of the lines that the chosen minimum width covers
_SMALLEST_WIDTH = 32
_MAX_LISTED = 10


def resolve_training_charset(
    spec: str | CharsetOptions, sources: Mapping[int, LineSource], recipes: Mapping[int, OnlineData]
) -> Charset:
    """Return the charset of a training.

    Args:
        spec: the setting `charset`: "data" for the characters of the data, the charset of a run directory, or what
            `resolve_charset` accepts.
        sources, recipes: the data, by the index of their entry in `data`.

    Raises:
        InputError: there is no such charset, or the data have no characters.
    """
    if isinstance(spec, str) and (Path(spec) / CONFIG_FILE).is_file():
        return RecognizerRun.open(Path(spec)).charset
    if spec != DATA_CHARSET:
        return resolve_charset(spec, Path.cwd())
    charsets: dict[int, Iterable[str]] = {index: recipe.recipe.charset for index, recipe in recipes.items()}
    charsets |= {index: _characters(source) for index, source in sources.items()}
    return Charset(tuple(dict.fromkeys(character for _, each in sorted(charsets.items()) for character in each)))


def _characters(source: LineSource) -> Iterable[str]:
    """Return the charset in the description of a dataset, otherwise the characters of the labels, sorted."""
    description = parse_path(source.name) / DESCRIPTION_FILE
    if description.is_file() and (characters := read_description(description).charset):
        return characters
    return sorted({character for text in source.texts() for character in unicodedata.normalize("NFC", text)})


def check_charset_loss(selections: Sequence[Selection], charset: Charset, config: RecognizerTrainConfig) -> None:
    """Check that few training lines have characters outside the charset.

    Raises:
        InputError: they are more than the share `max_outside_charset`; the message names the characters.
    """
    total = sum(selection.discards.total for selection in selections)
    outside = sum(selection.discards.reasons.get(OUTSIDE_CHARSET, 0) for selection in selections)
    if outside > config.max_outside_charset * total:
        texts = (text for selection in selections for text in selection.source.texts())
        raise InputError(
            f"{outside:,} of {total:,} training lines ({outside / total:.0%}) have characters outside the charset: "
            f"{_format_characters(charset.compare_with(texts))}. Set charset=data to learn all characters of the "
            f"data, or max_outside_charset=1 to train without these lines"
        )


def _format_characters(coverage: CorpusCoverage) -> str:
    entries = [f"{c!r} ({count:,})" for c, count in list(coverage.out_of_charset.items())[:_MAX_LISTED]]
    more = len(coverage.out_of_charset) - len(entries)
    return ", ".join(entries) + (f" and {more} more" if more > 0 else "")


def saved_input(config: RecognizerTrainConfig, folder: Path) -> RecognizerTrainConfig:
    """Return the settings with the minimum width that was chosen when the training in a run directory began."""
    if config.input.min_width is None and (folder / CONFIG_FILE).is_file():
        return _with_min_width(config, RecognizerRun.open(folder).preprocessing.min_width)
    return config


def choose_input(config: RecognizerTrainConfig, sources: Sequence[LineSource]) -> tuple[RecognizerTrainConfig, str]:
    """Choose the minimum width of the input from the training lines, unless it is set.

    Without short lines it is that of the run in `init`, or less: what 95 % of the lines need.

    Returns:
        The settings, and a message about the choice; empty without one.
    """
    if config.input.min_width is not None:
        return config, ""
    preprocessing = config.input.preprocessing()
    widths = np.concatenate([resized_widths(source, preprocessing) for source in sources])
    before = InputSettings().min_width if config.init is None else _init_width(config.init)
    needed = int(np.percentile(widths, _COVERED_LINES, method="higher"))
    chosen = min(replace(preprocessing, min_width=_SMALLEST_WIDTH).batch_width(needed), before or _SMALLEST_WIDTH)
    message = (
        "" if chosen == before else f"input.min_width={chosen} covers 95 % of the lines (in {config.init}: {before})"
    )
    return _with_min_width(config, chosen), message


def _init_width(init: str) -> int:
    return RecognizerRun.open(Path(init)).preprocessing.min_width


def _with_min_width(config: RecognizerTrainConfig, width: int) -> RecognizerTrainConfig:
    return config.model_copy(update={"input": config.input.model_copy(update={"min_width": width})})
