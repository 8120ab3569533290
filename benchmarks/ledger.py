"""The ledger of experiments: one JSON object per line, for every arm that was trained and scored."""

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
"""Outcomes of the samples of a source: rows of `ImageMatchCounts`, or characters 1, 0 and - (does not count)."""


@dataclass(frozen=True)
class Entry:
    """The result of an arm.

    Attributes:
        arm: name of the arm.
        seed: seed of the training.
        command: command of the training, with names of inputs.
        commit: commit of this repository; "+" at the end: with uncommitted changes.
        finished: time, UTC.
        hardware: CPU or GPU, and version of torch.
        samples: samples of the training.
        cpu_seconds: CPU time of the training, data workers included.
        data_wait_fraction: fraction of the training's time spent waiting for data.
        parameters: parameters of the network.
        scores: scores by source.
        outcomes: outcomes of the samples by source, for confidence intervals.
        inputs: digests of the inputs by name.
    """

    arm: str
    seed: int
    command: str
    commit: str
    finished: str
    hardware: str
    samples: int
    cpu_seconds: float
    data_wait_fraction: float
    parameters: int
    scores: Mapping[str, Mapping[str, float]]
    outcomes: Mapping[str, Outcomes]
    inputs: Mapping[str, str] = field(default_factory=dict)


def read_ledger(path: Path) -> list[Entry]:
    """Return all entries, oldest first; a missing file is an empty ledger.

    Raises:
        InputError: a line is invalid.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entries.append(Entry(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: line {number} is not an entry of a ledger: {error}") from None
    return entries


def append(path: Path, entry: Entry) -> None:
    """Append an entry."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")


def find(entries: Sequence[Entry], arm: str, seed: int) -> Entry | None:
    """Return the latest entry of an arm and a seed."""
    return next((entry for entry in reversed(entries) if (entry.arm, entry.seed) == (arm, seed)), None)


def commit() -> str:
    """Return the commit of the repository with this file."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude", "*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def hardware() -> str:
    """Return the CPU or GPU, and the version of torch."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    return f"{len(names)} x {names[0] if names else platform.processor()}, torch {torch.__version__}"
