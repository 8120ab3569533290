"""Preset recipes: YAML files of this package, and templates for languages."""

import copy
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from pipelines.config import SettingsDict, read_yaml, suggest_key
from pipelines.recipes.paths import map_strings
from synthtext.core import InputError
from synthtext.corpora import languages

_PRESETS = Path(__file__).parent / "presets"
_TEMPLATES = _PRESETS / "templates"
_TEMPLATE = _TEMPLATES / "lines-language.yaml"
_DENSE_TEMPLATE = _TEMPLATES / "lines-dense.yaml"  # keys of languages with local numbers on top of the template
_LOCAL_NUMBERS = _TEMPLATES / "local-numbers.yaml"
_PREFIX = "lines-"  # of the presets of languages
_BASE_KEY = "base"  # names the preset that a recipe file is based on

RECIPE_SUFFIXES = (".yaml", ".yml")


def recipe_preset_names() -> tuple[str, ...]:
    """Return the names of all presets, including `lines-de` and the like for every language with a word list."""
    return tuple(sorted([*_files(), *(_PREFIX + language for language in languages())]))


def is_recipe(spec: str | Path) -> bool:
    """Return whether a source names a recipe: a YAML file, or a preset unless there is a path of the same name."""
    if "://" in str(spec):
        return False
    path = Path(spec)
    if path.suffix in RECIPE_SUFFIXES:
        return not path.is_dir()
    return str(spec) in recipe_preset_names() and not path.exists()


def read_preset(name: str) -> SettingsDict:
    """Read the settings of one of the `recipe_preset_names`.

    Raises:
        InputError: There is no such preset; the message names the most similar one.
    """
    language = name.removeprefix(_PREFIX)
    if name in _files():
        settings: SettingsDict = _read(_PRESETS / f"{name}.yaml")
    elif name.startswith(_PREFIX) and language in languages():
        settings = _language_settings(language)
    else:
        raise InputError(f"there is no recipe {name!r}; {_hint(name)} (or name a YAML file)")
    return apply_base(settings)


def apply_base(settings: SettingsDict) -> SettingsDict:
    """Return the settings of a recipe on top of those of the preset that its key `base` names.

    Raises:
        InputError: There is no such preset.
    """
    base, own = settings.get(_BASE_KEY), {key: value for key, value in settings.items() if key != _BASE_KEY}
    return own if base is None else {**read_preset(str(base)), **own}


def _language_settings(language: str) -> SettingsDict:
    """Return the settings of the preset of a language. Scripts other than Latin, Greek and Cyrillic have more keys."""
    settings: SettingsDict = map_strings(_read(_TEMPLATE), lambda text: text.replace("{language}", language))
    local = _read(_LOCAL_NUMBERS).get(language)
    return {**settings, **_read(_DENSE_TEMPLATE), "corpus": settings["corpus"] + local} if local else settings


def _read(path: Path) -> SettingsDict:
    """Read a file of the package, which is parsed once: the presets of all languages share their templates."""
    return copy.deepcopy(_parse(path))


@cache
def _parse(path: Path) -> SettingsDict:
    return read_yaml(path)


def _files() -> list[str]:
    return [path.stem for path in _PRESETS.glob("*.yaml")]


def _hint(name: str) -> str:
    if name.startswith(_PREFIX) and len(name) <= len(_PREFIX) + 3:  # the code of a language, not a misspelt name
        return f"'{_PREFIX}' is followed by the code of a language: {', '.join(languages())}"
    close = get_close_matches(name, recipe_preset_names(), n=1)
    return suggest_key(name, close or [*_files(), f"{_PREFIX}LANGUAGE"])
