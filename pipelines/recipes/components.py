"""Parts of a recipe that are named by `use`: found, checked, built, and written back with all their settings."""

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pipelines.config import SettingsDict, describe_validation_error, suggest_key
from pipelines.errors import JobError
from pipelines.recipes.remote_paths import resolve_path
from synthtext.core import InputError
from synthtext.corpora import Corpus, is_charset_name
from synthtext.ink import InkStyle


@dataclass(frozen=True)
class ComponentKind:
    """A kind of component.

    Attributes:
        noun: for messages.
        package: whose classes go by their short names (`text_file` is `TextFile`).
        methods: what a component of this kind must have: all methods of one of these sets.
    """

    noun: str
    package: str
    methods: tuple[frozenset[str], ...]


_MOST = 1e9  # of a weight
_SOURCES: dict[str, bytes] = {}
"""What modules of the user's were when they were imported: the digest must be of the code that runs."""

CORPUS = ComponentKind("corpus", "synthtext.corpora", (frozenset({"draw"}),))
BASELINE = ComponentKind("baseline", "synthtext.baselines", (frozenset({"draw", "warp"}),))
BACKGROUND = ComponentKind("background", "synthtext.background", (frozenset({"paint"}), frozenset({"for_block"})))
SCENE_BACKGROUND = ComponentKind(
    "background", "synthtext.scenes.backgrounds", (frozenset({"paint"}), frozenset({"for_block"}))
)
LAYOUT = ComponentKind("layout", "synthtext.scenes.layouts", (frozenset({"compose", "place"}),))
INK_STYLE = ComponentKind(
    "ink style", "synthtext.ink", (frozenset(name for name in vars(InkStyle) if not name.startswith("_")),)
)
INK_COLOURS = ComponentKind("source of colours", "synthtext.ink", (frozenset({"candidates"}),))
EFFECT = ComponentKind("effect", "augment", (frozenset({"draw", "apply"}), frozenset({"draw", "warp"})))


@dataclass(frozen=True)
class Component:
    """A built part of a recipe.

    Attributes:
        use: the name it goes by.
        part: the object.
        settings: all of its fields, as JSON.
        share: its weight or probability.
        parts: components that its settings hold, by their place in it, such as "fields.number".
    """

    use: str
    instance: Any
    settings: SettingsDict
    weight: float
    children: Mapping[str, "Component"] = field(default_factory=dict)

    @property
    def paths(self) -> dict[str, list[Path]]:
        """The files and folders that it names, by field."""
        fields = {name: _as_list(getattr(self.instance, name)) for name in self.settings}
        found = {name: [value for value in values if isinstance(value, Path)] for name, values in fields.items()}
        return {name: paths for name, paths in found.items() if paths}

    @property
    def user_module(self) -> Path | None:
        """The source of a class that is not ours."""
        module = type(self.instance).__module__
        if module.split(".")[0] in ("synthtext", "augment"):
            return None
        return Path(inspect.getsourcefile(type(self.instance)) or "")


def build_component(kind: ComponentKind, entry: Mapping[str, Any], share: str, folder: Path, where: str) -> Component:
    """Build the part that an entry of a recipe describes.

    Args:
        kind: what it must be.
        entry: `use`, the share, and the part's own settings.
        share: "weight" or "probability".
        folder: relative paths start here.
        where: names the entry in errors.

    Raises:
        InputError: the name is unknown, a key is unknown, or a value is wrong.
    """
    settings = dict(entry)
    use = settings.pop("use", None)
    if not isinstance(use, str):
        raise InputError(f"{where}: 'use' is missing; it names the {kind.noun}")
    amount = settings.pop(share, 1.0)
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= _MOST:
        raise InputError(f"{where}.{share}: must be a number from 0 to {_MOST:g}, not {amount!r}")
    if share == "probability" and amount > 1:
        raise InputError(f"{where}.probability: must be at most 1, not {amount!r}")
    cls = _find_class(kind, use, where)
    parts = _build_parts(cls, settings, folder, f"{where} ({use})")
    for place, inner in parts.items():
        key, _, name = place.partition(".")
        settings[key] = {**settings[key], name: inner.instance}
    part = _construct(cls, settings, share, folder, f"{where} ({use})")
    dumped = _dumped(cls, part, parts)
    return Component(use, part, dumped, float(amount), parts)


def _build_parts(cls: type, settings: SettingsDict, folder: Path, where: str) -> dict[str, Component]:
    """The corpora that settings hold by name, of a class with a field `Mapping[str, Corpus]`."""
    found: dict[str, Component] = {}
    for key in _corpora_of(cls) & settings.keys():
        entries = settings[key]
        if not isinstance(entries, Mapping):
            raise InputError(f"{where}: {key}: must be corpora by name, not {entries!r}")
        for name, entry in entries.items():
            place = f"{where}: {key}.{name}"
            if not isinstance(entry, Mapping):
                raise InputError(f"{place}: must be a corpus, such as {{use: number}}, not {entry!r}")
            if "weight" in entry:
                raise InputError(f"{place}: a corpus within another one has no weight: take it out")
            found[f"{key}.{name}"] = build_component(CORPUS, entry, "weight", folder, place)
    return found


