"""Settings of the networks of a training and of the losses between them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, Field, model_validator
from torch import nn

from models.losses.base import LossTerm
from models.registry import Registry
from pipelines.config import SettingsDict
from pipelines.inference.run import BEST_NETWORK, SMALLEST_NETWORK
from pipelines.training.settings import BaseTrainConfig, StrictSettings
from synthtext.core import InputError

NetworkSettingsT = TypeVar("NetworkSettingsT", bound=BaseModel)
"""Sizes of a network: `RecognizerSettings` or `DetectorSettings`."""

LABELS = "labels"
"""The target of a loss edge that is no network."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_RESERVED_NAMES = (LABELS, BEST_NETWORK, SMALLEST_NETWORK, "weights", "state")
_Weight = Annotated[float, Field(gt=0, le=1e6)]


class NetworkConfig(StrictSettings, Generic[NetworkSettingsT]):
    """A network of a group.

    Attributes:
        init: a run directory whose weights the network starts from, required if it is frozen; null: those of the
            training's own `init`, else random weights.
        frozen: the network is not trained.
        network: sizes of a trained network, null: those of the training's `network`; those of a frozen network are read
            from its run.
        sha256: digest of the weights of a frozen network; read from its run, so that a resumed training uses the same.
    """

    init: str | None = None
    frozen: bool = False
    network: NetworkSettingsT | None = None
    sha256: str | None = None


class DistillationLoss(StrictSettings):
    """An edge of a network group: what a student learns from.

    Attributes:
        student: name of the network that learns.
        target: "labels"; a frozen network (distillation); or another trained network (mutual learning: both learn).
        weight: weight of the loss.
        terms: registered loss terms and their weights; null: the default terms for this kind of target.
    """

    student: str
    target: str = LABELS
    weight: _Weight = 1.0
    terms: dict[str, _Weight] | None = None

    @property
    def name(self) -> str:
        """The edge in names of metrics and tensors."""
        return f"{self.student}/{self.target}"


class NetworkGroup(StrictSettings, Generic[NetworkSettingsT]):
    """`network_group`: networks by name, and the losses they learn from.

    PP-OCRv2, sections 2.1.1 (Collaborative Mutual Learning of detectors) and 2.2.2 (Unified Deep Mutual Learning of
    recognizers).

    Attributes:
        networks: networks by name; at least one is trained.
        losses: edges between students and their targets; every student needs one from labels or a frozen network.
        init_noise: networks with the same initial weights would stay identical. To every one but the first, noise with
            this fraction of each tensor's standard deviation is added.
    """

    networks: dict[str, NetworkConfig[NetworkSettingsT]] = Field(default={"student": NetworkConfig()}, min_length=1)
    losses: tuple[DistillationLoss, ...] = (DistillationLoss(student="student"),)
    init_noise: float = Field(default=0.01, gt=0, le=1)

    @property
    def students(self) -> tuple[str, ...]:
        """The names of the trained networks."""
        return tuple(name for name, network in self.networks.items() if not network.frozen)

    @property
    def frozen_networks(self) -> dict[str, NetworkConfig[NetworkSettingsT]]:
        """The frozen networks by name."""
        return {name: network for name, network in self.networks.items() if network.frozen}

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, network in self.networks.items():
            if not _NAME.fullmatch(name) or name in _RESERVED_NAMES or hasattr(nn.ModuleDict, name):
                raise ValueError(f"{name!r} cannot be the name of a network: use other lower-case letters, as student2")
            if not network.frozen and network.sha256:
                raise ValueError(f"networks.{name}: sha256 is only for frozen networks: set frozen, or remove it")
        if not self.students:
            raise ValueError("every network is frozen: at least one must be trained")
        pairs: set[frozenset[str]] = set()
        for index, edge in enumerate(self.losses):
            self._check_edge(edge, f"losses.{index}")
            pair = frozenset((edge.student, edge.target))
            if pair in pairs:
                raise ValueError(f"losses.{index}: {edge.student} and {edge.target} already have a loss")
            pairs.add(pair)
        supervised = {edge.student for edge in self.losses if edge.target not in self.students}
        for name in self.students:
            if name not in supervised:
                raise ValueError(f"{name} learns neither from labels nor from a frozen network: add a loss")
        targets = {edge.target for edge in self.losses}
        for name in self.frozen_networks:
            if name not in targets:
                raise ValueError(f"no network learns from {name}: add a loss, or remove the network")
        return self

    def _check_edge(self, edge: DistillationLoss, where: str) -> None:
        if edge.student not in self.students:
            raise ValueError(f"{where}: {edge.student!r} is not a trained network; there are {self.students}")
        if edge.target == edge.student or edge.target not in (LABELS, *self.networks):
            others = (LABELS, *(name for name in self.networks if name != edge.student))
            raise ValueError(f"{where}: {edge.target!r} cannot be a target of {edge.student}; there are {others}")


