"""Recipes that come with the project: files, and one template for all languages."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pipelines.config import SettingsDict, read_yaml, suggest_key
from synthtext.core import InputError
from synthtext.corpora import languages

_PRESETS = Path(__file__).parent / "presets"
_TEMPLATE = _PRESETS / "templates" / "lines-language.yaml"
_PREFIX = "lines-"  # of a language's preset
_SUFFIXES = (".yaml", ".yml")
_BASE = "base"  # the preset that a file takes its other settings from


def recipe_preset_names() -> tuple[str, ...]:
    """The recipes that come with the project; `lines-de` and the like for every language that wordfreq knows."""
    return tuple(sorted([*_files(), *(_PREFIX + language for language in languages())]))


def is_recipe(spec: str | Path) -> bool:
    """Whether a source that a user names is a recipe: a YAML file, or a preset of whose name there is no path."""
    if "://" in str(spec):
        return False
    path = Path(spec)
    if path.suffix in _SUFFIXES:
        return not path.is_dir()
    return str(spec) in recipe_preset_names() and not path.exists()


def read_preset(name: str) -> SettingsDict:
    """The settings of a preset.

    Args:
        name: one of `preset_names()`.

    Raises:
        InputError: there is none of that name; the message names the nearest.
    """
    language = name.removeprefix(_PREFIX)
    if name in _files():
        tree: SettingsDict = read_yaml(_PRESETS / f"{name}.yaml")
    elif name.startswith(_PREFIX) and language in languages():
        tree = _filled(read_yaml(_TEMPLATE), language)
    else:
        raise InputError(f"there is no recipe {name!r}; {_hint(name)} (or name a YAML file)")
    return apply_base(tree)


def apply_base(tree: SettingsDict) -> SettingsDict:
    """A recipe as it is written, with what it takes from the preset that its `base` names.

    Raises:
        InputError: there is no such preset.
    """
    base, own = tree.get(_BASE), {key: value for key, value in tree.items() if key != _BASE}
    return own if base is None else {**read_preset(str(base)), **own}


def _files() -> list[str]:
    return [path.stem for path in _PRESETS.glob("*.yaml")]


def _filled(node: Any, language: str) -> Any:
    """A copy of a part of the template with the language in its place."""
    if isinstance(node, dict):
        return {key: _filled(value, language) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, language) for value in node]
    return node.replace("{language}", language) if isinstance(node, str) else node


def _hint(name: str) -> str:
    if name.startswith(_PREFIX) and len(name) <= len(_PREFIX) + 3:  # a language's code, and no misspelt name
        return f"'{_PREFIX}' is followed by the code of a language: {', '.join(languages())}"
    close = get_close_matches(name, recipe_preset_names(), n=1)
    return suggest_key(name, close or [*_files(), f"{_PREFIX}LANGUAGE"])
