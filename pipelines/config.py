"""Settings: read from YAML, changed by `key.sub=value` overrides, and validated with errors that name the path."""

import copy
import difflib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from synthtext.core import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SettingsDict: TypeAlias = dict[str, Any]
ModelT = TypeVar("ModelT", bound=BaseModel)
ResultT = TypeVar("ResultT")
DataclassT = TypeVar("DataclassT", bound="DataclassInstance")

_MAX_VALUES = 1_000_000  # values in a file; a few lines of nested aliases can stand for billions
_MAX_LIBYAML = 10_000  # characters of a file; libyaml's stack overflows at a depth of more than 20,000
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is optional where PyYAML is built from source


def read_yaml(path: Path) -> SettingsDict:
    """Read a mapping from a YAML file.

    Raises:
        InputError: The file is missing, is not YAML, does not hold a mapping, or has aliases that expand to more than
            a million values.
    """
    try:
        settings = _parse_yaml(path.read_text(encoding="utf-8"))
        values = _count_values(settings, {})
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(settings, dict):
        raise InputError(f"{path} must hold settings as 'key: value', not {type(settings).__name__}")
    if values > _MAX_VALUES:
        raise InputError(f"{path} expands to more than {_MAX_VALUES:,} values through its aliases (*name): use fewer")
    return settings


def _parse_yaml(text: str) -> object:
    """Parse YAML with libyaml, which is eight times as fast, but with PyYAML's own code if an error is to be shown."""
    if len(text) <= _MAX_LIBYAML:
        with suppress(yaml.YAMLError, ValueError):
            return _FAST_LOADER(text).get_single_data()
    return yaml.safe_load(text)


def _count_values(settings: object, known: dict[int, float]) -> float:
    """Count the values with every alias expanded; infinite for an alias that contains itself."""
    if not isinstance(settings, dict | list):
        return 1
    if id(settings) not in known:
        known[id(settings)] = float("inf")  # what refers to it before it is counted is a part of it
        values = settings.values() if isinstance(settings, dict) else settings
        known[id(settings)] = 1 + sum(_count_values(value, known) for value in values)
    return known[id(settings)]


def dump_yaml(settings: Mapping[str, Any]) -> str:
    """Format settings as YAML, in their order."""
    return yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=120)


def apply_overrides(
    settings: SettingsDict, assignments: Iterable[str], weighted_paths: Collection[str] = ()
) -> SettingsDict:
    """Copy settings and apply `key.sub=value` overrides.

    Args:
        settings: Remain unchanged.
        assignments: Each of the form `key.sub=value`. The value is YAML; an entry of a list is named by its index.
        weighted_paths: Paths of mappings in which a number is short for settings with that `weight`.

    Raises:
        InputError: An assignment has no "=", its value is not YAML, or its path leads through a plain value.
    """
    result: SettingsDict = copy.deepcopy(settings)
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator or not path:
            raise InputError(f"{assignment!r} is not of the form key=value")
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise InputError(f"{assignment!r}: the value is not valid YAML; quote it if it is text") from None
        _assign(result, path, value, weighted_paths)
    return result


def with_settings(
    settings: Mapping[str, Any], changes: Mapping[str, Any], weighted_paths: Collection[str] = ()
) -> SettingsDict:
    """Copy settings and apply changes by dotted path; raises the same errors as `apply_overrides`."""
    result: SettingsDict = copy.deepcopy(dict(settings))
    for path, value in changes.items():
        _assign(result, path, copy.deepcopy(value), weighted_paths)
    return result


def _assign(settings: SettingsDict, path: str, value: Any, weighted_paths: Collection[str]) -> None:
    *parents, last = path.split(".")
    node: Any = settings
    for depth, part in enumerate(parents):
        if isinstance(node, list):
            node = node[_parse_index(node, part, path)]
        else:
            if node.get(part) is None:
                node[part] = {}
            elif isinstance(node[part], int | float) and ".".join(parents[:depth]) in weighted_paths:
                node[part] = {"weight": node[part]}
            node = node[part]
        if not isinstance(node, dict | list):
            raise InputError(f"{path}: {part!r} is the plain value {node!r} and has no {last!r}")
    if isinstance(node, list):
        node[_parse_index(node, last, path)] = value
    else:
        node[last] = value


def _parse_index(entries: Sequence[Any], part: str, path: str) -> int:
    if not part.isdecimal() or int(part) >= len(entries):
        raise InputError(f"{path}: {part!r} is not the index of an entry; there are {len(entries)}, counted from 0")
    return int(part)


