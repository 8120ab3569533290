"""Parts of a recipe that are named by `use`: found, checked, built, and written back with all their settings."""

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pipelines.config import Tree, first_problem, nearest
from synthtext.core import InputError


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


CORPUS = ComponentKind("corpus", "synthtext.corpora", (frozenset({"draw"}),))
PAPER = ComponentKind("paper", "synthtext.paper", (frozenset({"paint"}), frozenset({"for_block"})))
STYLE = ComponentKind("ink style", "synthtext.ink", (frozenset({"draw", "reach", "underlay"}),))
EFFECT = ComponentKind("effect", "augment", (frozenset({"draw", "apply"}), frozenset({"draw", "warp"})))


@dataclass(frozen=True)
class Component:
    """A built part of a recipe.

    Attributes:
        use: the name it goes by.
        part: the object.
        settings: all of its fields, as JSON.
        share: its weight or probability.
    """

    use: str
    part: Any
    settings: Tree
    share: float

    @property
    def paths(self) -> dict[str, Path]:
        """The files and folders that it names, by field."""
        fields = {name: getattr(self.part, name) for name in self.settings}
        return {name: value for name, value in fields.items() if isinstance(value, Path)}

    @property
    def user_module(self) -> Path | None:
        """The source of a class that is not ours."""
        module = type(self.part).__module__
        if module.split(".")[0] in ("synthtext", "augment"):
            return None
        return Path(inspect.getsourcefile(type(self.part)) or "")


def build_component(kind: ComponentKind, entry: Mapping[str, Any], share: str, folder: Path, where: str) -> Component:
    """Build the part that an entry of a recipe describes.

    Args:
        kind: what it must be.
        entry: `use`, the share, and the part's own settings.
        share: "weight" or "probability".
        folder: relative paths start here; modules of the user's are looked for here too.
        where: names the entry in errors.

    Raises:
        InputError: the name is unknown, a key is unknown, or a value is wrong.
    """
    settings = dict(entry)
    use = settings.pop("use", None)
    if not isinstance(use, str):
        raise InputError(f"{where}: 'use' is missing; it names the {kind.noun}")
    amount = settings.pop(share, 1.0)
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not amount >= 0:
        raise InputError(f"{where}.{share}: must be a number from 0, not {amount!r}")
    if share == "probability" and amount > 1:
        raise InputError(f"{where}.probability: must be at most 1, not {amount!r}")
    cls = _find_class(kind, use, folder, where)
    part = _construct(cls, settings, folder, f"{where} ({use})")
    return Component(use, part, TypeAdapter(cls).dump_python(part, mode="json"), float(amount))


def _construct(cls: type, settings: Tree, folder: Path, where: str) -> Any:
    known = [field.name for field in dataclasses.fields(cls) if field.init]
    for key in settings:
        if key not in known:
            raise InputError(
                f"{where}: unknown key {key!r}; " + (nearest(key, known) if known else "it has no settings")
            )
    hints = get_type_hints(cls)
    absolute = {key: resolve_paths(hints[key], value, folder) for key, value in settings.items()}
    try:
        return TypeAdapter(cls).validate_python(absolute)
    except ValidationError as error:
        raise InputError(f"{where}: {first_problem(cls, error)}") from None


def resolve_paths(annotation: Any, value: Any, folder: Path) -> Any:
    """Make the relative paths among a setting's value absolute, as its annotation tells which are paths."""
    if annotation is Path and isinstance(value, str | Path):
        return (folder / Path(value).expanduser()).absolute()
    if Path in get_args(annotation) and isinstance(value, Sequence) and not isinstance(value, str):
        return [resolve_paths(Path, entry, folder) for entry in value]
    return value


def _find_class(kind: ComponentKind, use: str, folder: Path, where: str) -> type:
    found = _import_class(use, folder, where) if "." in use else _own_class(kind, use, where)
    if not dataclasses.is_dataclass(found) or not isinstance(found, type):
        raise InputError(f"{where}: {use!r} is no dataclass; write @dataclass(frozen=True) above the class")
    if not any(all(callable(getattr(found, name, None)) for name in names) for names in kind.methods):
        wanted = " or ".join(" and ".join(sorted(names)) for names in kind.methods)
        raise InputError(f"{where}: {use!r} is no {kind.noun}: it needs the methods {wanted}")
    return found


def _own_class(kind: ComponentKind, use: str, where: str) -> Any:
    package = importlib.import_module(kind.package)
    known = {_short(name): getattr(package, name) for name in package.__all__ if _is_part(kind, getattr(package, name))}
    if use not in known:
        raise InputError(f"{where}: there is no {kind.noun} {use!r}; {nearest(use, known)}")
    return known[use]


def _is_part(kind: ComponentKind, found: Any) -> bool:
    names_methods = any(all(hasattr(found, name) for name in names) for names in kind.methods)
    return dataclasses.is_dataclass(found) and names_methods


def _short(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


def _import_class(use: str, folder: Path, where: str) -> Any:
    module_name, _, name = use.rpartition(".")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        module: ModuleType = importlib.import_module(module_name)
    except Exception as error:  # whatever the user's module raises while it is imported
        raise InputError(
            f"{where}: module {module_name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from None
    if not hasattr(module, name):
        raise InputError(f"{where}: module {module_name!r} has no {name!r}; {nearest(name, vars(module))}")
    return getattr(module, name)
