"""Components of recipes, named by `use`: find their classes, build them, and dump them with all their settings."""

import dataclasses
import importlib
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from pipelines.config import SettingsDict, describe_validation_error, suggest_key
from pipelines.errors import JobError
from pipelines.recipes.paths import resolve_paths
from synthtext.core import InputError
from synthtext.corpora import Corpus
from synthtext.ink import InkStyle


@dataclass(frozen=True)
class ComponentKind:
    """A kind of component.

    Attributes:
        noun: Names the kind in messages.
        package: The package whose classes are known by short names (`text_file` for `TextFile`).
        methods: A component must have all methods of one of these sets.
    """

    noun: str
    package: str
    methods: tuple[frozenset[str], ...]


_BACKGROUND_METHODS = (frozenset({"paint"}), frozenset({"for_block"}))

CORPUS = ComponentKind("corpus", "synthtext.corpora", (frozenset({"draw"}),))
BASELINE = ComponentKind("baseline", "synthtext.baselines", (frozenset({"draw", "warp"}),))
GLYPH_LAYOUT = ComponentKind("glyph layout", "synthtext.glyph_layouts", (frozenset({"supports", "draw", "arrange"}),))
OCCLUDER = ComponentKind("occluder", "synthtext.occluders", (frozenset({"draw", "mask"}),))
BACKGROUND = ComponentKind("background", "synthtext.background", _BACKGROUND_METHODS)
SCENE_BACKGROUND = ComponentKind("background", "synthtext.scenes.backgrounds", _BACKGROUND_METHODS)
LAYOUT = ComponentKind("layout", "synthtext.scenes.layouts", (frozenset({"compose", "place"}),))
_INK_METHODS = frozenset(name for name in vars(InkStyle) if not name.startswith("_"))
INK_STYLE = ComponentKind("ink style", "synthtext.ink", (_INK_METHODS,))
INK_COLOURS = ComponentKind("source of colours", "synthtext.ink", (frozenset({"candidates"}),))
EFFECT = ComponentKind("effect", "augment", (frozenset({"draw", "apply"}), frozenset({"draw", "warp"})))

WeightedComponents = dict[str, float | SettingsDict]
"""Components by name: a weight, or settings with a `weight` among them."""

_SHARES: dict[str, TypeAdapter[float]] = {
    "weight": TypeAdapter(Annotated[float, Field(strict=True, ge=0, le=1e9)]),
    "probability": TypeAdapter(Annotated[float, Field(strict=True, ge=0, le=1)]),
}

_SOURCES: dict[str, bytes] = {}
"""The source of each user module when it was imported: the digest of a recipe must be of the code that runs."""


@dataclass(frozen=True)
class Component:
    """A component of a recipe.

    Attributes:
        use: The name of its class in the recipe.
        instance: The object.
        settings: The values of all its fields, as JSON.
        weight: Its weight or probability.
        children: Components in its fields, by their path in its settings, such as "fields.number".
    """

    use: str
    instance: Any
    settings: SettingsDict
    weight: float
    children: Mapping[str, "Component"] = field(default_factory=dict)

    @property
    def paths(self) -> dict[str, list[Path]]:
        """The files and folders in its settings, by field."""
        found = {}
        for name in self.settings:
            value = getattr(self.instance, name)
            entries = value if isinstance(value, list | tuple) else [value]
            if paths := [entry for entry in entries if isinstance(entry, Path)]:
                found[name] = paths
        return found

    @property
    def user_module(self) -> Path | None:
        """The source file of its class; None for a class of this project."""
        module = type(self.instance).__module__
        if module.split(".")[0] in ("synthtext", "augment"):
            return None
        return Path(inspect.getsourcefile(type(self.instance)) or "")


def corpus_name(corpus: Component) -> str:
    """Return the name that samples record for a corpus: its `use`, and the name of its file if it has one."""
    names = [path.name for paths in corpus.paths.values() for path in paths]
    return f"{corpus.use}:{names[0]}" if names else corpus.use


