"""The networks of a training, and who learns from whom."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, Field, model_validator
from torch import nn

from pipelines.config import SettingsDict
from pipelines.inference.run import BEST_NETWORK, SMALLEST_NETWORK
from pipelines.training.settings import BaseTrainConfig, StrictSettings
from synthtext.core import InputError

NetworkSettingsT = TypeVar("NetworkSettingsT", bound=BaseModel)
"""Of a network: `NetworkSettings` of a recognizer, `DetectorSettings` of a detector."""

LABELS = "labels"
"""The source of a lesson that is no network."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_TAKEN = (LABELS, BEST_NETWORK, SMALLEST_NETWORK, "weights", "state")


class NetworkConfig(StrictSettings, Generic[NetworkSettingsT]):
    """A network of a team.

    Attributes:
        init: a RUN whose weights it starts from (it must have them if it is frozen); null: those of the training's
            own `init`, else fresh ones.
        frozen: it does not learn.
        network: sizes of one that learns, null: those of the training's `network`; of a frozen one they are taken from
            its RUN.
        sha256: of a frozen one's weights; it is taken from its RUN, so that a training goes on with the same.
    """

    init: str | None = None
    frozen: bool = False
    network: NetworkSettingsT | None = None
    sha256: str | None = None


class DistillationLoss(StrictSettings):
    """What one network learns from.

    Attributes:
        learner: the network.
        target: "labels"; a frozen network (distillation: of a detector from its dilated map, of a recognizer from what
            it reads); or another one that learns (mutual learning: both learn from it).
        weight: of the loss.
    """

    student: str
    target: str = LABELS
    weight: float = Field(default=1.0, gt=0, le=1e6)


class NetworkGroup(StrictSettings, Generic[NetworkSettingsT]):
    """`team`: networks by name, and lessons.

    PP-OCRv2, sections 2.1.1 (Collaborative Mutual Learning of detectors, and its relatives) and 2.2.2 (Unified Deep
    Mutual Learning of recognizers).

    Attributes:
        networks: at least one that learns.
        lessons: every one that learns needs one from labels or from a frozen network.
        init_noise: networks that start from the same weights would stay the same for ever. So every one after the
            first gets this share of each tensor's standard deviation as noise.
    """

    networks: dict[str, NetworkConfig[NetworkSettingsT]] = Field(default={"student": NetworkConfig()}, min_length=1)
    losses: tuple[DistillationLoss, ...] = (DistillationLoss(student="student"),)
    init_noise: float = Field(default=0.01, gt=0, le=1)

    @property
    def students(self) -> tuple[str, ...]:
        """The names of the networks that learn."""
        return tuple(name for name, member in self.networks.items() if not member.frozen)

    @property
    def frozen_networks(self) -> dict[str, NetworkConfig[NetworkSettingsT]]:
        """The networks that do not."""
        return {name: member for name, member in self.networks.items() if member.frozen}

    @model_validator(mode="after")
    def _is_a_team(self) -> Self:
        for name, member in self.networks.items():
            if not _NAME.fullmatch(name) or name in _TAKEN or hasattr(nn.ModuleDict, name):
                raise ValueError(f"a network cannot be called {name!r}: take other small letters, such as student2")
            if not member.frozen and member.sha256:
                raise ValueError(f"networks.{name}: sha256 is of weights that never change: make it frozen")
        if not self.students:
            raise ValueError("every network is frozen: none learns")
        seen: set[frozenset[str]] = set()
        for number, lesson in enumerate(self.losses):
            self._check(lesson, f"lessons.{number}")
            pair = frozenset((lesson.student, lesson.target))
            if pair in seen:
                raise ValueError(f"lessons.{number}: {lesson.student} has learnt from {lesson.target} already")
            seen.add(pair)
        taught = {lesson.student for lesson in self.losses if lesson.target not in self.students}
        for name in self.students:
            if name not in taught:
                raise ValueError(f"{name} learns neither from labels nor from a frozen network: give it a lesson")
        used = {lesson.target for lesson in self.losses}
        for name in self.frozen_networks:
            if name not in used:
                raise ValueError(f"no network learns from {name}: give it a lesson, or leave it out")
        return self

    def _check(self, lesson: DistillationLoss, where: str) -> None:
        if lesson.student not in self.students:
            raise ValueError(f"{where}: {lesson.student!r} is no network that learns; there are {self.students}")
        if lesson.target == lesson.student or lesson.target not in (LABELS, *self.networks):
            others = (LABELS, *(name for name in self.networks if name != lesson.student))
            raise ValueError(f"{where}: {lesson.target!r} is no source for {lesson.student}; there are {others}")

    def with_metadata(self, facts: Mapping[str, Mapping[str, Any]]) -> Self:
        """The same with what is known of the frozen networks' RUNs, by name."""
        networks = {name: member.model_copy(update=facts.get(name, {})) for name, member in self.networks.items()}
        return self.model_copy(update={"networks": networks})


class NetworkGroupConfig(BaseTrainConfig, Generic[NetworkSettingsT]):
    """What a training of any team depends on.

    Attributes:
        network: sizes of every network that learns and has none of its own.
        team: which networks there are, and who learns from whom.
        freeze_batch_norm: batch normalisation keeps the statistics that a network starts with, instead of those of every
            batch, which a few small crops make noisy; for `init`. The threshold map of a detector, which reading does
            not need and an imported RUN has no weights for, is left out.
    """

    network: NetworkSettingsT
    network_group: NetworkGroup[NetworkSettingsT]
    freeze_batch_norm: bool = False

    @model_validator(mode="after")
    def _has_norms_to_keep(self) -> Self:
        if self.freeze_batch_norm and not all(map(self.init_of, self.network_group.students)):
            raise ValueError(
                "freeze_batch_norm keeps what networks start with, but one starts from nothing: give it an init"
            )
        return self

    def settings_of(self, name: str) -> NetworkSettingsT:
        """Of a network that learns."""
        return self.network_group.networks[name].network or self.network

    def init_of(self, name: str) -> str | None:
        """The RUN that a network starts from; None: it starts fresh."""
        return self.network_group.networks[name].init or self.init


def apply_teacher_setting(tree: SettingsDict, kind: str, where: str) -> SettingsDict:
    """Settings in which the RUN that the key `teacher` names is the start of the one network that is frozen.

    Args:
        tree: the settings.
        kind: of the network, to name a preset that has a frozen one.
        where: names the settings in errors.

    Raises:
        InputError: there is a `teacher`, and no network that is one.
    """
    result = dict(tree)
    teacher, team = result.pop("teacher", None), result.get("network_group", {})
    if teacher is None:
        return result
    networks = team.get("networks", {}) if isinstance(team, Mapping) else {}
    frozen = [name for name, entry in networks.items() if isinstance(entry, Mapping) and entry.get("frozen")]
    if len(frozen) != 1:
        presets = "rec-distill" if kind == "recognizer" else "det-distill or det-cml"
        raise InputError(
            f"{where}: teacher names the RUN of the one network that is frozen, but there are {len(frozen)}: take the "
            f"preset {presets}"
        )
    path = str(Path(teacher).absolute())
    return {
        **result,
        "network_group": {**team, "networks": {**networks, frozen[0]: {**networks[frozen[0]], "init": path}}},
    }
