"""Paths and URIs in the settings of recipes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from pipelines.config import SettingsDict
from pipelines.io.cache import fetch_path
from pipelines.io.location import RemotePath
from pipelines.io.paths import expand_user, parse_path
from pipelines.recipes.readability import PUBLISHED
from synthtext.corpora import is_charset_name

_URIS: dict[str, str] = {}
"""The URI of each file or folder that was fetched, by its local path."""


def resolve_path(value: str | Path, folder: Path) -> Path:
    """Return the absolute local path of a setting.

    Args:
        value: A path, relative to `folder`, or a URI. The content of a URI is fetched.
        folder: Where relative paths start.

    Raises:
        InputError: There is nothing at the URI, or it cannot be read.
        JobError: The content of the URI cannot be stored on this machine.
    """
    location = parse_path(value)
    if isinstance(location, RemotePath):
        path = fetch_path(location)
        _URIS[str(path)] = location.uri
        return path
    return (folder / location).absolute()


def restore_uris(settings: Any) -> Any:
    """Return settings in which fetched files are named by URI again, so that other machines can fetch them."""
    return map_strings(settings, lambda text: _URIS.get(text, text))


def map_strings(settings: Any, function: Callable[[str], str]) -> Any:
    """Return settings with a function applied to every string that is a value."""
    if isinstance(settings, dict):
        return {key: map_strings(value, function) for key, value in settings.items()}
    if isinstance(settings, list):
        return [map_strings(value, function) for value in settings]
    return function(settings) if isinstance(settings, str) else settings


def resolve_paths(annotation: Any, value: Any, folder: Path) -> Any:
    """Make the relative paths in the value of a field absolute; the annotation of the field tells which are paths.

    A string in a field of type `str | Path` is a path, unless it names a charset.
    """
    if annotation is not Path and Path not in get_args(annotation):
        return value
    if isinstance(value, str) and str in get_args(annotation) and is_charset_name(value):
        return value
    if isinstance(value, str | Path):
        return resolve_path(value, folder)
    return [resolve_paths(Path, entry, folder) for entry in value] if isinstance(value, list | tuple) else value


def resolve_recipe_paths(settings: Mapping[str, Any], folder: Path) -> SettingsDict:
    """Return the settings of a recipe with absolute paths of fonts, modules, charset and recognizer.

    Args:
        settings: As written, not validated yet.
        folder: Of the recipe. It is always one of the folders of modules.
    """
    result = dict(settings)
    fonts = result.get("fonts")
    if isinstance(fonts, dict) and isinstance(fonts.get("folders"), list):
        folders = [str(resolve_path(str(entry), folder)) for entry in fonts["folders"]]
        result["fonts"] = {**fonts, "folders": folders}
    readability = result.get("readability")
    if isinstance(readability, dict) and readability.get("recognizer") not in (None, "", PUBLISHED):
        path = str(resolve_path(str(readability["recognizer"]), folder))
        result["readability"] = {**readability, "recognizer": path}
    modules = result.get("modules") or []
    if isinstance(modules, list):
        paths = [folder, *(folder / expand_user(str(entry)) for entry in modules)]
        result["modules"] = [str(path) for path in dict.fromkeys(path.absolute() for path in paths)]
    charset = result.get("charset")
    if isinstance(charset, str) and not is_charset_name(charset) and (folder / charset).is_file():
        result["charset"] = str((folder / charset).absolute())
    elif isinstance(charset, dict) and isinstance(charset.get("file"), str):
        result["charset"] = {**charset, "file": str((folder / charset["file"]).absolute())}
    return result
