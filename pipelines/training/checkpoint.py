"""What a training needs to go on as if it had never stopped."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from pipelines.inference.run import dense
from pipelines.io.atomic import write_file, written
from pipelines.training.state import Learner
from synthtext.core import InputError

TENSORS = "state.safetensors"
READABLE = "state.json"

_DAMAGE = (SafetensorError, OSError, RuntimeError, KeyError, TypeError, ValueError)


@dataclass
class Progress:
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
    best: float | None = None
    best_step: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    lines: list[int] = field(default_factory=list)
    pending: dict[str, float] = field(default_factory=dict)
    pending_steps: int = 0


def save_checkpoint(folder: Path, learner: Learner, progress: Progress) -> None:
    """Replace the checkpoint of a RUN at one stroke: the numbers lie in the header of the tensors' file.

    `state.json` repeats them for the eye.

    Raises:
        JobError: it cannot be written; the one before is kept.
    """
    numbers = json.dumps(asdict(progress))
    with written(folder / TENSORS):
        write_file(folder / TENSORS, save(dense(learner.tensors()), {"progress": numbers}))
        write_file(folder / READABLE, numbers + "\n")


def read_progress(folder: Path) -> Progress:
    """How far the last checkpoint of a RUN is; without one, at the start.

    Raises:
        InputError: the checkpoint is damaged.
    """
    path = folder / TENSORS
    if not path.is_file():
        return Progress()
    try:
        with safe_open(path, "pt") as file:
            return Progress(**json.loads(file.metadata()["progress"]))
    except _DAMAGE as error:
        raise _damaged(path, error) from None


def load_checkpoint(folder: Path, learner: Learner) -> Progress:
    """Put back the last checkpoint of a RUN; without one, training is at its start.

    Raises:
        InputError: the checkpoint is damaged or of another network.
    """
    path = folder / TENSORS
    if not path.is_file():
        return Progress()
    try:
        with safe_open(path, "pt") as file:
            learner.load({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - is no dictionary
            return Progress(**json.loads(file.metadata()["progress"]))
    except _DAMAGE as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    reason = str(error).splitlines()[0]
    return InputError(f"{path} cannot be resumed from ({reason}); remove it to train from the start")
