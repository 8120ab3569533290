"""The ledger of experiments: a JSON object a line, one for every arm that was trained to its end and scored."""

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from synthtext.core import InputError

LEDGER = Path(__file__).with_name("ledger.jsonl")

Outcomes = dict[str, Any]
"""What became of every picture or line of a source: rows of `ImageMatch`, or characters 1, 0 and - (does not count)."""


@dataclass(frozen=True)
class Entry:
    """An arm that is finished.

    Attributes:
        arm: its name.
        seed: of its training.
        command: what was trained, inputs by name.
        commit: of this repository; "+" behind it: with changes.
        finished: UTC.
        hardware: that it ran on.
        samples: trained on.
        cpu_seconds: of the training, data workers included.
        waiting: share of the training's time that data were waited for.
        parameters: of the network that is scored.
        scores: of every source, by name of the input.
        outcomes: of every source, for intervals.
        inputs: digests of what it was made from, by name.
    """

    arm: str
    seed: int
    command: str
    commit: str
    finished: str
    hardware: str
    samples: int
    cpu_seconds: float
    waiting: float
    parameters: int
    scores: Mapping[str, Mapping[str, float]]
    outcomes: Mapping[str, Outcomes]
    inputs: Mapping[str, str] = field(default_factory=dict)


def read_ledger(path: Path) -> list[Entry]:
    """All entries, oldest first; no file is an empty ledger.

    Raises:
        InputError: a line is no entry.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(Entry(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: line {number} is no entry of a ledger: {error}") from None
    return entries


def append(path: Path, entry: Entry) -> None:
    """Add a row."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")


def find(entries: Sequence[Entry], arm: str, seed: int) -> Entry | None:
    """The latest entry of an arm and a seed."""
    return next((entry for entry in reversed(entries) if (entry.arm, entry.seed) == (arm, seed)), None)


def commit() -> str:
    """Of the repository that this file is in."""
    told = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude", "*"]
    found = subprocess.run(told, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def hardware() -> str:
    """The processor, or the accelerator, and the library that calculates."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    about = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in about.read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} x {names[0] if names else platform.processor()}, torch {torch.__version__}"
