"""The folder of a training: whose it is, and whether what is asked for is the same training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from torch import Tensor, nn

from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.run import CONFIG_FILE, RecognizerRun, Run, open_run
from pipelines.training.checkpoint import TrainingProgress
from pipelines.training.settings import RESUMABLE_CHANGES
from synthtext.core import Charset, InputError

LOCK_FILE = "lock"


def check_run_dir(folder: Path) -> None:
    """Refuse a folder that holds no training; a new or an empty one is fine.

    Raises:
        InputError: the sentence says what is there.
    """
    if not (folder / CONFIG_FILE).is_file():
        if folder.exists() and (not folder.is_dir() or any(_foreign(folder))):
            raise InputError(f"{folder} is not empty and is no RUN; name a new folder")
    elif "imported" in open_run(folder).config:
        raise InputError(
            f"{folder} was imported, not trained: name another folder, and start from it with init={folder}"
        )


def check_resumable(folder: Path, tree: SettingsDict, charset: Charset | None) -> None:
    """Refuse a folder that holds something else; raises as `check_use` does, and for another training.

    Args:
        folder: of the RUN; it may be none yet.
        settings: what the RUN's config.yaml would say.
        charset: of a recognizer.
    """
    check_run_dir(folder)
    if not (folder / CONFIG_FILE).is_file():
        return
    run = open_run(folder)
    differing = list(_differences(run.config, tree))
    if not differing and isinstance(run, RecognizerRun) and run.charset != charset:
        differing.append("the characters of the charset")
    if differing:
        raise InputError(
            f"{folder} holds a training with other settings: {'; '.join(differing[:5])}. "
            "Name another folder, or repeat its settings to go on with it"
        )


def _foreign(folder: Path) -> Iterator[Path]:
    """What neither a lock nor a RUN that was never begun leaves behind."""
    ours = {LOCK_FILE, "charset.txt", "preprocessing.json"}
    return (path for path in folder.iterdir() if path.name not in ours and not path.name.startswith(".tmp-"))


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key in {**there, **here}:
        one, other = _by_name(there.get(key)), _by_name(here.get(key))
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{path}{key}.")
        elif one != other and path + key not in RESUMABLE_CHANGES:
            is_whole = None in (one, other) and isinstance(one or other, Mapping)  # a network, or all of copy_paste
            told = f"{one} there and {other} here" if not is_whole else f"only {'there' if other is None else 'here'}"
            yield f"{path}{key} is {told}"


def _by_name(value: Any) -> Any:
    """A list of settings as settings by number."""
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
        return {str(number): entry for number, entry in enumerate(value)}
    return value


BatchT = TypeVar("BatchT")


@dataclass(frozen=True)
class ValidationResult:
    """Scores of a network on labelled data.

    Attributes:
        score: the higher the better; what the best weights are chosen by.
        scores: all scores, by source.
        best: the part of the network that the score is of; None: all of it.
        parts: networks whose weights are kept beside the best, by name.
        best_network: of the best among them; None: there are none.
        details: what else the log is to tell.
    """

    score: float
    scores: dict[str, dict[str, float]]
    best: nn.Module | None = None
    networks: Mapping[str, nn.Module] = field(default_factory=dict)
    best_network: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class Task(Protocol[BatchT]):
    """A network, data for it, and what is wanted of it: a recognizer or a detector."""

    @property
    def model(self) -> nn.Module:
        """The network, with the weights that training starts from."""
        ...

    @property
    def extra_metrics(self) -> Mapping[str, Tensor]:
        """What else the last `losses` found out, for the log: finite scalars."""
        ...

    def batches(self, numbers: range) -> Iterator[BatchT]:
        """The batches of these numbers, in order, each a pure function of its number."""
        ...

    def losses(self, batch: BatchT, step: int) -> dict[str, Tensor]:
        """The parts of the loss of a batch of a step, scalars; their sum is minimised."""
        ...

    def keys(self, batch: BatchT) -> tuple[str, ...]:
        """Names of the samples in a batch."""
        ...

    def validate(self, model: nn.Module) -> ValidationResult:
        """Score a network of the same kind, the averaged one."""
        ...


Log: TypeAlias = Callable[[str], None]


def _nothing(*_: Any) -> None:
    pass


@dataclass(frozen=True)
class TrainingSetup:
    """A training that can begin: all that could be wrong with its settings and data was looked for.

    Attributes:
        task: what is learnt.
        counts: usable samples of every source.
        settings: what the RUN's config.yaml says.
        preprocessing: the RUN's.
        charset: of a recognizer.
        told: what is said before the first step, a line at a time.
        on_start: writes what else the RUN must hold; is called before every start, a resumed one too.
        finish: is called at the end with how far it is, and what to tell.
    """

    task: Task[Any]
    source_sizes: list[int]
    settings: SettingsDict
    preprocessing: RecognizerPreprocessing | DetectorPreprocessing
    charset: Charset | None
    messages: Sequence[str]
    on_start: Callable[[Run], None] = _nothing
    on_end: Callable[[Run, TrainingProgress, Log], None] = _nothing
