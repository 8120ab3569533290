"""What recipes of every kind have in common: how their parts are written, built, and told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipelines.config import SettingsDict
from pipelines.io.paths import expand_user
from pipelines.recipes.components import Component, ComponentKind, build_component
from pipelines.recipes.remote_paths import resolve_path
from synthtext.core import InputError, WeightedComponent
from synthtext.corpora import CorpusMixture, is_charset_name

WeightedComponents = dict[str, float | dict[str, Any]]
"""Components by name: a weight, or settings with a `weight` among them."""


class InkSettings(BaseModel):
    """The ink of a recipe: the least local contrast, styles by weight, and where colours come from."""

    model_config = ConfigDict(extra="forbid")
    contrast_floor: float = 40
    styles: WeightedComponents = Field(default={"plain": 1})
    colours: WeightedComponents = Field(default={"any_colour": 1})


class ComponentBuilder:
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

    def shared(self, kind: ComponentKind, key: str, shares: WeightedComponents) -> tuple[Component, ...]:
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
        if not any(part.weight > 0 for part in parts):
            raise InputError(f"{where}: {key}: every weight is 0; nothing could be drawn")


def build_corpus_mixture(corpora: tuple[Component, ...]) -> CorpusMixture:
    """The mixture of corpora; each is recorded with its file, when it has one."""
    return CorpusMixture([WeightedComponent(corpus_name(c), c.instance, c.weight) for c in corpora])


def resolve_recipe_paths(tree: Mapping[str, Any], folder: Path) -> SettingsDict:
    """The tree with absolute paths for fonts and charset."""
    result = dict(tree)
    fonts = result.get("fonts")
    if isinstance(fonts, dict) and isinstance(fonts.get("folders"), list):
        folders = [str(resolve_path(str(entry), folder)) for entry in fonts["folders"]]
        result["fonts"] = {**fonts, "folders": folders}
    modules = result.get("modules") or []
    if isinstance(modules, list):  # the recipe's own folder is always one of them
        places = [folder, *(folder / expand_user(str(entry)) for entry in modules)]
        result["modules"] = [str(place) for place in dict.fromkeys(place.absolute() for place in places)]
    charset = result.get("charset")
    if isinstance(charset, str) and not is_charset_name(charset) and (folder / charset).is_file():
        result["charset"] = str((folder / charset).absolute())
    return result


def corpus_name(component: Component) -> str:
    """The name a corpus is recorded under: with its file, when it has one."""
    names = [path.name for paths in component.paths.values() for path in paths]
    return f"{component.use}:{names[0]}" if names else component.use
