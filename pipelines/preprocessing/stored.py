"""Preprocessing as JSON: in a RUN's `preprocessing.json`, and in the metadata of an ONNX file."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from synthtext.core import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Stored = TypeVar("Stored", bound="DataclassInstance")


class StoredAsJson:
    """A frozen dataclass of JSON scalars and lists of them that is stored as it is."""

    def to_json(self: "DataclassInstance") -> str:
        """As the `preprocessing.json` of a run has it."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Undo `to_json`.

        Raises:
            InputError: the text is no JSON object with exactly these fields.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
        except (AttributeError, TypeError, ValueError) as error:
            raise InputError(f"preprocessing: {error}") from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a `preprocessing.json`.

        Raises:
            InputError: it is missing or wrong.
        """
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except (OSError, InputError) as error:
            raise InputError(f"{path}: {error}") from None
