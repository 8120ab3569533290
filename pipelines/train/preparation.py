"""What a recognizer or a detector brings to a training before its folder is touched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pipelines.config import Tree
from pipelines.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.run import Run
from pipelines.train.checkpoint import Progress
from pipelines.train.task import Task
from synthtext.core import Charset

Say: TypeAlias = Callable[[str], None]


def _nothing(*_: Any) -> None:
    pass


@dataclass(frozen=True)
class Preparation:
    """A training that can begin: all that could be wrong with its settings and data was looked for.

    Attributes:
        task: what is learnt.
        counts: usable samples of every source.
        tree: what the RUN's config.yaml says.
        preprocessing: the RUN's.
        charset: of a recognizer.
        told: what is said before the first step, a line at a time.
        begin: writes what else the RUN must hold; is called before every start, a resumed one too.
        finish: is called at the end with how far it is, and what to tell.
    """

    task: Task[Any]
    counts: list[int]
    tree: Tree
    preprocessing: RecognizerPreprocessing | DetectorPreprocessing
    charset: Charset | None
    told: Sequence[str]
    begin: Callable[[Run], None] = _nothing
    finish: Callable[[Run, Progress, Say], None] = _nothing
