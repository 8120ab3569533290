"""What `ocrmill evaluate --slices` wrote of a recognizer, as far as weights are made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.config import suggest_key
from synthtext.core import InputError


class ErrorSlice(NamedTuple):
    """Things that are alike: lines, or one character.

    Attributes:
        name: what they have in common.
        total: how many.
        wrong: of these, misread.
    """

    name: str
    total: int
    errors: int


@dataclass(frozen=True)
class SliceReport:
    """Lines of one source.

    Attributes:
        name: of the source, as the evaluation was given it.
        path: of the source; None if the file does not tell.
        lines: all of them.
        attributes: slices by name, by what the lines are cut by: "font", "corpus", "effect", "ink_style", "background".
        lengths: (fewest characters, most characters or None, slice).
        characters: each with its misreadings; empty if the file does not tell.
    """

    name: str
    path: Path | None
    lines: ErrorSlice
    attributes: Mapping[str, tuple[ErrorSlice, ...]]
    lengths: tuple[tuple[int, int | None, ErrorSlice], ...]
    characters: tuple[ErrorSlice, ...]


class _Bin(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str | None = Field(default=None, alias="is")
    low: float | None = Field(default=None, alias="from", allow_inf_nan=False)
    high: float | None = Field(default=None, alias="below", allow_inf_nan=False)
    total: int = Field(ge=0)
    right: int = Field(ge=0)


class _Character(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str = Field(alias="is", min_length=1, max_length=1)
    total: int = Field(ge=0)
    misread: int = Field(ge=0)


class _Lines(BaseModel):
    total: int = Field(ge=1)
    right: int = Field(ge=0)
    by: dict[str, list[_Bin]]


class _CharacterCuts(BaseModel):
    character: list[_Character] = []


class _Characters(BaseModel):
    by: _CharacterCuts = _CharacterCuts()


class _Source(BaseModel):
    path: Path | None = None
    lines: _Lines
    characters: _Characters = _Characters()


_CUTS = ("font", "corpus", "effect", "ink_style", "background")
_NO_EFFECT = "none"


def read_slices(path: Path, source: str | None = None) -> SliceReport:
    """Read the slices of lines that were drawn by a recipe.

    Args:
        path: of the JSON file.
        source: which of several sources in it; None: the only one, or the only one whose lines have fonts.

    Raises:
        InputError: the file is missing or no such JSON, is about a detector, or has several such sources.
    """
    sources = _read(path)
    if source is not None:
        if source not in sources:
            raise InputError(f"{path}: there is no source {source!r} in it; {suggest_key(source, sources)}")
        return _slices(source, _source(path, source, sources[source]))
    found = {name: _source(path, name, tree) for name, tree in sources.items()}
    drawn = {name: entry for name, entry in found.items() if any(cut.name for cut in entry.lines.by.get("font", []))}
    if len(drawn or found) > 1:
        raise InputError(f"{path} holds several sources: choose one with --source: {', '.join(drawn or found)}")
    ((name, entry),) = (drawn or found).items()
    return _slices(name, entry)


def _read(path: Path) -> dict[str, Any]:
    try:
        sources = TypeAdapter(dict[str, dict[str, Any]]).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; ocrmill evaluate --slices writes it") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise InputError(f"{path} is not what ocrmill evaluate --slices writes: {error.errors()[0]['msg']}") from None
    if not sources:
        raise InputError(f"{path} holds no source")
    return sources


def _source(path: Path, name: str, tree: dict[str, Any]) -> _Source:
    kind = tree.get("kind")
    if kind == "detector":
        raise InputError(
            f"{path} is about a detector ({name}): weights are made of what a recognizer misreads on generated lines"
        )
    if kind != "recognizer":
        raise InputError(
            f"{path} does not tell what {name} was cut into; make it with ocrmill evaluate RUN SOURCE --slices FILE"
        )
    try:
        return _Source.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (name, *first["loc"])))
        raise InputError(
            f"{path} is not what ocrmill evaluate --slices writes: {place}: {first['msg'].lower()}"
        ) from None


def _slices(name: str, source: _Source) -> SliceReport:
    by = source.lines.by
    lengths = [
        (int(cut.low), None if cut.high is None else int(cut.high) - 1, _slice("", cut))
        for cut in by.get("length", [])
        if cut.low is not None
    ]
    return SliceReport(
        name,
        source.path,
        ErrorSlice("all", source.lines.total, max(source.lines.total - source.lines.right, 0)),
        {part: tuple(_named(cuts, part)) for part, cuts in by.items() if part in _CUTS},
        tuple(lengths),
        tuple(ErrorSlice(c.name, c.total, min(c.misread, c.total)) for c in source.characters.by.character if c.total),
    )


def _named(cuts: Iterable[_Bin], part: str) -> Iterable[ErrorSlice]:
    left_out = _NO_EFFECT if part == "effect" else None
    return (_slice(cut.name, cut) for cut in cuts if cut.name and cut.total and cut.name != left_out)


def _slice(name: str, cut: _Bin) -> ErrorSlice:
    return ErrorSlice(name, cut.total, max(cut.total - cut.right, 0))
