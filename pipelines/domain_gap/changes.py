"""What a fit changed in a recipe: settings, fonts and corpora before and after, the largest changes first."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.domain_gap.fitted_scene_settings import find_scene_settings
from pipelines.domain_gap.fitted_settings import Choice, Number, Probability, Setting, ValueRange, find_settings
from pipelines.domain_gap.font_fit import FontTraits
from pipelines.recipes.components import Component
from pipelines.recipes.recipe import LinesRecipe, ScenesRecipe
from synthtext.fonts import FontInventory

NOTABLE = 0.1
"""Least size of a change that is worth mentioning."""

_MAX_NAME = 60  # characters of the name of a corpus
_LEAST_SHARE = 0.005  # shares below count as this, so that a rare component that becomes rarer is no large change


@dataclass(frozen=True)
class SettingChange:
    """A setting before and after.

    Attributes:
        part: Of the recipe: "effects", "ink", "background", "baselines", "layout", "fonts", "corpus", or a key of
            scenes such as "layouts".
        name: Path of the setting, with the names of effects.
        before: Value, as text.
        after: The same.
        size: How large the change is: 0 for none, about 1 for a factor of two or half of a range.
        shares: Both values from 0 to 1, if they are shares.
    """

    part: str
    name: str
    before: str
    after: str
    size: float
    shares: tuple[float, float] | None = None


def setting_changes(before: LinesRecipe | ScenesRecipe, after: LinesRecipe | ScenesRecipe) -> list[SettingChange]:
    """Return the changes of the appearance of lines or scenes, the largest first."""
    old, new = _settings_of(before), _settings_of(after)
    names = {f"effects.{i}": f"effects.{i} ({c.use})" for i, c in enumerate(before.listed_components["effects"])}
    found = [
        change for path, setting in old.items() if path in new for change in _changes_of(setting, new[path], names)
    ]
    return sorted(found, key=lambda change: (-change.size, change.name))


def _settings_of(recipe: LinesRecipe | ScenesRecipe) -> Mapping[str, Setting]:
    return find_scene_settings(recipe) if isinstance(recipe, ScenesRecipe) else find_settings(recipe)


def _changes_of(old: Setting, new: Setting, names: Mapping[str, str]) -> Iterator[SettingChange]:
    part = old.path.partition(".")[0]
    effect = ".".join(old.path.split(".")[:2])
    name = old.path.replace(effect, names[effect], 1) if effect in names else old.path
    if isinstance(old, Choice) and isinstance(new, Choice):
        for component, share in old.weights.items():
            yield share_change(part, f"{old.path}.{component}", share, new.weights.get(component, 0.0))
    elif isinstance(old, Probability) and isinstance(new, Probability):
        yield share_change(part, name, old.value, new.value)
    elif isinstance(old, ValueRange) and isinstance(new, ValueRange):
        width = old.high - old.low
        size = (abs(new.low - old.low) + abs(new.high - old.high)) / width
        yield SettingChange(part, name, f"{old.low:.3g} to {old.high:.3g}", f"{new.low:.3g} to {new.high:.3g}", size)
    elif isinstance(old, Number) and isinstance(new, Number):
        size = abs(math.log2(new.value / old.value))
        yield SettingChange(part, name, f"{old.value:.3g}", f"{new.value:.3g}", size)


def share_change(part: str, name: str, before: float, after: float) -> SettingChange:
    """Return the change of a share or a probability; its size is the difference of the logarithms to the base 2."""
    old, new = max(before, _LEAST_SHARE), max(after, _LEAST_SHARE)
    size = abs(math.log2(new / old)) * math.sqrt(max(old, new))  # of a rare component, a large factor is less visible
    return SettingChange(part, name, f"{100 * before:.3g} %", f"{100 * after:.3g} %", size, (before, after))


def font_changes(
    inventory: FontInventory, traits: Mapping[str, FontTraits], before: Mapping[str, float], after: Mapping[str, float]
) -> list[SettingChange]:
    """Return the changes of the shares of fonts by stroke width, case, spacing and slant.

    Args:
        inventory: The fonts.
        traits: By name of the face, of those in use.
        before: Weights by name of the face.
        after: The same after the fit.
    """
    old, new = (_face_shares(inventory, weights) for weights in (before, after))
    found = []
    for attribute in ("stroke", "case", "spacing", "slant"):
        shares: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for name, entry in traits.items():
            value = getattr(entry, attribute)
            shares[value][0] += old.get(name, 0.0)
            shares[value][1] += new.get(name, 0.0)
        found += [share_change("fonts", f"{attribute}: {value}", *pair) for value, pair in sorted(shares.items())]
    return found


def _face_shares(inventory: FontInventory, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the share of every face: a family is drawn by the mean weight of its faces, and then one of them."""
    families: defaultdict[str, list[str]] = defaultdict(list)
    for font in inventory.fonts:
        families[font.family].append(font.name)
    shares = {name: weights[name] / len(names) for names in families.values() for name in names}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def corpus_changes(before: LinesRecipe, after: LinesRecipe) -> list[SettingChange]:
    """Return the shares of the corpora before and after; those with the same settings, cases aside, are the same."""
    shares: dict[str, list[float]] = {}
    for side, recipe in enumerate((before, after)):
        corpora = recipe.listed_components["corpus"]
        total = sum(component.weight for component in corpora)
        for component in corpora:
            name = _corpus_title(component)
            shares.setdefault(name, [0.0, 0.0])[side] += component.weight / total
    return [share_change("corpus", name, *pair) for name, pair in shares.items()]


def _corpus_title(component: Component) -> str:
    """Return the name of a corpus and what distinguishes it from others of its class."""
    keys = {"words": "count_range", "pattern": "pattern", "template": "template", "text_file": "path"}
    key = keys.get(component.use)
    title = component.use if key is None else f"{component.use} {component.settings[key]}"
    return title if len(title) <= _MAX_NAME else f"{title[: _MAX_NAME - 1]}…"


def notable(changes: Sequence[SettingChange]) -> list[SettingChange]:
    """Return the changes that are worth mentioning."""
    return [change for change in changes if change.size >= NOTABLE]
