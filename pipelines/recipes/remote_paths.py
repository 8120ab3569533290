"""Files and folders that a recipe names by URI: fetched wherever it is read, told by their URI."""

from pathlib import Path
from typing import Any

from pipelines.io.cache import fetch_path
from pipelines.io.location import RemotePath
from pipelines.io.paths import parse_path

_URIS: dict[str, str] = {}
"""Where fetched ones are from, by their paths on this machine."""


def resolve_path(value: str | Path, folder: Path) -> Path:
    """The absolute path that a setting means.

    Args:
        value: a path, relative to the folder, or a URI, whose content is then fetched.
        folder: of the recipe.

    Raises:
        InputError: there is nothing at the URI, or it cannot be read.
        JobError: what is there cannot be kept on this machine.
    """
    found = parse_path(value)
    if isinstance(found, RemotePath):
        path = fetch_path(found)
        _URIS[str(path)] = found.uri
        return path
    return (folder / found).absolute()


def restore_uris(tree: Any) -> Any:
    """Settings in which what was fetched is named by its URI again, so that other machines can fetch it."""
    if isinstance(tree, dict):
        return {key: restore_uris(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [restore_uris(value) for value in tree]
    return _URIS.get(tree, tree) if isinstance(tree, str) else tree
