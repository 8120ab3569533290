"""Settings of an adaptation."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, field_validator

from pipelines.inference.run import ModelKind
from pipelines.training.settings import StrictSettings

PhotoKind: TypeAlias = Literal["auto", "crops", "pictures"]
"""What photographs show: a line each ("crops"), or any number of texts ("pictures"); "auto": decided by their sizes."""


DEFAULTS: Mapping[ModelKind, Mapping[str, str | int]] = {
    "recognizer": {"base": "lines", "samples": 10_000, "generated": 400},
    "detector": {"base": "scenes", "samples": 1_000, "generated": 256},
}
"""Settings that have other defaults for a detector."""


class AdaptSettings(StrictSettings):
    """Settings of an adaptation.

    Attributes:
        base: Recipe, a preset or a file: of lines, which is fitted to the photographs, or of scenes for a detector.
        replay: Data like those that the network was trained on before, or a recipe of lines; None: `base`.
        rounds: Maximum number of rounds.
        samples: Training budget of a round: lines, or images of a detector.
        minutes: Training budget of a round as a time, instead of `samples`.
        kind: What the photographs show.
        det: Detector that finds the lines of pictures: a run directory, an ONNX file, or None for the published one.
        val: Labelled data that decide about the rounds; None: estimates without labels do.
        lexicon: Text file of the words or texts that occur, one a line.
        pattern: Regular expression that every text matches as a whole.
        train: Further settings of the training, `key.sub=value`.
        held_out: Share of the photographs that are only scored.
        min_confidence: Lowest confidence of a pseudo-label, or score of a detected text, 0 to 1.
        max_confidence: Highest confidence of a pseudo-label, 0 to 1.
        generated: Number of generated lines for the calibration of a round, or of scenes to train a detector on.
        fit_rounds: Improvements of the fit of the recipe; 0: the recipe is not fitted.
        seed: Of all random numbers.
    """

    base: str
    replay: str | None = None
    rounds: int = Field(default=3, ge=1, le=20)
    samples: int = Field(ge=1)
    minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    kind: PhotoKind = "auto"
    det: str | None = None
    val: str | None = None
    lexicon: Path | None = None
    pattern: str | None = None
    train: tuple[str, ...] = ()
    held_out: float = Field(default=0.2, ge=0.05, le=0.5)
    min_confidence: float = Field(default=0.8, ge=0, le=1)
    max_confidence: float = Field(default=1.0, ge=0, le=1)
    generated: int = Field(ge=20, le=100_000)
    fit_rounds: int = Field(default=4, ge=0, le=100)
    seed: int = Field(default=0, ge=0, lt=2**31)

    @field_validator("pattern")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression: {error}") from None
        return pattern
