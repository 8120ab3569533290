"""Steps of an adaptation, whose results are files: an interrupted adaptation resumes at the first missing one."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipelines.io.atomic import wrap_write_errors, write_atomic
from synthtext.core import InputError

ResultT = TypeVar("ResultT")

_BREAK = re.compile(r"[\t\r\n]")


def run_step(path: Path, kind: type[ResultT], make: Callable[[], ResultT]) -> ResultT:
    """Return the result of a step: from its file, or else made and written, atomically.

    Args:
        path: JSON file of the result, in a folder that exists.
        kind: Type of the result: a model or a dataclass.
        make: Makes the result; a function of the earlier steps and the settings alone. Other files that it writes may
            exist from an interrupted call.

    Raises:
        InputError: The file is damaged.
        JobError: The file cannot be written.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    if path.is_file():
        try:
            loaded: ResultT = adapter.validate_json(path.read_bytes())
        except ValidationError as error:
            raise InputError(f"{path} is damaged ({error.errors()[0]['msg']}): remove it to repeat the step") from None
        return loaded
    result = make()
    with wrap_write_errors(path):
        write_atomic(path, adapter.dump_json(result, indent=1) + b"\n")
    return result


def write_labels(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write a label file of names of images and texts, atomically; the names are relative to its folder."""
    with wrap_write_errors(path):
        write_atomic(path, "".join(_label_lines(rows)))


def _label_lines(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"{name}\t{_BREAK.sub(' ', text)}\n" for name, text in rows)
