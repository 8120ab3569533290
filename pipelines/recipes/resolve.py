"""Resolve recipes: from the name of a preset or the path of a file to settings that any process can draw from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from pipelines.config import SettingsDict, apply_overrides, dump_yaml, name_argument, read_yaml, suggest_key
from pipelines.io.paths import expand_user
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.digest import fingerprint_digest, recipe_fingerprint
from pipelines.recipes.paths import restore_uris
from pipelines.recipes.presets import RECIPE_SUFFIXES, apply_base, read_preset, recipe_preset_names
from pipelines.recipes.recipe import BaseRecipe, LinesRecipe, ScenesRecipe
from pipelines.recipes.short_form import short_form
from synthtext.core import Charset, Generator, InputError
from synthtext.fonts import FontFile, FontInventory

RECIPE_TYPES: dict[str, type[LinesRecipe] | type[ScenesRecipe]] = {"lines": LinesRecipe, "scenes": ScenesRecipe}
"""The classes of recipes, by kind."""

_WEIGHTED_PATHS = frozenset(path for recipe_type in RECIPE_TYPES.values() for path in recipe_type.weighted_kinds())


@dataclass(frozen=True)
class ResolvedRecipe:
    """A recipe with every setting known; another process draws the same samples from a pickled copy.

    Attributes:
        name: The name of the preset or the path of the file, for messages.
        settings: Every setting, with absolute paths.
    """

    name: str
    settings: SettingsDict

    @property
    def kind(self) -> str:
        """The kind of its samples: "lines" or "scenes"."""
        return str(self.settings["kind"])

    @property
    def charset(self) -> Charset:
        """The characters that it may draw."""
        return self._recipe.charset

    @property
    def image_format(self) -> Literal["jpeg", "png"]:
        """The format in which images are stored."""
        image_format: Literal["jpeg", "png"] = self._recipe.settings.output.format
        return image_format

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """The fonts that it draws with."""
        return self._inventory.fonts

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """Everything that decides what is drawn, by name."""
        return recipe_fingerprint(self._curriculum, self._inventory)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the fingerprint, 64 hexadecimal digits."""
        return fingerprint_digest(self.fingerprint)

    def to_yaml(self, *, defaults: bool = True) -> str:
        """Format the recipe as a YAML file that gives the same samples.

        Args:
            defaults: Also write the settings that have their defaults, so that the file gives the same samples with a
                version whose defaults differ. False: write it as a user would.
        """
        return dump_yaml(self.settings if defaults else short_form(self.settings, self._recipe))

    def generator(self, seed: int) -> Generator[Any]:
        """Return a generator of the samples; it opens the fonts and corpora.

        Raises:
            InputError: No font covers one of the corpora, or the seed is not from 0 to 2**32 - 1.
        """
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed} must be from 0 to {2**32 - 1}")
        return self._curriculum.generator(self._inventory, seed, self.digest[:8])

    def check_files(self) -> None:
        """Read every file that the recipe names once.

        Raises:
            InputError: A file is broken; the message names it.
        """
        for recipe in self._curriculum.recipes:
            recipe.extra_fingerprint()
            for component in recipe.components.values():
                check = getattr(component.instance, "check", None)
                if check is not None:
                    check()

    @cached_property
    def _curriculum(self) -> Curriculum:
        return Curriculum.read(RECIPE_TYPES[self.kind], self.settings, Path.cwd(), f"recipe {self.name}")

    @property
    def _recipe(self) -> BaseRecipe[Any]:
        return self._curriculum.recipe

    @cached_property
    def _inventory(self) -> FontInventory:
        return self._recipe.inventory()

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "settings": self.settings}  # without what is cached


def resolve_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> ResolvedRecipe:
    """Read a recipe, apply overrides, fill in every default, and check the files that it names.

    Args:
        name_or_path: The name of a preset, or the path of a YAML file, whose folder is where relative paths start.
        overrides: Settings of the form `key.sub=value`.

    Raises:
        InputError: The recipe or an override is invalid; the message names the path of the setting, and the override
            that is at fault.
    """
    return name_argument(partial(_resolve, name_or_path), overrides)


def _resolve(name_or_path: str, overrides: Sequence[str]) -> ResolvedRecipe:
    written, folder = _read(name_or_path)
    settings = resolve_written(apply_overrides(written, overrides, _WEIGHTED_PATHS), folder, name_or_path)
    resolved = ResolvedRecipe(name_or_path, settings)
    resolved.check_files()
    return resolved


def resolve_written(written: SettingsDict, folder: Path, name: str) -> SettingsDict:
    """Return every setting of a recipe.

    Args:
        written: The settings as written; the key `base` was replaced by those of the preset.
        folder: Where relative paths start.
        name: Names the recipe in errors.

    Raises:
        InputError: A setting is invalid; the message names its path.
    """
    kind = written.get("kind", "lines")
    if not isinstance(kind, str) or kind not in RECIPE_TYPES:
        raise InputError(f"recipe {name}: kind {kind!r} is unknown; {suggest_key(str(kind), RECIPE_TYPES)}")
    resolved: SettingsDict = restore_uris(
        Curriculum.read(RECIPE_TYPES[kind], written, folder, f"recipe {name}").to_dict()
    )
    return resolved


def _read(name_or_path: str) -> tuple[SettingsDict, Path]:
    """Return a recipe as written, and the folder where its relative paths start."""
    path = expand_user(name_or_path)
    is_name = path.suffix not in RECIPE_SUFFIXES and not path.exists()
    if is_name or name_or_path in recipe_preset_names():
        return read_preset(name_or_path), Path.cwd()
    if path.is_dir():
        raise InputError(f"recipe {name_or_path!r} is a folder; name a YAML file or a preset")
    return apply_base(read_yaml(path)), path.absolute().parent
