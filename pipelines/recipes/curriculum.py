"""Recipes that change with the index of the sample."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.config import SettingsDict, with_settings
from pipelines.recipes.recipe import CURRICULUM_KEY, BaseRecipe, StageSettings
from synthtext.core import Generator, InputError
from synthtext.core.generator import CurriculumGenerator
from synthtext.fonts import FaceCache, FontInventory

_FIXED = ("kind", "charset", "output", "modules", "base", CURRICULUM_KEY)
_FIXED_OF_FONTS = ("folders", "system", "bundled", "vary_axes")


@dataclass(frozen=True)
class CurriculumStage:
    """What holds for the first samples.

    Attributes:
        until: index of the first sample that it does not hold for.
        recipe: the whole of it.
    """

    until: int
    recipe: BaseRecipe[Any]


@dataclass(frozen=True)
class Curriculum:
    """A recipe with its stages; most have none.

    Attributes:
        recipe: of all samples behind the last stage.
        stages: in order.
    """

    recipe: BaseRecipe[Any]
    stages: tuple[CurriculumStage, ...]

    @classmethod
    def read(cls, kind: type[BaseRecipe[Any]], tree: Mapping[str, Any], folder: Path, where: str) -> "Curriculum":
        """Check and build a recipe and what its stages make of it.

        Args:
            kind: of the recipe.
            tree: as written.
            folder: relative paths start here.
            where: names the recipe in errors.

        Raises:
            InputError: anything in it is wrong; one sentence names the place.
        """
        recipe = kind.read(tree, folder, where)
        written: list[StageSettings] = recipe.settings.curriculum
        for number, (before, after) in enumerate(pairwise(written), 1):
            if after.until <= before.until:
                raise InputError(
                    f"{where}: {CURRICULUM_KEY}.{number}.until: must be above {before.until}, where the stage before ends, "
                    f"not {after.until}"
                )
        plain = {key: value for key, value in tree.items() if key != CURRICULUM_KEY}
        stages = []
        for number, settings in enumerate(written):
            place = f"{where}: {CURRICULUM_KEY}.{number}.set"
            stage = kind.read(_staged(plain, settings.set, kind, place), folder, place)
            _check_fonts(recipe, stage, place)
            stages.append(CurriculumStage(settings.until, stage))
        return cls(recipe, tuple(stages))

    @property
    def recipes(self) -> tuple[BaseRecipe[Any], ...]:
        """Those of all stages, and the recipe itself."""
        return (*(stage.recipe for stage in self.stages), self.recipe)

    def to_dict(self) -> SettingsDict:
        """The whole recipe with every setting, as JSON; of stages what they set. Reading it again gives the same."""
        tree = self.recipe.to_dict()
        stages = [
            {"until": stage.until, "set": dict(_differences(tree, stage.recipe.to_dict()))} for stage in self.stages
        ]
        if not any(part.user_module for recipe in self.recipes for part in recipe.components.values()):
            tree["modules"] = []
        return {**tree, CURRICULUM_KEY: stages} if stages else tree

    def generator(self, inventory: FontInventory, seed: int, prefix: str) -> Generator[Any]:
        """A generator of its samples; its stages share the open fonts.

        Raises:
            InputError: no font can set one of the corpora.
        """
        cache = FaceCache()
        last = self.recipe.generator(inventory, seed, prefix, cache)
        if not self.stages:
            return last
        stages = []
        for number, stage in enumerate(self.stages):
            try:
                stages.append(stage.recipe.generator(inventory, seed, prefix, cache))
            except InputError as error:
                raise InputError(f"{CURRICULUM_KEY}.{number}: {error}") from None
        return CurriculumGenerator([stage.until for stage in self.stages], [*stages, last])


def _staged(tree: SettingsDict, settings: Mapping[str, Any], kind: type[BaseRecipe[Any]], place: str) -> SettingsDict:
    for path in settings:
        key = path.partition(".")[0]
        if key in _FIXED:
            raise InputError(f"{place}: {key!r} is the same for all samples of a recipe: take it out of the stage")
    try:
        return with_settings(tree, settings, kind.weighted_kinds())
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def _check_fonts(recipe: BaseRecipe[Any], stage: BaseRecipe[Any], place: str) -> None:
    for name in _FIXED_OF_FONTS:
        before, after = (getattr(which.settings.fonts, name) for which in (recipe, stage))
        if before != after:
            raise InputError(
                f"{place}: fonts.{name} would change: all samples of a recipe have the same fonts to draw from; "
                "a stage may set fonts.size_range, fonts.pool and fonts.weights, each by its path"
            )


def _differences(before: Any, after: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    """The settings by dotted path that make one tree of another."""
    both = isinstance(before, Mapping) and isinstance(after, Mapping) and before.keys() == after.keys()
    if both and not any("." in key for key in after):
        for key in after:
            yield from _differences(before[key], after[key], f"{path}.{key}" if path else key)
    elif before != after:
        yield path, after
