"""Recipes with a curriculum: settings that change with the index of the sample."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.config import SettingsDict, with_settings
from pipelines.recipes.recipe import CURRICULUM_KEY, BaseRecipe, StageSettings
from synthtext.core import Generator, InputError
from synthtext.core.sample import CurriculumGenerator
from synthtext.fonts import FaceCache, FontInventory

_FIXED_KEYS = ("kind", "charset", "output", "modules", "base", CURRICULUM_KEY)
_FIXED_FONT_KEYS = ("folders", "system", "bundled", "vary_axes")


class CurriculumStage(NamedTuple):
    """The whole recipe of the samples of a stage, which ends before the index `until`."""

    until: int
    recipe: BaseRecipe[Any]


@dataclass(frozen=True)
class Curriculum:
    """A recipe and its stages; most recipes have none.

    Attributes:
        recipe: Of all samples after the last stage.
        stages: In order.
    """

    recipe: BaseRecipe[Any]
    stages: tuple[CurriculumStage, ...]

    @classmethod
    def read(
        cls, recipe_type: type[BaseRecipe[Any]], settings: Mapping[str, Any], folder: Path, where: str
    ) -> "Curriculum":
        """Validate and build a recipe and the recipes of its stages; see `BaseRecipe.read`."""
        recipe = recipe_type.read(settings, folder, where)
        written: list[StageSettings] = recipe.settings.curriculum
        for number, (before, after) in enumerate(pairwise(written), 1):
            if after.until <= before.until:
                raise InputError(
                    f"{where}: {CURRICULUM_KEY}.{number}.until: must be above {before.until}, where the previous stage "
                    f"ends, not {after.until}"
                )
        plain = {key: value for key, value in settings.items() if key != CURRICULUM_KEY}
        stages = []
        for number, stage in enumerate(written):
            place = f"{where}: {CURRICULUM_KEY}.{number}.set"
            staged = recipe_type.read(_apply_stage(plain, stage.set, recipe_type, place), folder, place)
            _check_fonts(recipe, staged, place)
            stages.append(CurriculumStage(stage.until, staged))
        return cls(recipe, tuple(stages))

    @property
    def recipes(self) -> tuple[BaseRecipe[Any], ...]:
        """The recipes of all stages, and the one after the last stage."""
        return (*(stage.recipe for stage in self.stages), self.recipe)

    def to_dict(self) -> SettingsDict:
        """Return the recipe with every setting, as JSON; of stages, only what they change.

        `read` of the result gives the same curriculum.
        """
        settings = self.recipe.to_dict()
        stages = [{"until": s.until, "set": dict(_differences(settings, s.recipe.to_dict()))} for s in self.stages]
        if not any(part.user_module for recipe in self.recipes for part in recipe.components.values()):
            settings["modules"] = []
        return {**settings, CURRICULUM_KEY: stages} if stages else settings

    def generator(self, inventory: FontInventory, seed: int, prefix: str) -> Generator[Any]:
        """Return a generator of the samples; its stages share the open fonts.

        Raises:
            InputError: No font covers one of the corpora.
        """
        cache = FaceCache()
        last = self.recipe.generator(inventory, seed, prefix, cache)
        if not self.stages:
            return last
        generators = []
        for number, stage in enumerate(self.stages):
            try:
                generators.append(stage.recipe.generator(inventory, seed, prefix, cache))
            except InputError as error:
                raise InputError(f"{CURRICULUM_KEY}.{number}: {error}") from None
        return CurriculumGenerator([stage.until for stage in self.stages], [*generators, last])


def _apply_stage(
    settings: SettingsDict, changes: Mapping[str, Any], recipe_type: type[BaseRecipe[Any]], where: str
) -> SettingsDict:
    for path in changes:
        key = path.partition(".")[0]
        if key in _FIXED_KEYS:
            raise InputError(f"{where}: {key!r} is the same for all samples of a recipe: remove it from the stage")
    try:
        return with_settings(settings, changes, recipe_type.weighted_kinds())
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _check_fonts(recipe: BaseRecipe[Any], stage: BaseRecipe[Any], where: str) -> None:
    for name in _FIXED_FONT_KEYS:
        if getattr(recipe.settings.fonts, name) != getattr(stage.settings.fonts, name):
            raise InputError(
                f"{where}: fonts.{name} would change, but all samples of a recipe use the same fonts; a stage may set "
                "fonts.size_range, fonts.pool and fonts.weights, each by its path"
            )


def _differences(before: Any, after: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the settings, by dotted path, that turn `before` into `after`."""
    both = isinstance(before, Mapping) and isinstance(after, Mapping) and before.keys() == after.keys()
    if both and not any("." in key for key in after):
        for key in after:
            yield from _differences(before[key], after[key], f"{path}.{key}" if path else key)
    elif before != after:
        yield path, after
