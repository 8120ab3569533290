"""From the name of a preset or the path of a file to a recipe that can be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipelines.config import SettingsDict, apply_overrides, dump_yaml, read_yaml, suggest_key
from pipelines.io.paths import expand_user
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.digest import fingerprint_digest, recipe_fingerprint
from pipelines.recipes.presets import apply_base, read_preset, recipe_preset_names
from pipelines.recipes.recipe import BaseRecipe, LinesRecipe, ScenesRecipe
from pipelines.recipes.remote_paths import restore_uris
from synthtext.core import Charset, Generator, InputError
from synthtext.fonts import FontFile, FontInventory

RECIPE_TYPES: dict[str, type[LinesRecipe] | type[ScenesRecipe]] = {"lines": LinesRecipe, "scenes": ScenesRecipe}
"""What recipes may be of, by the name of the kind."""

_SHARES = frozenset(key for kind in RECIPE_TYPES.values() for key in kind.weighted_kinds())


@dataclass(frozen=True)
class ResolvedRecipe:
    """A recipe with every setting known; it can be sent to another process, which draws the same from it.

    Attributes:
        name: for messages: the preset's name or the file's path.
        tree: every setting, paths absolute.
    """

    name: str
    settings: SettingsDict

    @property
    def kind(self) -> str:
        """What it makes: "lines" or "scenes"."""
        return str(self.settings["kind"])

    @property
    def charset(self) -> Charset:
        """The characters it may draw."""
        return self._recipe.charset

    @property
    def image_format(self) -> Literal["jpeg", "png"]:
        """How pictures are stored."""
        form: Literal["jpeg", "png"] = self._recipe.settings.output.format
        return form

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """The fonts it draws from."""
        return self._inventory.fonts

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: equal for equal recipes, files, code and library versions."""
        return self._digest

    @cached_property
    def fingerprint(self) -> dict[str, str]:
        """What the digest is made of, by name."""
        return recipe_fingerprint(self._whole, self._inventory)

    def to_yaml(self) -> str:
        """The recipe as a file, from which the job can be repeated."""
        return dump_yaml(self.settings)

    def generator(self, seed: int) -> Generator[Any]:
        """A generator of its samples or scenes; it opens the fonts and corpora.

        Raises:
            InputError: no font can set one of the corpora, or the seed is not from 0 to 2**32 - 1.
        """
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed} must be from 0 to {2**32 - 1}")
        return self._whole.generator(self._inventory, seed, self.digest[:8])

    def check_files(self) -> None:
        """Read every file that the recipe names once.

        Raises:
            InputError: one is broken; the message names it.
        """
        for recipe in self._whole.recipes:
            for component in recipe.components.values():
                check = getattr(component.instance, "check", None)
                if check is not None:
                    check()

    @cached_property
    def _whole(self) -> Curriculum:
        return Curriculum.read(RECIPE_TYPES[self.kind], self.settings, Path.cwd(), f"recipe {self.name}")

    @property
    def _recipe(self) -> BaseRecipe[Any]:
        return self._whole.recipe

    @cached_property
    def _inventory(self) -> FontInventory:
        return self._recipe.inventory()

    @cached_property
    def _digest(self) -> str:
        return fingerprint_digest(self.fingerprint)

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "settings": self.settings}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


def resolve_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> ResolvedRecipe:
    """Read a preset or a recipe file, apply overrides, fill in every default, and check the files that it names.

    Args:
        name_or_path: a preset's name, or the path of a YAML file; relative paths in it start at its folder.
        overrides: settings of the form `key.sub=value`.

    Raises:
        InputError: anything is wrong; one sentence names the place.
    """
    written, folder = _find(name_or_path)
    tree = apply_overrides(written, overrides, _SHARES)
    kind = tree.get("kind", "lines")
    if not isinstance(kind, str) or kind not in RECIPE_TYPES:
        raise InputError(f"recipe {name_or_path}: kind {kind!r} is unknown; {suggest_key(str(kind), RECIPE_TYPES)}")
    whole = Curriculum.read(RECIPE_TYPES[kind], tree, folder, f"recipe {name_or_path}")
    resolved = ResolvedRecipe(name_or_path, restore_uris(whole.to_dict()))
    resolved.check_files()
    return resolved


def _find(name_or_path: str) -> tuple[SettingsDict, Path]:
    """A recipe as it is written, and the folder where its paths start."""
    if name_or_path in recipe_preset_names():
        return read_preset(name_or_path), Path.cwd()
    path = expand_user(name_or_path)
    if path.suffix not in (".yaml", ".yml") and not path.exists():
        return read_preset(name_or_path), Path.cwd()
    if path.is_dir():
        raise InputError(f"recipe {name_or_path!r} is a folder; name a YAML file or a preset")
    return apply_base(read_yaml(path)), path.absolute().parent
