"""The interface between the training loop and what is trained, and checks of the run directory."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from torch import Tensor, nn

from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.run import CHARSET_FILE, CONFIG_FILE, PREPROCESSING_FILE, RecognizerRun, Run, open_run
from pipelines.io.atomic import TEMPORARY_PREFIX
from pipelines.io.paths import wrap_read_errors
from pipelines.training.settings import RESUMABLE_CHANGES
from pipelines.training.state import TrainingProgress
from synthtext.core import Charset, InputError

LOCK_FILE = "lock"
_LEFTOVERS = {LOCK_FILE, CHARSET_FILE, PREPROCESSING_FILE}  # of a run directory that was never completed
_MAX_DIFFERENCES = 5

Log: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class ValidationResult:
    """Scores of a validation."""

    score: float  # selects the best weights; higher is better
    scores: dict[str, dict[str, float]]  # all scores, by source and metric
    best: nn.Module | None = None  # the network that the scores belong to; None: the whole model
    networks: Mapping[str, nn.Module] = field(default_factory=dict)  # saved beside the best, by name
    best_network: str | None = None  # name of the best among them; None: there are none
    extra: Mapping[str, Any] = field(default_factory=dict)  # more entries for metrics.jsonl


class Task(Protocol):
    """A model with its data, losses and validation. A batch has `keys`, the names of its samples."""

    @property
    def model(self) -> nn.Module:
        """The model with its initial weights."""

    @property
    def extra_metrics(self) -> Mapping[str, Tensor]:
        """Metrics of the last call of `losses` with `log`, besides the losses: finite scalars by name."""

    def batches(self, numbers: range) -> Iterator[Any]:
        """Yield the batches of these numbers, in order; each is a pure function of its number."""

    def parts(self, batch: Any) -> Sequence[Any]:
        """Divide a batch into smaller batches that are computed one after the other; by default, the batch itself."""

    def losses(self, batch: Any, step: int, *, log: bool = False) -> dict[str, Tensor]:
        """Return the terms of the loss of a batch, scalars by name, whose sum is minimised.

        Args:
            batch: one of `parts`.
            step: step of the training, from 0.
            log: whether this step is logged, so that `extra_metrics` are needed.
        """

    def validate(self, model: nn.Module) -> ValidationResult:
        """Score a copy of the model with averaged weights."""


@dataclass(frozen=True)
class TrainingSetup:
    """A training whose settings and data have been checked."""

    task: Task
    source_sizes: list[int]  # usable samples of every source
    settings: SettingsDict  # content of the run's config.yaml
    preprocessing: RecognizerPreprocessing | DetectorPreprocessing
    charset: Charset | None  # of a recognizer
    messages: Sequence[str]  # to log before the first step
    on_start: Callable[
        [Run], None
    ]  # called at every start, also of a resumed training; writes further files of the run
    on_end: Callable[[Run, TrainingProgress, Log], None] = lambda run, progress, log: None  # called at the end


def create_run_dir(folder: Path) -> None:
    """Create the folder of a run; raises InputError if it cannot be created or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOCK_FILE).touch()
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}; name another folder with -o") from None


def check_run_dir(folder: Path) -> None:
    """Reject a folder that cannot be written, or holds something other than a training; it may not exist.

    Raises:
        InputError: the message says what the folder holds, or why it cannot be written.
    """
    path = folder.absolute()
    parent = next(path for path in (path, *path.parents) if os.path.lexists(path))
    if parent != path and not parent.is_dir():
        raise InputError(f"{folder} cannot be created: {parent} is a file; name another folder with -o")
    if not os.access(parent, os.W_OK | os.X_OK) and parent.is_dir():
        raise InputError(
            f"{folder} cannot be written: you have no permission to write to {parent}; name another folder with -o, or "
            "change the permissions"
        )
    with wrap_read_errors(folder):
        _check_content(folder)


def _check_content(folder: Path) -> None:
    if not (folder / CONFIG_FILE).is_file():
        if folder.exists() and not (folder.is_dir() and all(map(_is_leftover, folder.iterdir()))):
            raise InputError(f"{folder} is not empty and is not a run directory: name a new folder")
    elif "imported" in open_run(folder).config:
        raise InputError(
            f"{folder} was imported, not trained: name another folder, and start from these weights with init={folder}"
        )


def check_resumable(folder: Path, settings: SettingsDict, charset: Charset | None) -> None:
    """Reject a folder that holds something other than the training with these settings; it may not exist.

    Raises:
        InputError: as `check_run_dir`; or the folder holds another training.
    """
    check_run_dir(folder)
    if not (folder / CONFIG_FILE).is_file():
        return
    run = open_run(folder)
    differences = list(_differences(run.config, settings))
    if not differences and isinstance(run, RecognizerRun) and run.charset != charset:
        differences.append("the characters of the charset differ")
    if differences:
        raise InputError(
            f"{folder} holds a training with other settings: {'; '.join(differences[:_MAX_DIFFERENCES])}. "
            "Name another folder, or use its settings to resume it"
        )


def _is_leftover(path: Path) -> bool:
    return path.name in _LEFTOVERS or path.name.startswith(TEMPORARY_PREFIX)


def _differences(saved: Mapping[str, Any], given: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in {**saved, **given}:
        old, new = _by_index(saved.get(key)), _by_index(given.get(key))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{path}{key}.")
        elif old != new and path + key not in RESUMABLE_CHANGES:
            if None in (old, new) and isinstance(old or new, Mapping):  # a network, or all of copy_paste
                yield f"{path}{key} is only in the {'given' if old is None else 'saved'} settings"
            else:
                yield f"{path}{key} was {old}, is {new}"


def _by_index(value: Any) -> Any:
    """Turn a list of settings into settings by index."""
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
        return {str(index): entry for index, entry in enumerate(value)}
    return value
