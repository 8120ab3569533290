"""Preprocessing as JSON: in a RUN's `preprocessing.json`, and in the metadata of an ONNX file."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from pipelines.config import validated_part
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
    def from_json(cls, text: str, where: str = "") -> Self:
        """Undo `to_json`.

        Args:
            text: JSON.
            where: begins errors, such as "folder/file: ".

        Raises:
            InputError: the text is no JSON object of these fields.
        """
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise InputError(f"{where}preprocessing: this is no JSON: {error}") from None
        try:
            return validated_part(cls, fields, "preprocessing")  # type: ignore[type-var]
        except InputError as error:
            sentence = str(error).replace("preprocessing: preprocessing: ", "preprocessing: ")
            raise InputError(f"{where}{sentence}") from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a `preprocessing.json`.

        Raises:
            InputError: it is missing or wrong.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: {error}") from None
        return cls.from_json(text, f"{path}: ")
