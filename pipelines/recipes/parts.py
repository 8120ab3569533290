"""What recipes of every kind have in common: how their parts are written, built, and told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import Tree
from pipelines.io.paths import expanded
from pipelines.recipes.components import Component, ComponentKind, build_component
from pipelines.recipes.remote_paths import path_of
from synthtext import Entry
from synthtext.core import InputError
from synthtext.corpora import CorpusMixture, is_charset_name

Shares = dict[str, float | dict[str, Any]]
"""Components by name: a weight, or settings with a `weight` among them."""


class InkSettings(BaseModel):
    """The ink of a recipe: the least local contrast, styles by weight, and where colours come from."""

    model_config = ConfigDict(extra="forbid")
    contrast_floor: float = 40
    styles: Shares = Field(default={"plain": 1})
    colours: Shares = Field(default={"any_colour": 1})


class PartsBuilder:
    """Builds the components of a recipe.

    Args:
        folder: relative paths start here.
        where: names the recipe in errors.
    """

    def __init__(self, folder: Path, where: str) -> None:
        self._folder, self._where = folder, where

    def listed(self, kind: ComponentKind, key: str, share: str, entries: list[dict[str, Any]]) -> tuple[Component, ...]:
        """Components that a recipe lists under a key; `share` is "weight" or "probability".

        Raises:
            InputError: one of them is wrong; the sentence names its place.
        """
        return tuple(
            build_component(kind, entry, share, self._folder, f"{self._where}: {key}.{i}")
            for i, entry in enumerate(entries)
        )

    def shared(self, kind: ComponentKind, key: str, shares: Shares) -> tuple[Component, ...]:
        """Components that a recipe has by name, in the order of their names; raises as `listed` does."""
        for use, share in shares.items():
            if isinstance(share, dict) and "use" in share:
                raise InputError(f"{self._where}: {key}.{use}: the name is the use; take out the key 'use'")
        entries = [
            {"use": use, **(share if isinstance(share, dict) else {"weight": share})}
            for use, share in sorted(shares.items())
        ]
        return tuple(
            build_component(kind, entry, "weight", self._folder, f"{self._where}: {key}.{entry['use']}")
            for entry in entries
        )


def check_weights(weighted: Mapping[str, tuple[Component, ...]], where: str) -> None:
    """Check components that are drawn by weight, by their key in the recipe.

    Raises:
        InputError: all weights under a key are 0.
    """
    for key, parts in weighted.items():
        if not any(part.share > 0 for part in parts):
            raise InputError(f"{where}: {key}: every weight is 0; nothing could be drawn")


def mixture_of(corpora: tuple[Component, ...]) -> CorpusMixture:
    """The mixture of corpora; each is recorded with its file, when it has one."""
    return CorpusMixture([Entry(recorded_name(c), c.part, c.share) for c in corpora])


def absolute(tree: Mapping[str, Any], folder: Path) -> Tree:
    """The tree with absolute paths for fonts and charset."""
    result = dict(tree)
    fonts = result.get("fonts")
    if isinstance(fonts, dict) and isinstance(fonts.get("folders"), list):
        folders = [str(path_of(str(entry), folder)) for entry in fonts["folders"]]
        result["fonts"] = {**fonts, "folders": folders}
    modules = result.get("modules") or []
    if isinstance(modules, list):  # the recipe's own folder is always one of them
        places = [folder, *(folder / expanded(str(entry)) for entry in modules)]
        result["modules"] = [str(place) for place in dict.fromkeys(place.absolute() for place in places)]
    charset = result.get("charset")
    if isinstance(charset, str) and not is_charset_name(charset) and (folder / charset).is_file():
        result["charset"] = str((folder / charset).absolute())
    return result


def recorded_name(component: Component) -> str:
    """The name a corpus is recorded under: with its file, when it has one."""
    names = [path.name for paths in component.paths.values() for path in paths]
    return f"{component.use}:{names[0]}" if names else component.use