class NetworkGroupConfig(BaseTrainConfig, Generic[NetworkSettingsT]):
    """Settings of a training of a group of networks of one kind.

    Attributes:
        network: sizes of every trained network without sizes of its own.
        network_group: the networks and the losses they learn from.
        freeze_batch_norm: batch normalisation keeps the statistics that a network starts with instead of using those of
            each batch, which are noisy for a few small crops; needs `init`. The threshold head of a detector, which
            inference does not need and an imported run has no weights for, is excluded.
    """

    loss_terms: ClassVar[Registry[type[LossTerm]]]

    network: NetworkSettingsT
    network_group: NetworkGroup[NetworkSettingsT]
    freeze_batch_norm: bool = False

    @model_validator(mode="after")
    def _check_networks(self) -> Self:
        if self.freeze_batch_norm and not all(map(self.init_of, self.network_group.students)):
            raise ValueError("freeze_batch_norm needs initial weights for every trained network: set init")
        for index, edge in enumerate(self.network_group.losses):
            for name in edge.terms or ():
                needs_network = self.loss_terms[name].needs_network
                if needs_network == (edge.target == LABELS):
                    kind = "a network" if needs_network else "labels"
                    raise ValueError(f"network_group.losses.{index}.terms: {name} needs {kind} as its target")
        return self

    def term_weights(self, edge: DistillationLoss) -> dict[str, float]:
        """Return the loss terms of an edge and their weights."""
        if edge.terms is not None:
            return {name: edge.weight * weight for name, weight in edge.terms.items()}
        return dict.fromkeys(self.default_terms(edge), edge.weight)

    def default_terms(self, edge: DistillationLoss) -> tuple[str, ...]:
        """Return the names of the loss terms of an edge that lists none."""
        raise NotImplementedError

    def settings_of(self, name: str) -> NetworkSettingsT:
        """Return the sizes of a trained network."""
        return self.network_group.networks[name].network or self.network

    def init_of(self, name: str) -> str | None:
        """Return the run directory whose weights a trained network starts from."""
        return self.network_group.networks[name].init or self.init


def apply_teacher_setting(settings: SettingsDict, kind: str, where: str) -> SettingsDict:
    """Replace the key `teacher` by the `init` of the frozen network; `kind` and `where` are for errors.

    Raises:
        InputError: there is a key `teacher`, but not exactly one frozen network.
    """
    result = dict(settings)
    teacher, group = result.pop("teacher", None), result.get("network_group", {})
    if teacher is None:
        return result
    networks = group.get("networks", {}) if isinstance(group, Mapping) else {}
    frozen = [name for name, entry in networks.items() if isinstance(entry, Mapping) and entry.get("frozen")]
    if len(frozen) != 1:
        presets = "rec-distill" if kind == "recognizer" else "det-distill or det-cml"
        raise InputError(
            f"{where}: teacher sets the weights of the one frozen network, but there are {len(frozen)}: use preset "
            f"{presets}"
        )
    teacher_settings = {**networks[frozen[0]], "init": str(Path(teacher).absolute())}
    return {**result, "network_group": {**group, "networks": {**networks, frozen[0]: teacher_settings}}}
