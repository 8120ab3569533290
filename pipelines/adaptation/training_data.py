"""The training of a round: its data, how they are mixed, and its settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.adaptation.settings import AdaptSettings
from pipelines.training.resolve import resolve_config

_MAX_PSEUDO_SHARE = 0.4
_MAX_REPEATS = 8  # of a line with a pseudo-label in a round, its augmented copies included
_REPLAY_SHARE = 0.3  # of the rest
_TEACHER_WEIGHT = 0.25  # of the loss from the teacher: on the photographs it is worse than the pseudo-labels
_VALIDATIONS = 4


@dataclass(frozen=True)
class Mixture:
    """Shares of the training data, which add up to 1."""

    new: float
    pseudo: float
    replay: float

    def to_dict(self, new: str) -> dict[str, float]:
        """Return the shares by name; `new` names the first."""
        return {new: self.new, "pseudo-labels": self.pseudo, "replay": self.replay}


def mix(pseudo_labels: int, samples: int) -> Mixture:
    """Return the shares of new data, pseudo-labels and replay.

    Args:
        pseudo_labels: Number of lines or pictures with pseudo-labels; a few are not repeated endlessly.
        samples: Budget of the round.
    """
    pseudo = min(_MAX_PSEUDO_SHARE, _MAX_REPEATS * pseudo_labels / samples)
    return Mixture((1 - pseudo) * (1 - _REPLAY_SHARE), pseudo, (1 - pseudo) * _REPLAY_SHARE)


def training_overrides(
    preset: str, settings: AdaptSettings, current: Path, first: Path, more: Sequence[str] = ()
) -> list[str]:
    """Return the settings of the training of a round.

    Args:
        preset: Name of the preset, which has one frozen network.
        settings: Settings of the adaptation; its own settings of the training come last.
        current: Run directory of the best network so far, which the training starts from.
        first: Run directory of the network before the adaptation, the frozen teacher.
        more: Further settings.

    Raises:
        InputError: A setting of the training is wrong.
    """
    budget = [f"samples={settings.samples}"]
    if settings.minutes is not None:
        budget.append(f"minutes={settings.minutes:g}")
    steps = resolve_config(preset, overrides=[*budget, *settings.train]).steps
    if settings.minutes is None:
        budget.append(f"validate_every={max(steps // _VALIDATIONS, 1)}")
    return [
        f"init={current}",
        f"teacher={first}",
        f"network_group.losses.1.weight={_TEACHER_WEIGHT}",
        f"optim.warmup_steps={min(max(steps // 10, 1), 100)}",
        f"seed={settings.seed}",
        *budget,
        *more,
        *settings.train,
    ]