def _corpora_of(cls: type) -> set[str]:
    """The fields of a class that hold corpora by name."""
    try:
        hints = get_type_hints(cls)
    except Exception:  # an annotation of the user's that cannot be read: told where the class is made
        return set()
    return {field.name for field in _settings_of(cls) if hints[field.name] == Mapping[str, Corpus]}


def _dumped(cls: type, part: Any, parts: Mapping[str, Component]) -> SettingsDict:
    """All settings of a part, as JSON."""
    held = _corpora_of(cls)
    plain = {field.name for field in _settings_of(cls)} - held
    dumped: SettingsDict = TypeAdapter(cls).dump_python(part, mode="json", include=plain)
    dumped |= {key: {} for key in held if not getattr(part, key)}  # a class's own defaults are left to it
    for place, inner in parts.items():
        key, _, name = place.partition(".")
        dumped.setdefault(key, {})[name] = {"use": inner.use, **inner.settings}
    return dumped


def _construct(cls: type, settings: SettingsDict, share: str, folder: Path, where: str) -> Any:
    known = [field.name for field in _settings_of(cls)]
    if share in known:
        raise InputError(f"{where}: its field {share!r} bears the name of the recipe's own key: rename it")
    for key in settings:
        if key not in known:
            raise InputError(
                f"{where}: unknown key {key!r}; " + (suggest_key(key, known) if known else "it has no settings")
            )
    try:
        hints = get_type_hints(cls)
        absolute = {key: resolve_paths(hints[key], value, folder) for key, value in settings.items()}
        return TypeAdapter(cls).validate_python(absolute)
    except ValidationError as error:
        raise InputError(f"{where}: {describe_validation_error(cls, error)}") from None
    except InputError as error:
        raise type(error)(f"{where}: {error}") from None
    except JobError:
        raise
    except Exception as error:  # whatever a class of the user's raises, or an annotation that pydantic cannot check
        raise InputError(f"{where} cannot be made: {type(error).__name__}: {' '.join(str(error).split())}") from None


def _settings_of(cls: Any) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(cls) if field.init]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def resolve_paths(annotation: Any, value: Any, folder: Path) -> Any:
    """Make the relative paths among a setting's value absolute, as its annotation tells which are paths.

    A setting that may be a text or a path is a path, unless it names a charset.
    """
    if annotation is not Path and Path not in get_args(annotation):
        return value
    if isinstance(value, str) and str in get_args(annotation) and is_charset_name(value):
        return value
    if isinstance(value, str | Path):
        return resolve_path(value, folder)
    return [resolve_paths(Path, entry, folder) for entry in value] if isinstance(value, list | tuple) else value


def _find_class(kind: ComponentKind, use: str, where: str) -> type:
    found = _import_class(use, where) if "." in use else _own_class(kind, use, where)
    if not dataclasses.is_dataclass(found) or not isinstance(found, type):
        raise InputError(f"{where}: {use!r} is no dataclass; write @dataclass(frozen=True) above the class")
    if not any(all(callable(getattr(found, name, None)) for name in names) for names in kind.methods):
        wanted = " or ".join(" and ".join(sorted(names)) for names in kind.methods)
        raise InputError(f"{where}: {use!r} is no {kind.noun}: it needs the methods {wanted}")
    return found


def _own_class(kind: ComponentKind, use: str, where: str) -> Any:
    known = builtin_classes(kind)
    if use not in known:
        raise InputError(f"{where}: there is no {kind.noun} {use!r}; {suggest_key(use, known)}")
    return known[use]


def builtin_classes(kind: ComponentKind) -> dict[str, type]:
    """The project's own parts of a kind, by the names that they go by in recipes."""
    package = importlib.import_module(kind.package)
    return {_short(name): getattr(package, name) for name in package.__all__ if _is_part(kind, getattr(package, name))}


def _is_part(kind: ComponentKind, found: Any) -> bool:
    names_methods = any(all(hasattr(found, name) for name in names) for names in kind.methods)
    return dataclasses.is_dataclass(found) and names_methods


def _short(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


def add_module_folders(folders: Sequence[Path]) -> None:
    """Let modules of the user's be found in these folders, after everything that is installed."""
    sys.path += [str(folder) for folder in folders if str(folder) not in sys.path]


def _import_class(use: str, where: str) -> Any:
    module_name, _, name = use.rpartition(".")
    try:
        module: ModuleType = importlib.import_module(module_name)
    except Exception as error:  # whatever the user's module raises while it is imported
        raise InputError(
            f"{where}: module {module_name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from None
    source = Path(getattr(module, "__file__", None) or "")
    read = source.read_bytes() if source.is_file() else b""
    if _SOURCES.setdefault(module_name, read) != read:
        raise InputError(f"{where}: {source} has changed since this process imported it: start a new process")
    if not hasattr(module, name):
        raise InputError(f"{where}: module {module_name!r} has no {name!r}; {suggest_key(name, vars(module))}")
    return getattr(module, name)
