"""The gate of readability in a recipe: lines that a recognizer cannot read are drawn again."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

from synthtext.core import check_fraction
from synthtext.lines.generator import SampleGate

PUBLISHED = "published"
"""Names the published recognizer."""

_MODULE = "pipelines.inference.readability"  # imported when needed: recipes without a gate load no network


@dataclass(frozen=True)
class ReadabilityOptions:
    """A recognizer that has to read the lines of a recipe. By default, there is none.

    Attributes:
        recognizer: A run directory, an ONNX file, or "published"; empty for no gate.
        min_similarity: Least similarity of label and reading, 0 to 1: 1 minus the normalized edit distance.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    recognizer: str = ""
    min_similarity: float = 0.5

    def __post_init__(self) -> None:
        check_fraction("readability: min_similarity", self.min_similarity)

    def open_gate(self) -> SampleGate | None:
        """Open the recognizer; None if there is none.

        Raises:
            InputError: It cannot be opened.
        """
        if not self.recognizer:
            return None
        gate: SampleGate = self._module.open_gate(self.recognizer, self.min_similarity)
        return gate

    def fingerprint(self) -> dict[str, str]:
        """Return what decides the readings, by name: the digest of the recognizer, and versions of libraries.

        Raises:
            InputError: There is no such recognizer.
        """
        if not self.recognizer:
            return {}
        found: dict[str, str] = self._module.gate_fingerprint(self.recognizer)
        return found

    @property
    def _module(self) -> Any:
        return import_module(_MODULE)
