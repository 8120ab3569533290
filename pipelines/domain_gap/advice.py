"""Words about features: what differs between real and generated samples, and which settings of a recipe change it."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from pipelines.config import read_yaml

_FOLDER = Path(__file__).with_name("words")
_FILES = ("lines.yaml", "scenes.yaml")
_SETTINGS = "settings"  # key of the settings that several features name


class Advice(NamedTuple):
    """Words about a feature of lines, or of scenes and their texts."""

    noun: str  # "Real lines vary more in <noun>"
    settings: str  # that control how much it varies
    more: str  # "Real lines <more>", if the feature is larger
    increase: str  # what to change then
    less: str  # "Real lines <less>", if it is smaller
    decrease: str  # what to change then


@cache
def read_advice() -> Mapping[str, Mapping[str, Advice]]:
    """Read the words about every feature, by what it is measured on ("lines", "texts", "scenes") and by its name."""
    shared = read_yaml(_FOLDER / "shared.yaml")
    found: dict[str, dict[str, Advice]] = {}
    for file in _FILES:
        content = read_yaml(_FOLDER / file)
        settings = content.pop(_SETTINGS)
        for subject, features in content.items():
            found[subject] = dict(_fill(features, shared, settings))
    return found


def _fill(
    features: Mapping[str, Any], shared: Mapping[str, Any], settings: Mapping[str, str]
) -> Iterator[tuple[str, Advice]]:
    """Yield the words about features, with the shared words and with the names of settings replaced."""
    for name, words in features.items():
        merged = {**shared.get(name, {}), **words} if "noun" not in words else words
        yield name, Advice(**{key: Template(text).substitute(settings) for key, text in merged.items()})
