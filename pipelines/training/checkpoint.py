"""What a training needs to go on as if it had never stopped."""

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
    """How far a training is.

    Attributes:
        step: steps taken.
        best: highest validation score so far.
        best_step: at which it was reached; 0: before the first step.
        seconds: that it ran.
        cpu_seconds: that it computed, data workers included.
        lines: usable samples of every source, which the order of reading depends on.
        pending: sums of what was measured since the last entry of the log.
        pending_steps: how many steps they are of.
    """

    step: int = 0
    best_score: float | None = None
    best_step: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    source_sizes: list[int] = field(default_factory=list)
    metric_sums: dict[str, float] = field(default_factory=dict)
    metric_steps: int = 0


def save_checkpoint(folder: Path, learner: TrainState, progress: TrainingProgress) -> None:
    """Replace the checkpoint of a RUN at one stroke: the numbers lie in the header of the tensors' file.

    `state.json` repeats them for the eye.

    Raises:
        JobError: it cannot be written; the one before is kept.
    """
    numbers = json.dumps(asdict(progress))
    with wrap_write_errors(folder / STATE_FILE):
        write_atomic(folder / STATE_FILE, save(to_contiguous(learner.state_dict()), {"progress": numbers}))
        write_atomic(folder / STATE_JSON, numbers + "\n")


def read_progress(folder: Path) -> TrainingProgress:
    """How far the last checkpoint of a RUN is; without one, at the start.

    Raises:
        InputError: the checkpoint is damaged.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return TrainingProgress()
    try:
        with safe_open(path, "pt") as file:
            return TrainingProgress(**json.loads(file.metadata()["progress"]))
    except _DAMAGE as error:
        raise _damaged(path, error) from None


def load_checkpoint(folder: Path, learner: TrainState) -> TrainingProgress:
    """Put back the last checkpoint of a RUN; without one, training is at its start.

    Raises:
        InputError: the checkpoint is damaged or of another network.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return TrainingProgress()
    try:
        with safe_open(path, "pt") as file:
            learner.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - is no dictionary
            return TrainingProgress(**json.loads(file.metadata()["progress"]))
    except _DAMAGE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    reason = str(error).splitlines()[0]
    return InputError(f"{path} cannot be resumed from ({reason}); remove it to train from the start")