def name_argument(resolve: Callable[[Sequence[str]], ResultT], overrides: Sequence[str]) -> ResultT:
    """Resolve settings with `key.sub=value` overrides; an error that one of them causes names it.

    That override is the first one without which the error is gone or another one.

    Raises:
        InputError: As `resolve` raises it; an error without "argument ..." has its cause in the file or preset.
    """
    try:
        return resolve(overrides)
    except InputError as error:
        for index, assignment in enumerate(overrides):
            others = [*overrides[:index], *overrides[index + 1 :]]
            if not str(error).startswith(repr(assignment)) and _failure(resolve, others) != str(error):
                raise InputError(f"argument {assignment!r}: {error}") from None
        raise


def _failure(resolve: Callable[[Sequence[str]], object], overrides: Sequence[str]) -> str | None:
    try:
        resolve(overrides)
    except InputError as error:
        return str(error)
    return None


def suggest_key(key: str, known: Iterable[str]) -> str:
    """Return a hint that ends a sentence about an unknown key: the most similar known key, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(key, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"


def validate_model(model: type[ModelT], settings: Mapping[str, Any], where: str) -> ModelT:
    """Validate settings against a pydantic model.

    Args:
        model: The model to build.
        settings: As read from YAML or JSON.
        where: Names the settings in errors, such as "recipe lines.yaml".

    Raises:
        InputError: The settings are invalid. The message names the path of the first wrong entry, what is wrong, and
            the nearest known key.
    """
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        raise InputError(f"{where}: {describe_validation_error(model, error)}") from None


def validate_dataclass(cls: type[DataclassT], settings: Any, where: str) -> DataclassT:
    """Build a dataclass from a mapping of JSON values without any conversion of types.

    Raises the same errors as `validate_model`.
    """
    if not isinstance(settings, Mapping):
        raise InputError(f"{where}: must be a mapping of settings, not {settings!r}")
    known = cls.__dataclass_fields__
    for key in settings:
        if key not in known:
            raise InputError(f"{where}: unknown key {key!r}; {suggest_key(str(key), known)}")
    try:
        # In strict mode, pydantic accepts a list for a tuple and an integer for a float only from JSON.
        return TypeAdapter(cls).validate_json(json.dumps(dict(settings), default=str), strict=True)
    except ValidationError as error:
        raise InputError(f"{where}: {describe_validation_error(cls, error)}") from None


_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
_UNION_MEMBERS = (
    "int",
    "float",
    "str",
    "literal['free']",
    "CharsetOptions",
)  # pydantic adds the member of a union to the location


def describe_validation_error(model: Any, error: ValidationError) -> str:
    """Describe the first problem of a validation in one sentence: its path, what is wrong, and the known keys.

    Args:
        model: The model, dataclass or type that was to be built.
        error: As raised by pydantic.
    """
    problem = min(error.errors(), key=_rank)
    location, kind, message = problem["loc"], problem["type"], problem["msg"].removeprefix("Value error, ")
    path = ".".join(str(part) for part in location if part not in _UNION_MEMBERS)
    if kind in _UNKNOWN_KEY:
        known = _known_keys(model, location[:-1])
        return f"unknown key {path!r}" + (f"; {suggest_key(str(location[-1]), known)}" if known else "")
    if kind == "missing":
        return f"{path} is missing"
    start = f"{path}: " if path else ""
    if kind == "value_error":
        return start + message
    given = "" if isinstance(problem["input"], Mapping) else f", not {problem['input']!r}"
    return f"{start}{message[:1].lower()}{message[1:]}{given}"


def _rank(problem: Any) -> tuple[bool, bool]:
    """Sort the most telling problem first: an unknown key usually causes the others, or one member of a union fits."""
    is_other_member = problem["type"] == "string_type" and isinstance(problem["input"], Mapping)
    return problem["type"] not in _UNKNOWN_KEY, is_other_member


def _known_keys(model: Any, path: Sequence[int | str]) -> list[str]:
    """Return the keys of the models or dataclasses at a path below a model, also in lists, mappings and unions."""
    models = _models_in(model)
    for part in path:
        if part in _UNION_MEMBERS:
            continue
        fields = [found for each in models if (found := _fields_of(each).get(part)) is not None]
        # A path part that is no field is the index of a list or the key of a mapping, whose values `models` are.
        if fields:
            models = [each for field in fields for each in _models_in(_annotation(field))]
    return [name for each in models for name in _fields_of(each)]


def _annotation(field: Any) -> Any:
    return getattr(field, "annotation", None) or getattr(field, "type", None)


def _models_in(annotation: Any) -> list[Any]:
    """Return the models and dataclasses in an annotation such as `Mapping[str, Model] | None`."""
    if _fields_of(annotation):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _fields_of(model: Any) -> dict[Any, Any]:
    return dict(getattr(model, "model_fields", None) or getattr(model, "__dataclass_fields__", {}))
