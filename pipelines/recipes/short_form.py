"""The short form of a recipe: the settings that differ from their defaults, as a user would write them."""

import dataclasses
from collections.abc import Collection, Mapping
from functools import reduce
from operator import getitem
from typing import Any

from pipelines.config import SettingsDict
from pipelines.recipes.components import (
    CORPUS,
    Component,
    ComponentKind,
    builtin_classes,
    corpus_fields,
    dump_settings,
    init_fields,
)
from pipelines.recipes.recipe import CURRICULUM_KEY, LISTED, BaseRecipe
from synthtext.core import InputError


def component_entry(kind: ComponentKind, instance: Any, where: str) -> SettingsDict:
    """Return the entry of a recipe that builds a component: `use`, and the settings that differ from their defaults.

    Args:
        kind: What the component must be.
        instance: The component, an instance of a dataclass.
        where: Names the component in errors.

    Raises:
        InputError: It is not an instance of a dataclass, or its class cannot be imported by other processes.
    """
    cls = type(instance)
    if not dataclasses.is_dataclass(cls):
        hint = ": give an instance, such as Blur()" if isinstance(instance, type) else ""
        raise InputError(f"{where}: {instance!r} is not a {kind.noun}{hint}")
    changed = _changed_fields(instance)
    of_corpora = corpus_fields(cls) & changed
    settings = {key: value for key, value in dump_settings(cls, instance).items() if key in changed}
    for key in of_corpora:
        corpora = getattr(instance, key).items()
        settings[key] = {name: component_entry(CORPUS, corpus, f"{where}: {key}.{name}") for name, corpus in corpora}
    return {"use": _name(kind, cls, where), **settings}


def _name(kind: ComponentKind, cls: type, where: str) -> str:
    name = next((name for name, builtin in builtin_classes(kind).items() if builtin is cls), None)
    if name is not None:
        return name
    if cls.__module__ == "__main__" or "." in cls.__qualname__:
        raise InputError(
            f"{where}: other processes cannot import the class {cls.__qualname__}: define it at the top of a module, "
            "in a file beside the program or the notebook"
        )
    return f"{cls.__module__}.{cls.__name__}"


def _changed_fields(instance: Any) -> set[str]:
    """Return the fields of a component that differ from the defaults of its class."""
    changed = set()
    for field in init_fields(type(instance)):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if default is dataclasses.MISSING or getattr(instance, field.name) != default:
            changed.add(field.name)
    return changed


def short_form(settings: SettingsDict, recipe: BaseRecipe[Any]) -> SettingsDict:
    """Return the settings of a recipe that differ from their defaults.

    Args:
        settings: All settings, as `Curriculum.to_dict` returns them.
        recipe: The same recipe, built; without its stages.
    """
    result: SettingsDict = dict(settings)
    for key, (_, share) in LISTED.items():
        pairs = zip(settings[key], recipe.listed_components[key], strict=True)
        result[key] = [_short_entry(entry, component, share) for entry, component in pairs]
    for path, components in recipe.weighted_components.items():
        *parents, key = path.split(".")
        for parent in parents:  # copied, so that `settings` stay as they are
            result[parent] = dict(result[parent])
        node = reduce(getitem, parents, result)
        node[key] = {c.use: _short_weighted(node[key][c.use], c) for c in components}
    if isinstance(result["charset"], dict):  # `CharsetOptions`
        result["charset"] = {key: value for key, value in result["charset"].items() if value}
    model = recipe.SETTINGS
    defaults = model.model_construct(corpus=[]).model_dump(mode="json", exclude={CURRICULUM_KEY}, warnings=False)
    kind = {} if settings["kind"] == "lines" else {"kind": settings["kind"]}
    return {**kind, **_differences(result, {**defaults, "kind": settings["kind"]}, recipe.weighted_components)}


def _short_entry(entry: Mapping[str, Any], component: Component, share: str | None) -> SettingsDict:
    changed = _changed_fields(component.instance)
    result: SettingsDict = {"use": component.use}
    if share is not None and component.weight != 1:
        result[share] = component.weight
    result |= {key: value for key, value in entry.items() if key in changed}
    for path, child in component.children.items():
        key, _, name = path.partition(".")
        result[key] = {**result[key], name: _short_entry(entry[key][name], child, None)}
    return result


def _short_weighted(entry: Mapping[str, Any], component: Component) -> float | SettingsDict:
    settings = _short_entry(entry, component, "weight")
    del settings["use"]
    return settings if settings.keys() - {"weight"} else component.weight


def _differences(
    settings: Mapping[str, Any], defaults: Mapping[str, Any], whole: Collection[str], path: str = ""
) -> SettingsDict:
    """Return the settings that differ from the defaults; mappings at the paths in `whole` are not divided."""
    result: SettingsDict = {}
    for key, value in settings.items():
        default, place = defaults.get(key), f"{path}{key}"
        if key in defaults and value == default:
            continue
        divided = isinstance(value, Mapping) and isinstance(default, Mapping) and place not in whole
        result[key] = _differences(value, default, whole, f"{place}.") if divided else value  # type: ignore[arg-type]
    return result
