"""Scenes in a PaddleOCR-style label file: a path, a tab, and a JSON list of transcriptions and points."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.label_file import file_bytes, line_begins, rows_at
from pipelines.reader.label_kind import LOOKED_AT, kind_of_labels
from pipelines.reader.path_source import PathSource
from pipelines.reader.polygons import mend_polygon
from pipelines.reader.problems import TORN
from pipelines.reader.scene_source import EncodedScene
from pipelines.shards import IGNORED
from synthtext.core import InputError, TextInstance


@dataclass(frozen=True)
class SceneLabels(PathSource):
    """A label file of scenes. It is mapped, not held in memory.

    Attributes:
        path: of the file; the pictures' paths are relative to it.

    Raises:
        InputError: the file is missing or empty, is no UTF-8 text, or labels no scenes.
    """

    TOGETHER: ClassVar[int] = 16

    _begins: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begins", line_begins(self.path))
        if kind_of_labels(text for _, text in rows_at(self.path, self._begins[:LOOKED_AT])) == "lines":
            raise InputError(
                f"{self.path} labels no scenes but lines: a detector needs a path, a tab, and a JSON list in every line"
            )

    def __len__(self) -> int:
        return len(self._begins)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        return [
            EncodedScene(name, file_bytes(self.path, name), *parse_label(text, f"{self.path}: {name}"))
            for name, text in rows_at(self.path, self._begins[rows])
        ]


def parse_label(text: str, where: str) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """The texts in a label, and what was wrong with some of them.

    A text whose polygon cannot be read is left out; one whose polygon is a guess is to be ignored.

    Args:
        text: JSON as PaddleOCR writes it.
        where: names the label in errors.

    Raises:
        InputError: it is no list of transcriptions and points.
    """
    try:
        entries: Sequence[dict[str, Any]] = json.loads(text)
        labelled = [(_text(entry["transcription"]), entry["points"]) for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{where}: this is no list of texts with transcription and points ({type(error).__name__}: {error})"
        ) from None
    return mended_instances(labelled)


def mended_instances(
    labelled: Sequence[tuple[str, Any]],
) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """Instances of texts and points as they are labelled, and what was wrong with some of them."""
    instances: list[TextInstance] = []
    problems: list[str] = []
    for text, points in labelled:
        polygon, problem, certain = mend_polygon(points)
        if problem:
            problems.append(problem)
        if polygon is None:
            continue
        written = text.encode(errors="replace").decode()
        if written != text:
            problems.append(TORN)
        composed = unicodedata.normalize("NFC", written)
        instances.append(TextInstance(composed, polygon, ignore=text in IGNORED or not certain or written != text))
    return tuple(instances), tuple(problems)


def _text(transcription: object) -> str:
    """A transcription as text; none at all is empty."""
    return "" if transcription is None else str(transcription)
