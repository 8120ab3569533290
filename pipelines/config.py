"""Trees of settings: YAML in, `key.sub=value` on top, validated, with errors that name the path."""

import copy
import difflib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from synthtext.core import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SettingsDict: TypeAlias = dict[str, Any]
ModelT = TypeVar("ModelT", bound=BaseModel)
DataclassT = TypeVar("DataclassT", bound="DataclassInstance")

_ENTRIES = 1_000_000  # values in a file, which a few lines of aliases would exceed


def read_yaml(path: Path) -> SettingsDict:
    """Read a mapping from a YAML file.

    Raises:
        InputError: the file is missing, is no YAML, is no mapping, or its aliases make it endless.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is no valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise InputError(f"{path} must hold settings as 'key: value', not {type(tree).__name__}")
    if _entries(tree, {}) > _ENTRIES:
        raise InputError(f"{path} holds more than {_ENTRIES:,} values, as aliases (*name) repeat them: write fewer")
    return tree


def _entries(settings: object, known: dict[int, float]) -> float:
    """Values in a tree, those behind aliases each time they are named; infinite where one names itself."""
    if not isinstance(settings, dict | list):
        return 1
    if id(settings) not in known:
        known[id(settings)] = float("inf")  # until it is counted: whoever asks meanwhile is a part of it
        values = settings.values() if isinstance(settings, dict) else settings
        known[id(settings)] = 1 + sum(_entries(value, known) for value in values)
    return known[id(settings)]


def dump_yaml(settings: Mapping[str, Any]) -> str:
    """A tree as YAML, in its own order."""
    return yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=120)


def apply_overrides(
    settings: SettingsDict, assignments: Iterable[str], weighted_paths: Collection[str] = ()
) -> SettingsDict:
    """A copy of the tree with `key.sub=value` settings applied; values are YAML, list entries go by number.

    Args:
        tree: the settings.
        assignments: of the form `key.sub=value`.
        weighted_paths: paths of mappings in which a number is short for settings with that `weight`.

    Raises:
        InputError: an assignment without "=", or a path through something that has no such entry.
    """
    result: SettingsDict = copy.deepcopy(settings)
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator or not path:
            raise InputError(f"{assignment!r} is not of the form key=value")
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise InputError(f"{assignment!r}: the value is no valid YAML; quote it if it is a text") from None
        _assign(result, path, value, weighted_paths)
    return result


def with_settings(
    settings: Mapping[str, Any], changes: Mapping[str, Any], weighted_paths: Collection[str] = ()
) -> SettingsDict:
    """Copy settings and apply changes by dotted path, as `override` does; raises the same errors."""
    result: SettingsDict = copy.deepcopy(dict(settings))
    for path, value in changes.items():
        _assign(result, path, copy.deepcopy(value), weighted_paths)
    return result


def _assign(settings: SettingsDict, path: str, value: Any, weighted_paths: Collection[str]) -> None:
    *parents, last = path.split(".")
    node: Any = settings
    for depth, part in enumerate(parents):
        if isinstance(node, list):
            node = node[_position(node, part, path)]
        else:
            if node.get(part) is None:
                node[part] = {}
            elif isinstance(node[part], int | float) and ".".join(parents[:depth]) in weighted_paths:
                node[part] = {"weight": node[part]}
            node = node[part]
        if not isinstance(node, dict | list):
            raise InputError(f"{path}: {part!r} is the plain value {node!r} and has no {last!r}")
    if isinstance(node, list):
        node[_position(node, last, path)] = value
    else:
        node[last] = value


def _position(entries: Sequence[Any], part: str, path: str) -> int:
    if not part.isdecimal() or int(part) >= len(entries):
        raise InputError(f"{path}: {part!r} is not the number of an entry; there are {len(entries)}, counted from 0")
    return int(part)


def suggest_key(key: str, known: Iterable[str]) -> str:
    """A hint that ends a sentence about an unknown key: the most similar known one, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(key, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"


def validate_model(model: type[ModelT], settings: Mapping[str, Any], where: str) -> ModelT:
    """Validate a tree against a pydantic model.

    Args:
        model: what the tree must be.
        tree: the settings.
        where: names the settings in errors ("recipe lines.yaml").

    Raises:
        InputError: names the path of the first wrong entry, what is wrong, and the nearest known key.
    """
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        raise InputError(f"{where}: {describe_validation_error(model, error)}") from None


def validate_dataclass(part: type[DataclassT], settings: Any, where: str) -> DataclassT:
    """Make a dataclass of settings from what should be a mapping of JSON values; raises as `validated` does."""
    if not isinstance(settings, Mapping):
        raise InputError(f"{where}: must be settings by name, not {settings!r}")
    known = part.__dataclass_fields__
    for key in settings:
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}; {suggest_key(str(key), known)}")
    try:
        # Strictly, a list is a tuple and a whole number a float only in JSON.
        return TypeAdapter(part).validate_json(json.dumps(dict(settings), default=str), strict=True)
    except ValidationError as error:
        raise InputError(f"{where}: {describe_validation_error(part, error)}") from None


def describe_validation_error(model: type, error: ValidationError) -> str:
    """The first problem in a pydantic error about a model or dataclass: path, what is wrong, what is known."""
    # An unknown key is the usual cause of whatever else is wrong: tell it first.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] not in _UNKNOWN)
    first = problems[0]
    path = ".".join(str(part) for part in first["loc"] if part not in _UNION_MEMBERS)
    start = f"{path}: " if path else ""
    if first["type"] in _UNKNOWN:
        known = _known_keys(model, first["loc"][:-1])
        return (
            f"unknown key {path!r}; {suggest_key(str(first['loc'][-1]), known)}" if known else f"unknown key {path!r}"
        )
    if first["type"] == "missing":
        return f"{path} is missing"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return start + message
    given = "" if isinstance(first["input"], Mapping) else f", not {first['input']!r}"
    return f"{start}{message[:1].lower()}{message[1:]}{given}"


_UNION_MEMBERS = (
    "int",
    "float",
    "str",
    "literal['free']",
)  # which alternative of a union failed is no part of the path
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def _known_keys(model: Any, path: Sequence[int | str]) -> list[str]:
    """The keys that the settings at `path` below a model may have; none when the path leaves models and dataclasses."""
    current = model
    for part in path:
        fields = getattr(current, "model_fields", None) or getattr(current, "__dataclass_fields__", {})
        if part not in fields:
            return []
        entry = fields[part]
        current = getattr(entry, "annotation", None) or getattr(entry, "type", None)
    return list(getattr(current, "model_fields", None) or getattr(current, "__dataclass_fields__", {}))