def build_components(
    kind: ComponentKind, entries: Mapping[str, Mapping[str, Any]], share: str, folder: Path, where: str
) -> tuple[Component, ...]:
    """Build components, by their path in the recipe; arguments and errors are those of `build_component`."""
    return tuple(build_component(kind, entry, share, folder, f"{where}: {path}") for path, entry in entries.items())


def weighted_entries(path: str, components: WeightedComponents, where: str) -> dict[str, SettingsDict]:
    """Return the entries for `build_components` of components that are written by name.

    They are in the order of their names, on which samples depend.

    Args:
        path: Of the mapping in the recipe, such as "ink.styles".
        components: As written.
        where: Names the recipe in errors.

    Raises:
        InputError: An entry has a key `use`.
    """
    entries = {}
    for use, value in sorted(components.items()):
        settings = value if isinstance(value, dict) else {"weight": value}
        if "use" in settings:
            raise InputError(f"{where}: {path}.{use}: the name is the use; take out the key 'use'")
        entries[f"{path}.{use}"] = {"use": use, **settings}
    return entries


def build_component(kind: ComponentKind, entry: Mapping[str, Any], share: str, folder: Path, where: str) -> Component:
    """Build the component that an entry of a recipe describes.

    Args:
        kind: What it must be.
        entry: `use`, the weight or probability, and the settings of the component.
        share: The key of its share: "weight" or "probability".
        folder: Where relative paths start.
        where: Names the entry in errors.

    Raises:
        InputError: The name or a key is unknown, or a value is wrong.
    """
    settings = dict(entry)
    use = settings.pop("use", None)
    if not isinstance(use, str):
        raise InputError(f"{where}: 'use' is missing; it names the {kind.noun}")
    try:
        weight = _SHARES[share].validate_python(settings.pop(share, 1.0))
    except ValidationError as error:
        raise InputError(f"{where}.{share}: {describe_validation_error(float, error)}") from None
    cls, where = _find_class(kind, use, where), f"{where} ({use})"
    children = _build_children(cls, settings, folder, where)
    for path, child in children.items():
        key, _, name = path.partition(".")
        settings[key] = {**settings[key], name: child.instance}
    instance = _construct(cls, settings, share, folder, where)
    return Component(use, instance, dump_settings(cls, instance, children), weight, children)


def _build_children(cls: type, settings: SettingsDict, folder: Path, where: str) -> dict[str, Component]:
    """Build the corpora in settings of a class that has fields of type `Mapping[str, Corpus]`."""
    children: dict[str, Component] = {}
    for key in corpus_fields(cls) & settings.keys():
        entries = settings[key]
        if not isinstance(entries, Mapping):
            raise InputError(f"{where}: {key}: must be corpora by name, not {entries!r}")
        for name, entry in entries.items():
            place = f"{where}: {key}.{name}"
            if not isinstance(entry, Mapping):
                raise InputError(f"{place}: must be a corpus, such as {{use: number}}, not {entry!r}")
            if "weight" in entry:
                raise InputError(f"{place}: a corpus within another corpus has no weight: remove the key")
            children[f"{key}.{name}"] = build_component(CORPUS, entry, "weight", folder, place)
    return children


def corpus_fields(cls: type) -> set[str]:
    """Return the fields of a class that hold corpora by name."""
    try:
        hints = _type_hints(cls)
    except Exception:  # an annotation in user code that cannot be resolved; `_construct` reports it
        return set()
    return {field.name for field in init_fields(cls) if hints[field.name] == Mapping[str, Corpus]}


def dump_settings(cls: type, instance: Any, children: Mapping[str, Component] = MappingProxyType({})) -> SettingsDict:
    """Return all settings of a component, as JSON."""
    of_corpora = corpus_fields(cls)
    plain = {field.name for field in init_fields(cls)} - of_corpora
    dumped: SettingsDict = _type_adapter(cls).dump_python(instance, mode="json", include=plain)
    dumped |= {key: {} for key in of_corpora if not getattr(instance, key)}  # a class applies its own defaults
    for path, child in children.items():
        key, _, name = path.partition(".")
        dumped.setdefault(key, {})[name] = {"use": child.use, **child.settings}
    return dumped


