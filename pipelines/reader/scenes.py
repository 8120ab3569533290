"""Pictures with many labelled texts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipelines.reader.label_file import file_bytes, read_rows
from synthtext.core import InputError, TextInstance, as_polygon

IGNORED = frozenset({"*", "###"})
"""Transcriptions of texts that are neither positive nor negative (PaddleOCR, ICDAR)."""


class EncodedScene(NamedTuple):
    """One picture as it is stored, and its texts."""

    key: str
    image: bytes  # an encoded picture
    instances: tuple[TextInstance, ...]


@dataclass(frozen=True)
class SceneLabels:
    """A PaddleOCR-style label file of scenes: a path, a tab, and a JSON list of transcriptions and points.

    Attributes:
        path: of the file; the pictures' paths are relative to it.
    """

    path: Path

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    def __len__(self) -> int:
        return sum(1 for _ in read_rows(self.path))

    def __iter__(self) -> Iterator[EncodedScene]:
        """The scenes, in order.

        Raises:
            InputError: a picture is missing, or a label is not as it should be; the sentence names it.
        """
        for name, text in read_rows(self.path):
            yield EncodedScene(name, file_bytes(self.path, name), _instances(text, f"{self.path}: {name}"))


def open_scenes(spec: str | Path) -> SceneLabels:
    """Open detection data.

    Raises:
        InputError: there is no such label file, or it has no scenes.
    """
    path = Path(spec)
    if not path.is_file():
        raise InputError(f"{spec}: there is no such label file of scenes (a path, a tab, and JSON in every line)")
    first = next(iter(read_rows(path)), None)
    if first is None or not first[1].startswith("["):
        raise InputError(f"{spec} labels no scenes: a detector needs a path, a tab, and a JSON list in every line")
    return SceneLabels(path)


def _instances(text: str, where: str) -> tuple[TextInstance, ...]:
    try:
        entries: list[dict[str, Any]] = json.loads(text)
        return tuple(_instance(entry) for entry in entries)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{where}: this is no list of texts with transcription and points ({type(error).__name__}: {error})"
        ) from None


def _instance(entry: dict[str, Any]) -> TextInstance:
    text = str(entry["transcription"])
    return TextInstance(text, as_polygon(np.array(entry["points"], np.float32)), ignore=text in IGNORED)
