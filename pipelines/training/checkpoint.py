"""Checkpoints: all that a training needs to resume exactly."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from pipelines.inference.weights import to_contiguous
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.training.state import TrainState
from synthtext.core import InputError

STATE_FILE = "state.safetensors"
STATE_JSON = "state.json"

_DAMAGE = (SafetensorError, OSError, RuntimeError, KeyError, TypeError, ValueError)


@dataclass
class TrainingProgress:
    """The numbers of a checkpoint.

    Attributes:
        step: steps taken.
        best_score: highest validation score so far.
        best_step: step of the highest score; 0: before the first step.
        seconds: elapsed time of the training.
        cpu_seconds: CPU time, data workers included.
        source_sizes: usable samples of every source; the order of the samples depends on them.
        metric_sums: sums of the metrics since the last entry of metrics.jsonl, by name.
        metric_counts: steps in those sums, by name.
    """

    step: int = 0
    best_score: float | None = None
    best_step: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    source_sizes: list[int] = field(default_factory=list)
    metric_sums: dict[str, float] = field(default_factory=dict)
    metric_counts: dict[str, int] = field(default_factory=dict)


def save_checkpoint(folder: Path, state: TrainState, progress: TrainingProgress) -> None:
    """Replace the checkpoint of a run atomically: the progress is stored in the header of the tensors' file.

    `state.json` is a readable copy of the progress.

    Raises:
        JobError: it cannot be written; the previous checkpoint is kept.
    """
    numbers = json.dumps(asdict(progress))
    with wrap_write_errors(folder / STATE_FILE):
        write_atomic(folder / STATE_FILE, save(to_contiguous(state.state_dict()), {"progress": numbers}))
        write_atomic(folder / STATE_JSON, numbers + "\n")


def load_checkpoint(folder: Path, state: TrainState | None = None) -> TrainingProgress:
    """Return the progress of a run's checkpoint, or the initial progress if there is none.

    Args:
        folder: the run directory.
        state: is restored from the checkpoint; None: only read the progress.

    Raises:
        InputError: the checkpoint is damaged, or belongs to another network.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return TrainingProgress()
    try:
        with safe_open(path, "pt") as file:
            if state is not None:
                state.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - no dict
            return TrainingProgress(**json.loads(file.metadata()["progress"]))
    except _DAMAGE as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} cannot be resumed from ({reason}); remove it to train from the start") from None