def _construct(cls: type, settings: SettingsDict, share: str, folder: Path, where: str) -> Any:
    known = [field.name for field in init_fields(cls)]
    if share in known:
        raise InputError(f"{where}: its field {share!r} has the name of a key of the recipe: rename it")
    for key in settings:
        if key not in known:
            close = suggest_key(key, [*known, share])
            hint = close if known or not close.startswith("known") else f"it has no settings but {share!r}"
            raise InputError(f"{where}: unknown key {key!r}; {hint}")
    try:
        hints = _type_hints(cls)
        absolute = {key: resolve_paths(hints[key], value, folder) for key, value in settings.items()}
        return _type_adapter(cls).validate_python(absolute)
    except ValidationError as error:
        raise InputError(f"{where}: {describe_validation_error(cls, error)}") from None
    except InputError as error:
        raise type(error)(f"{where}: {error}") from None
    except JobError:
        raise
    except Exception as error:  # user code may raise anything, and an annotation may be one that pydantic rejects
        raise InputError(f"{where} cannot be built: {type(error).__name__}: {' '.join(str(error).split())}") from None


@lru_cache(maxsize=512)
def _type_hints(cls: type) -> Mapping[str, Any]:
    return get_type_hints(cls)


@lru_cache(maxsize=512)
def _type_adapter(cls: type) -> TypeAdapter[Any]:  # building one takes milliseconds
    return TypeAdapter(cls)


def init_fields(cls: Any) -> list[dataclasses.Field[Any]]:
    """Return the fields of a dataclass that its constructor takes."""
    return [field for field in dataclasses.fields(cls) if field.init]


def _find_class(kind: ComponentKind, use: str, where: str) -> type:
    found = _import_class(use, where) if "." in use else builtin_classes(kind).get(use)
    if found is None:
        raise InputError(f"{where}: there is no {kind.noun} {use!r}; {suggest_key(use, builtin_classes(kind))}")
    if not dataclasses.is_dataclass(found) or not isinstance(found, type):
        raise InputError(f"{where}: {use!r} is not a dataclass; write @dataclass(frozen=True) above the class")
    if not _has_methods(kind, found):
        methods = " or ".join(" and ".join(sorted(names)) for names in kind.methods)
        raise InputError(f"{where}: {use!r} is not a valid {kind.noun}: it needs the methods {methods}")
    return found


def _has_methods(kind: ComponentKind, cls: Any) -> bool:
    return any(all(callable(getattr(cls, name, None)) for name in names) for names in kind.methods)


@cache
def builtin_classes(kind: ComponentKind) -> Mapping[str, type]:
    """Return the classes of this project of a kind, by their names in recipes."""
    package = importlib.import_module(kind.package)
    members = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): getattr(package, name) for name in package.__all__}
    valid = {
        name: member
        for name, member in members.items()
        if isinstance(member, type) and dataclasses.is_dataclass(member) and _has_methods(kind, member)
    }
    return MappingProxyType(valid)


def add_module_folders(folders: Sequence[Path]) -> None:
    """Add folders with user modules to the end of the import path."""
    sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]


def _import_class(use: str, where: str) -> Any:
    module_name, _, name = use.rpartition(".")
    try:
        module: ModuleType = importlib.import_module(module_name)
    except Exception as error:  # a user module may raise anything
        raise InputError(
            f"{where}: module {module_name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from None
    source = Path(getattr(module, "__file__", None) or "")
    content = source.read_bytes() if source.is_file() else b""
    if _SOURCES.setdefault(module_name, content) != content:
        raise InputError(f"{where}: {source} has changed since this process imported it: start a new process")
    if not hasattr(module, name):
        raise InputError(f"{where}: module {module_name!r} has no {name!r}; {suggest_key(name, vars(module))}")
    return getattr(module, name)
