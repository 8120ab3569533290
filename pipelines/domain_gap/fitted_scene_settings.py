"""The settings of a recipe of scenes that a fit adjusts, and values of them for single scenes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np

from pipelines.domain_gap.fitted_settings import (
    EXPLORED_SHARE,
    Choice,
    Number,
    Probability,
    Setting,
    ValueRange,
    choice_settings,
    component_settings,
    contrast_floor_setting,
    number_setting,
    range_settings,
    used_components,
)
from pipelines.recipes.recipe import ScenesRecipe

SCENE_CHOICES = ("layouts", "background")
"""Paths of the components that a scene has one of, drawn by weight."""

_MIXED = ("ink.styles", "ink.colours", "baselines")  # paths of components that the texts of a scene draw by weight
_LEGIBILITY = ("min_height", "min_contrast")
_STEP = 0.5  # of the width of a range, or of a logarithm: how far a scene looks beyond the present value

SceneValue: TypeAlias = str | float | bool | tuple[float, ...]
"""The value of a setting of a scene: a name, a number, whether there is an effect, two ends, or logs of factors."""


@dataclass(frozen=True)
class Span(ValueRange):
    """A range from which a scene draws several values, one for each text: a fit moves both ends.

    Attributes:
        log: The values are positive, and compared by their logarithm.
    """

    log: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends, logarithms if `log`."""
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    def with_ends(self, ends: Sequence[float]) -> "Span":
        """Return the setting with other ends, logarithms if `log`, within its limits and in order."""
        low, high = sorted(math.exp(end) if self.log else end for end in ends)
        clipped = self.clipped(low, high)
        assert isinstance(clipped, Span)
        return clipped


@dataclass(frozen=True)
class Mixture(Choice):
    """Components that the texts of a scene draw by weight: a fit changes the weights by factors."""

    def with_factors(self, logarithms: Sequence[float]) -> "Mixture":
        """Return the setting with weights times exp(logarithm), in order of their names."""
        weights = {n: w * math.exp(f) for (n, w), f in zip(self.weights.items(), logarithms, strict=True)}
        total = sum(weights.values())
        return replace(self, weights={name: weight / total for name, weight in weights.items()})


def find_scene_settings(recipe: ScenesRecipe) -> dict[str, Setting]:
    """Return the adjustable settings of scenes, by path.

    Left alone are what is switched off, ranges of one value, the settings of components that read files, texts and
    fonts.
    """
    found: list[Setting] = [*choice_settings(Choice, recipe, SCENE_CHOICES), *choice_settings(Mixture, recipe, _MIXED)]
    for path, component in used_components(recipe, SCENE_CHOICES).items():
        if path.startswith("effects."):
            found.append(Probability(f"{path}.probability", component.weight))
        if path == "layouts.photo":
            found += _photo_settings(path, component.instance)
        elif not component.paths:
            found += component_settings(path, component.instance)
    found += _scene_settings(recipe)
    return {setting.path: setting for setting in found}


def _photo_settings(path: str, instance: Any) -> Iterator[Setting]:
    """Yield the settings of the layout of photographs, of which only the number of blocks is drawn once."""
    for field in fields(instance):
        where = f"{path}.{field.name}"
        if field.name == "count_range":
            yield from range_settings(where, instance, field.name, path)
        elif field.name.endswith("_range"):
            yield from _spans(where, instance, field.name, path)
        elif isinstance(getattr(instance, field.name), float):
            yield from number_setting(where, instance, field.name, path)


def _scene_settings(recipe: ScenesRecipe) -> Iterator[Setting]:
    """Yield the settings that every scene has."""
    settings = recipe.settings
    yield from _spans("fonts.size_range", settings.fonts, "size_range", "", log=True)
    yield from _spans("typesetting.tracking_range", settings.typesetting, "tracking_range", "")
    yield from range_settings("clutter.distractors_range", settings.clutter, "distractors_range", "")
    if settings.clutter.occlusion_probability:
        yield from number_setting("clutter.occlusion_probability", settings.clutter, "occlusion_probability", "")
    for name in _LEGIBILITY:
        if getattr(settings.legibility, name):
            yield from number_setting(f"legibility.{name}", settings.legibility, name, "")
    yield from contrast_floor_setting(settings.ink.contrast_floor)


def _spans(path: str, instance: Any, name: str, parent: str, *, log: bool = False) -> Iterator[Span]:
    for found in range_settings(path, instance, name, parent):
        limits = (max(found.limits[0], found.low / 2), found.limits[1]) if log else found.limits
        yield Span(found.path, found.low, found.high, limits, found.whole, found.parent, log)


def draw_scene_values(settings: Mapping[str, Setting], rng: np.random.Generator) -> dict[str, SceneValue]:
    """Draw a value of every setting for a scene, around the present ones."""
    return {path: _propose(setting, rng) for path, setting in settings.items()}


def _propose(setting: Setting, rng: np.random.Generator) -> SceneValue:
    explores, number = rng.random(2).tolist()
    explored = explores < EXPLORED_SHARE
    if isinstance(setting, Mixture):
        return tuple(rng.uniform(-1, 1, len(setting.weights)).tolist())
    if isinstance(setting, Span):
        reach = _STEP * (setting.ends[1] - setting.ends[0])
        moved = setting.with_ends([end + reach * float(rng.uniform(-1, 1)) for end in setting.ends])
        return moved.ends
    if isinstance(setting, Choice):
        used = [(name, weight) for name, weight in setting.weights.items() if weight > 0]
        shares = [1 / len(used) if explored else weight for _, weight in used]
        return used[min(int(np.searchsorted(np.cumsum(shares), number)), len(used) - 1)][0]
    if isinstance(setting, Probability):
        return bool(number < (0.5 if explored else setting.value))
    if isinstance(setting, Number):
        low, high = setting.limits
        return float(low * (high / low) ** number)
    low, high = setting.limits if explored else (setting.low, setting.high)
    return float(int(low + number * (high - low + 1)) if setting.whole else low + number * (high - low))


def value_changes(setting: Setting, value: SceneValue) -> dict[str, Any]:
    """Return the changes of a recipe, by path, with which every scene has a value of a setting."""
    if isinstance(setting, Mixture):
        assert isinstance(value, tuple)
        return setting.with_factors(value).changes()
    if isinstance(setting, Span):
        assert isinstance(value, tuple)
        return setting.with_ends(value).changes()
    if isinstance(setting, Choice):
        return replace(setting, weights={name: float(name == value) for name in setting.weights}).changes()
    assert isinstance(value, bool | float)
    if isinstance(setting, ValueRange):
        return replace(setting, low=value, high=value).changes()
    return replace(setting, value=float(value)).changes()


def effective_values(settings: Mapping[str, Setting], values: Mapping[str, SceneValue]) -> dict[str, SceneValue]:
    """Return the values of settings that had an effect on a scene: those of its layout, background and effects."""
    switched = [path for path in values if isinstance(settings[path], Probability) and not settings[path].parent]
    off = {path.removesuffix(".probability") for path in switched if not values[path]}
    off |= {f"{p}.{n}" for p in SCENE_CHOICES if p in values for n in _weights(settings[p]) if n != values[p]}
    return {path: value for path, value in values.items() if settings[path].parent not in off}


def _weights(setting: Setting) -> Mapping[str, float]:
    assert isinstance(setting, Choice)
    return setting.weights
