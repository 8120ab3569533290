"""The rounds of an adaptation, one after the other, and their results."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.adaptation.decision import Decision, Score
from pipelines.adaptation.settings import AdaptSettings
from pipelines.adaptation.steps import run_step
from pipelines.inference.run import DetectorRun, Run, create_run

MODEL_FOLDER, RESULT_FILE = "model", "result.json"
"""The run directory of the best network, and the result, in the folder of an adaptation."""


@dataclass(frozen=True)
class Example:
    """A line or a picture of the photographs.

    Attributes:
        image: Its file, relative to the folder of the adaptation.
        text: What was read in it; empty for a picture.
        reason: Why it has no pseudo-label; empty if it has one.
    """

    image: str
    text: str
    reason: str


@dataclass(frozen=True)
class RoundResult:
    """What happened in a round.

    Attributes:
        number: From 1.
        candidates: Lines, or texts found in pictures, that could have a pseudo-label.
        kept: Number of those that have one.
        left_out: Number of the others, by reason.
        rules: The thresholds of the selection, a sentence each.
        corpus: Number of different texts in the corpus.
        texts: Some of these texts.
        recipe: What was changed in the recipe, a sentence each.
        mixture: Share of each part of the training data.
        before: Scores of the former network.
        after: Scores of the network of the round.
        decision: About the network of the round.
        examples: Some lines or pictures with their readings.
    """

    number: int
    candidates: int
    kept: int
    left_out: dict[str, int]
    rules: tuple[str, ...]
    corpus: int
    texts: tuple[str, ...]
    recipe: tuple[str, ...]
    mixture: dict[str, float]
    before: Score
    after: Score
    decision: Decision
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class AdaptResult:
    """The result of an adaptation.

    Attributes:
        model: Run directory of the best network.
        best: Number of the round that it is from; 0 for the network before the adaptation.
        reason: Why the adaptation ended.
        rounds: All rounds.
    """

    model: Path
    best: int
    reason: str
    rounds: tuple[RoundResult, ...]


@dataclass(frozen=True)
class RoundRunner(ABC):
    """Runs the rounds of a kind of network.

    Attributes:
        settings: Settings of the adaptation.
        first: Run directory of the network before the adaptation.
        out: Folder of the adaptation; its subfolder `photos` has the lines or pictures.
    """

    settings: AdaptSettings
    first: Path
    out: Path

    def run(self, number: int, model: Path, folder: Path) -> RoundResult:
        """Run a round, finish an interrupted one, or read the result of a finished one.

        Args:
            number: From 1.
            model: Run directory of the best network so far.
            folder: Of the round; the network that it trains is in the subfolder `run`.
        """
        return run_step(folder / "round.json", RoundResult, lambda: self.run_round(number, model, folder))

    @abstractmethod
    def run_round(self, number: int, model: Path, folder: Path) -> RoundResult:
        """Run a round, or finish an interrupted one; the arguments are those of `run`."""


def round_folder(out: Path, number: int) -> Path:
    """Return the folder of a round."""
    return out / f"round-{number}"


def run_rounds(
    runner: RoundRunner, on_round: Callable[[tuple[RoundResult, ...]], None] = lambda _: None
) -> AdaptResult:
    """Run rounds until one brings no gain.

    Args:
        runner: Runs a round.
        on_round: Called with all rounds so far after each.
    """
    model, out = runner.first, runner.out
    results: list[RoundResult] = []
    best, reason = 0, "every round brought a gain; more rounds (--rounds) may bring more"
    for number in range(1, runner.settings.rounds + 1):
        folder = round_folder(out, number)
        folder.mkdir(parents=True, exist_ok=True)
        current = round_folder(out, best) / "run" if best else model
        result = runner.run(number, current, folder)
        results.append(result)
        on_round(tuple(results))
        if not result.decision.accepted:
            reason = f"round {number}: {result.decision.reason}"
            break
        best = number
    return AdaptResult(round_folder(out, best) / "run" if best else model, best, reason, tuple(results))


def copy_model(run: Run, folder: Path) -> Run:
    """Copy the best network of a run directory to a new one, without its training."""
    settings = {"kind": run.kind, "network": run.settings.model_dump()}
    if isinstance(run, DetectorRun):
        settings["postprocessing"] = asdict(run.postprocessing)
        copied = create_run(folder, settings, run.preprocessing)
    else:
        copied = create_run(folder, settings, run.preprocessing, run.charset)
    copied.save_weights(run.load_model())
    return copied
