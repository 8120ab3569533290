"""The settings of a recipe that a fit adjusts: weights, probabilities, ranges and numbers, with their limits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias, TypeVar

from pipelines.recipes.components import Component
from pipelines.recipes.recipe import LinesRecipe, ScenesRecipe
from synthtext.core import InputError

CHOICES = ("ink.styles", "ink.colours", "background", "baselines")
"""Paths of the components that a line has one of, drawn by weight."""

EXPLORED_SHARE = 0.2
"""Fraction of the values of a setting that are drawn from all that it may become, instead of from the recipe."""

_WIDENING = 0.5  # of the width of a range: how far a round looks beyond each end
_NUMBER_STEP = 1.65  # maximum factor between a number and the values that a round tries: exp(0.5)
_LAYOUT_RANGES = ("tracking_range", "margin_range", "jitter_range")
_GREY_LEVELS = (0.0, 255.0)
_DIGITS = 4  # significant digits that are written


def rounded(value: float) -> float:
    """Round a value to the four significant digits that recipes get."""
    return float(f"{value:.{_DIGITS}g}")


@dataclass(frozen=True)
class Choice:
    """Components of which a line has one.

    Attributes:
        path: Of the components in the recipe, such as "ink.styles".
        weights: By name; their sum is 1. A component of weight 0 is never drawn and stays at 0.
        scale: Sum of the weights in the recipe.
    """

    path: str
    weights: Mapping[str, float]
    scale: float

    parent = ""

    def changes(self) -> dict[str, Any]:
        """Return the weights to write, by path."""
        return {f"{self.path}.{name}.weight": rounded(share * self.scale) for name, share in self.weights.items()}


@dataclass(frozen=True)
class Probability:
    """The probability of an effect or of an alternative.

    Attributes:
        path: In the recipe, such as "effects.3.probability".
        value: 0 to 1, exclusive of 0 (an effect that is switched off stays so).
        parent: Path of the component to which it belongs; empty for an effect itself.
    """

    path: str
    value: float
    parent: str = ""

    def changes(self) -> dict[str, Any]:
        """Return the value to write, by path."""
        return {self.path: rounded(self.value)}


@dataclass(frozen=True)
class ValueRange:
    """A range of uniformly distributed values.

    Attributes:
        path: In the recipe, such as "effects.3.sigma_range".
        low: Minimum.
        high: Maximum, above the minimum.
        limits: Least and greatest values that are tried.
        whole: Whether the values are whole numbers.
        parent: Path of the component to which it belongs; empty for settings of every line.
    """

    path: str
    low: float
    high: float
    limits: tuple[float, float]
    whole: bool = False
    parent: str = ""

    def changes(self) -> dict[str, Any]:
        """Return the range to write, by path."""
        ends = (self.low, self.high)
        return {self.path: [round(end) for end in ends] if self.whole else [rounded(end) for end in ends]}

    def clipped(self, low: float, high: float) -> "ValueRange":
        """Return the setting with other ends, within its limits and in order."""
        least, greatest = self.limits
        low, high = min(max(low, least), greatest), min(max(high, least), greatest)
        return replace(self, low=low, high=max(low, high))


@dataclass(frozen=True)
class Number:
    """A number, such as the maximum tint of a background.

    Attributes:
        path: In the recipe.
        value: Above 0.
        limits: Least and greatest values that are tried.
        parent: Path of the component to which it belongs; empty for settings of every line.
    """

    path: str
    value: float
    limits: tuple[float, float]
    parent: str = ""

    def changes(self) -> dict[str, Any]:
        """Return the value to write, by path."""
        return {self.path: rounded(self.value)}


Setting: TypeAlias = Choice | Probability | ValueRange | Number

ChoiceT = TypeVar("ChoiceT", bound=Choice)


def find_settings(recipe: LinesRecipe) -> dict[str, Setting]:
    """Return the adjustable settings of the appearance of lines, by path.

    Left alone are what is switched off (weight or probability 0), ranges of one value, counts without a range, the
    settings of components that read files, and everything about texts and fonts.
    """
    found: list[Setting] = list(choice_settings(Choice, recipe, CHOICES))
    for path, component in used_components(recipe, CHOICES).items():
        if path.startswith("effects."):
            found.append(Probability(f"{path}.probability", component.weight))
        if not component.paths:
            found += component_settings(path, component.instance)
    found += _line_settings(recipe)
    return {setting.path: setting for setting in found}


def choice_settings(kind: type[ChoiceT], recipe: LinesRecipe | ScenesRecipe, paths: Iterable[str]) -> Iterator[ChoiceT]:
    """Yield the weights of the components at some paths; nothing for a path where only one is in use."""
    for path in paths:
        weights = {component.use: component.weight for component in recipe.weighted_components[path]}
        total = sum(weights.values())
        if sum(weight > 0 for weight in weights.values()) > 1:
            yield kind(path, {name: weight / total for name, weight in weights.items()}, total)


def used_components(recipe: LinesRecipe | ScenesRecipe, choices: Sequence[str]) -> dict[str, Component]:
    """Return the effects, and the components at the paths `choices`, that are in use: by path, as "effects.3"."""
    effects = {f"effects.{i}": component for i, component in enumerate(recipe.listed_components["effects"])}
    chosen = {f"{path}.{c.use}": c for path in choices for c in recipe.weighted_components[path]}
    return {path: component for path, component in {**effects, **chosen}.items() if component.weight > 0}


def _line_settings(recipe: LinesRecipe) -> Iterator[Setting]:
    """Yield the settings that every line has."""
    layout, fonts = recipe.settings.layout, recipe.settings.fonts
    for name in _LAYOUT_RANGES:
        yield from range_settings(f"layout.{name}", layout, name, "")
    yield from range_settings("fonts.size_range", fonts, "size_range", "")
    if layout.neighbours.probability > 0:
        yield Probability("layout.neighbours.probability", layout.neighbours.probability)
    yield from contrast_floor_setting(recipe.settings.ink.contrast_floor)


def contrast_floor_setting(floor: float) -> Iterator[Number]:
    """Yield the minimum contrast of ink; nothing if there is none."""
    if floor > 0:
        yield Number("ink.contrast_floor", floor, (floor / _NUMBER_STEP, min(120.0, floor * _NUMBER_STEP)))


def component_settings(path: str, instance: Any) -> Iterator[Setting]:
    """Yield the ranges, probabilities and numbers of a component."""
    for field in fields(instance):
        value = getattr(instance, field.name)
        where = f"{path}.{field.name}"
        if field.name.endswith("_range"):
            yield from range_settings(where, instance, field.name, path)
        elif isinstance(value, float) and value > 0:
            if field.name.endswith("_probability"):
                yield Probability(where, value, path)
            else:
                yield from number_setting(where, instance, field.name, path)


def range_settings(path: str, instance: Any, name: str, parent: str) -> Iterator[ValueRange]:
    """Yield a range of an object; nothing if it is a single value."""
    low, high = getattr(instance, name)
    if low < high:
        reach = _WIDENING * (high - low)
        limits = _accepted(instance, name, (low - reach, high + reach), (low, high))
        whole = isinstance(low, int) and isinstance(high, int)
        if whole:
            limits = (round(limits[0]), round(limits[1]))
        yield ValueRange(path, low, high, limits, whole, parent)


def number_setting(path: str, instance: Any, name: str, parent: str) -> Iterator[Number]:
    """Yield a number of an object, above 0; nothing if it has no room on both sides."""
    value = float(getattr(instance, name))
    least, greatest = _declared_bounds(instance, name)
    low = max(value / _NUMBER_STEP, least)
    for top in (value * _NUMBER_STEP, _GREY_LEVELS[1], 1.0):
        high = min(value * _NUMBER_STEP, top, greatest)
        if high > value and low < value and _accepts(instance, {name: low}) and _accepts(instance, {name: high}):
            yield Number(path, value, (low, high), parent)
            return


def _declared_bounds(instance: Any, name: str) -> tuple[float, float]:
    """Return the bounds of a field as `bounded` declares them; infinite if it does not."""
    declared = next(field.metadata.get("bounds") for field in fields(instance) if field.name == name)
    return (declared[0], declared[1]) if declared else (-float("inf"), float("inf"))


def _accepted(instance: Any, name: str, wide: tuple[float, float], current: tuple[float, float]) -> tuple[float, float]:
    """Return the widest range that the class of an instance accepts: `wide`, cut to likely bounds, or the current."""
    low, high = _declared_bounds(instance, name)
    wide = max(wide[0], low), min(wide[1], high)
    whole = isinstance(current[0], int) and isinstance(current[1], int)
    candidates = [wide, (max(wide[0], _GREY_LEVELS[0]), min(wide[1], _GREY_LEVELS[1]))]
    for floor, top in ((0.0, 1.0), (current[0], wide[1]), (max(wide[0], 0.0), current[1])):
        candidates.append((max(wide[0], floor), min(wide[1], max(top, current[1]))))
    for candidate in candidates:
        ends = (round(candidate[0]), round(candidate[1])) if whole else candidate
        if ends[0] <= current[0] and ends[1] >= current[1] and _accepts(instance, {name: ends}):
            return ends
    return current


def _accepts(instance: Any, values: Mapping[str, Any]) -> bool:
    try:
        replace(instance, **values)
    except InputError:
        return False
    return True
