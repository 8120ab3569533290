"""Reader of what `ocrmill evaluate --slices` writes about a recognizer, as far as rebalancing uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from pipelines.config import suggest_key
from synthtext.core import InputError


class ErrorSlice(NamedTuple):
    """Number of lines with one value of an attribute, or of occurrences of one character, and of misread ones."""

    name: str
    total: int
    errors: int


@dataclass(frozen=True)
class SliceReport:
    """Error counts in the lines of one source.

    Attributes:
        name: of the source, as it was given to the evaluation.
        path: of the source; None if the file does not contain it.
        lines: all lines.
        attributes: slices with a name, by name of the attribute, such as "font", "corpus" or "effect".
        lengths: minimum length, maximum length or None, and slice.
        characters: of the labels; empty if the file does not contain them.
    """

    name: str
    path: Path | None
    lines: ErrorSlice
    attributes: Mapping[str, tuple[ErrorSlice, ...]]
    lengths: tuple[tuple[int, int | None, ErrorSlice], ...]
    characters: tuple[ErrorSlice, ...]


class _Total(BaseModel):
    total: int = Field(ge=0)
    correct: int = Field(ge=0)

    def to_slice(self, name: str) -> ErrorSlice:
        return ErrorSlice(name, self.total, max(self.total - self.correct, 0))


class _Bin(_Total):
    value: str | None = None
    lower: float | None = Field(default=None, allow_inf_nan=False)
    upper: float | None = Field(default=None, allow_inf_nan=False)


class _Lines(_Total):
    total: int = Field(ge=1)
    by: dict[str, list[_Bin]]


class _Character(BaseModel):
    value: str = Field(min_length=1, max_length=1)
    total: int = Field(ge=0)
    errors: int = Field(ge=0)


class _CharacterSlices(BaseModel):
    character: list[_Character] = []


class _Characters(BaseModel):
    by: _CharacterSlices = _CharacterSlices()


class _Source(BaseModel):
    path: Path | None = None
    lines: _Lines
    characters: _Characters = _Characters()


_NO_EFFECT = "none"


def read_slices(path: Path, source: str | None = None) -> SliceReport:
    """Read the error counts in lines that a recipe generated.

    Args:
        path: of the JSON file.
        source: its name, if the file has several; None: the only one, or the only one whose lines have fonts.

    Raises:
        InputError: the file is missing, is invalid, is about a detector, or has several such sources.
    """
    sources = _read(path)
    if source is not None:
        if source not in sources:
            raise InputError(f"{path}: there is no source {source!r}; {suggest_key(source, sources)}")
        sources = {source: sources[source]}
    parsed = {name: _parse_source(path, name, entry) for name, entry in sources.items()}
    generated = {name: entry for name, entry in parsed.items() if any(b.value for b in entry.lines.by.get("font", []))}
    candidates = generated or parsed
    if len(candidates) > 1:
        raise InputError(f"{path} has several sources: choose one with --source: {', '.join(candidates)}")
    ((name, entry),) = candidates.items()
    return _to_report(name, entry)


def _read(path: Path) -> dict[str, Any]:
    try:
        sources = TypeAdapter(dict[str, dict[str, Any]]).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; write one with ocrmill evaluate --slices") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise InputError(f"{path} is not a file of ocrmill evaluate --slices: {error.errors()[0]['msg']}") from None
    if not sources:
        raise InputError(f"{path} has no source")
    return sources


def _parse_source(path: Path, name: str, entry: dict[str, Any]) -> _Source:
    kind = entry.get("kind")
    if kind == "detector":
        raise InputError(f"{path} is about a detector ({name}); evaluate a recognizer on generated lines")
    if kind != "recognizer":
        raise InputError(f"{path} has no slices of {name}; write them with ocrmill evaluate MODEL SOURCE --slices FILE")
    try:
        return _Source.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, (name, *first["loc"])))
        raise InputError(f"{path} is not a file of ocrmill evaluate --slices: {key}: {first['msg'].lower()}") from None


def _to_report(name: str, source: _Source) -> SliceReport:
    by = source.lines.by
    lengths = [
        (int(part.lower), None if part.upper is None else int(part.upper) - 1, part.to_slice(""))
        for part in by.get("length", [])
        if part.lower is not None
    ]
    attributes = {
        key: tuple(
            part.to_slice(part.value)
            for part in parts
            if part.value and part.total and (key, part.value) != ("effect", _NO_EFFECT)
        )
        for key, parts in by.items()
    }
    characters = [ErrorSlice(c.value, c.total, min(c.errors, c.total)) for c in source.characters.by.character]
    return SliceReport(
        name,
        source.path,
        source.lines.to_slice("all"),
        attributes,
        tuple(lengths),
        tuple(entry for entry in characters if entry.total),
    )
