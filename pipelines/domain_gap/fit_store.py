"""Settings and rounds of a fit, and the files of the rounds, from which a fit resumes."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.config import SettingsDict
from pipelines.domain_gap.text_fit import TextMode
from pipelines.io.atomic import write_atomic
from synthtext.core import InputError, Level


class FitSettings(BaseModel):
    """Settings of a fit.

    Attributes:
        rounds: Number of improvements, 1 to 100.
        lines: Lines or scenes that a round draws, twice.
        held_out: Fraction of the real lines or scenes that are only measured, 0.1 to 0.5.
        texts: What is taken from labels of lines.
        level: Of the texts of scenes.
        seed: 0 to 2**32 - 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    rounds: int = Field(default=8, ge=1, le=100)
    lines: int = Field(default=1500, ge=20, le=100_000)
    held_out: float = Field(default=0.25, ge=0.1, le=0.5)
    texts: TextMode = "patterns"
    level: Level = "word"
    seed: int = Field(default=0, ge=0, lt=2**32)


class Round(BaseModel):
    """A recipe of a fit and how far its lines are from real ones.

    Attributes:
        number: 0 for the recipe before the fit.
        settings: Of the recipe.
        distance: Mean distance of the features to the real lines that the fit may use.
        held_out: The same to the held-out lines.
        auc: Of a classifier that tells held-out real lines from drawn ones; 0.5 if it cannot.
        features: Distance of each feature to the held-out lines.
        next_settings: Of the next round; None after the last one.
    """

    model_config = ConfigDict(extra="forbid")
    number: int
    settings: SettingsDict
    distance: float
    held_out: float
    auc: float
    features: dict[str, float]
    next_settings: SettingsDict | None = None


class RoundStore:
    """The files of the rounds of a fit.

    Raises:
        InputError: The folder has the rounds of another fit.
    """

    def __init__(self, folder: Path, fingerprint: dict[str, Any]) -> None:
        self._folder = folder
        path = folder / "fit.json"
        if path.is_file():
            if json.loads(path.read_text(encoding="utf-8")) != fingerprint:
                raise InputError(
                    f"{folder} has the rounds of another fit, of other real lines, another recipe or other options: "
                    "remove the folder, or write to another file"
                )
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(fingerprint, indent=1) + "\n")

    def read(self) -> list[Round]:
        """Return the finished rounds, in order."""
        rounds: list[Round] = []
        while (path := self._path(len(rounds))).is_file():
            try:
                rounds.append(Round.model_validate_json(path.read_bytes()))
            except ValidationError as error:
                raise InputError(f"{path} is damaged ({error.errors()[0]['msg']}): remove it to repeat it") from None
        return rounds

    def write(self, finished: Round) -> None:
        """Store a round."""
        write_atomic(self._path(finished.number), finished.model_dump_json(indent=1) + "\n")

    def _path(self, number: int) -> Path:
        return self._folder / f"round-{number:03d}.json"
