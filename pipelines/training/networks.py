"""The networks of a training: building, initial weights, losses, validation and selection of the best."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from models.losses.base import EdgeOutputs, Progress, TermConfig
from pipelines.datasets.loader import Stream, make_loader
from pipelines.inference.run import Run, RunDirectory
from pipelines.io.atomic import file_sha256
from pipelines.io.paths import absolute_path
from pipelines.training.network_group import DistillationLoss, NetworkGroupConfig, NetworkSettingsT
from pipelines.training.task import ValidationResult
from synthtext.core import InputError

NetworkT = TypeVar("NetworkT", bound=nn.Module)
RunT = TypeVar("RunT", bound=RunDirectory[Any])
GroupConfigT = TypeVar("GroupConfigT", bound=NetworkGroupConfig[Any])


class TrainedNetworks(nn.Module):
    """The trained networks of a group and their loss terms. Only the networks are saved with the best weights.

    Arguments are as in `NetworkGroupTask`. Frozen networks do not become part of this module.
    """

    def __init__(
        self, config: NetworkGroupConfig[Any], students: Mapping[str, nn.Module], frozen: Mapping[str, nn.Module]
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(students)
        self.terms = nn.ModuleDict()
        self._weights = {edge.name: config.term_weights(edge) for edge in config.network_group.losses}
        loss, spacing_samples = getattr(config, "loss", None), getattr(config, "spacing_samples", 0)
        targets = {**students, **frozen}
        for edge in config.network_group.losses:
            term_config = TermConfig(loss, students[edge.student], targets.get(edge.target), spacing_samples)
            self.terms[edge.name] = nn.ModuleDict(
                {name: config.loss_terms[name](term_config) for name in self._weights[edge.name]}
            )
        norms = [(name, norm) for name, norm in self.networks.named_modules() if isinstance(norm, nn.BatchNorm2d)]
        # Inference does not need the threshold head of a detector.
        self._frozen_norms = [
            norm for name, norm in norms if config.freeze_batch_norm and ".head.threshold." not in name
        ]
        self.train()

    def train(self, mode: bool = True) -> "TrainedNetworks":
        """Set the mode of all layers, except that frozen batch normalisation stays in evaluation mode."""
        super().train(mode)
        for norm in self._frozen_norms:
            norm.eval()
        return self

    def forward_all(self, images: Tensor) -> dict[str, Any]:
        """Return the output of every network for normalised images (B, 3, H, W)."""
        return {name: network(images) for name, network in self.networks.items()}

    def edge_losses(
        self, edge: DistillationLoss, outputs: EdgeOutputs, labels: Any, progress: Progress
    ) -> dict[str, Tensor]:
        """Return the weighted terms of an edge, by "student/target/term"."""
        losses, terms = dict[str, Tensor](), self.terms[edge.name]
        assert isinstance(terms, nn.ModuleDict)
        for name, weight in self._weights[edge.name].items():
            for key, value in terms[name](outputs, labels, progress).items():
                losses[f"{edge.name}/{key}"] = weight * value
        return losses


class NetworkGroupTask(ABC):
    """The part of a `Task` that all kinds of networks share.

    Args:
        config: settings, with concrete device and precision.
        students: trained networks by name.
        frozen: frozen networks by name, in evaluation mode.
        stream: batches to train on.
        val: the sources in `config.val`.

    Attributes:
        model: the trained networks and their loss terms.
        extra_metrics: see `Task`.
    """

    def __init__(
        self,
        config: NetworkGroupConfig[Any],
        students: Mapping[str, nn.Module],
        frozen: Mapping[str, nn.Module],
        stream: Stream[Any],
        val: Sequence[Any],
    ) -> None:
        self._config, self._stream, self._val = config, stream, val
        self._frozen: Mapping[str, Any] = frozen
        self.model = TrainedNetworks(config, students, frozen)
        self.extra_metrics: dict[str, Tensor] = {}

    def batches(self, numbers: range) -> Iterator[Any]:
        """Yield the batches of these numbers, in order."""
        return make_loader(self._stream, numbers, self._config.data_workers)

    def parts(self, batch: Any) -> Sequence[Any]:
        """Return the batch as its only part; see `Task`."""
        return [batch]

    def validate(self, model: nn.Module) -> ValidationResult:
        """Score every network as `ocrmill evaluate` does, in float32.

        The best network has the highest mean score over the sources, or comes first among equal ones.
        """
        assert isinstance(model, TrainedNetworks)
        networks = dict(model.networks.items())
        scores, metric = {name: self._scores(network) for name, network in networks.items()}, self._config.metric_name
        means = {
            name: sum(of_source[metric] for of_source in by_source.values()) / len(by_source)
            for name, by_source in scores.items()
        }
        best = max(means, key=means.__getitem__)
        if len(networks) == 1:
            return ValidationResult(means[best], scores[best], networks[best])
        return ValidationResult(means[best], scores[best], networks[best], networks, best, {"networks": scores})

    @abstractmethod
    def _scores(self, network: Any) -> dict[str, dict[str, float]]:
        """Return all scores of a network, by source and metric."""


def build_networks(
    config: GroupConfigT,
    build: Callable[[NetworkSettingsT], NetworkT],
    open_run: Callable[[Path], RunT],
    load_weights: Callable[[NetworkT, RunT], str],
    check_teacher: Callable[[RunT], None],
) -> tuple[GroupConfigT, dict[str, NetworkT], dict[str, NetworkT], list[str]]:
    """Build the trained networks with their initial weights, and load the frozen ones.

    Args:
        config: settings of the training.
        build: makes a network with random weights.
        open_run: opens a run directory of the right kind.
        load_weights: copies the weights of a run into a network and describes what changed; raises InputError if the
            networks differ.
        check_teacher: raises InputError if the network of a run cannot be a teacher.

    Returns:
        The settings with the sizes of the frozen networks and the digests of their weights, so that a resumed training
        uses the same ones; the trained networks by name; the frozen ones, in evaluation mode on the device; and
        messages about the origin of all weights.

    Raises:
        InputError: a run of initial weights is missing or has another network, or a frozen network has no run or one
            that cannot be a teacher.
    """
    metadata, runs = dict[str, dict[str, Any]](), dict[str, RunDirectory[NetworkT]]()
    for name, network in config.network_group.frozen_networks.items():
        if network.init is None:
            raise InputError(f"network {name} is frozen and has no weights: name its run directory with teacher=DIR")
        run: Any = open_run(Path(absolute_path(network.init)))
        check_teacher(run)
        run.load_model()  # raises InputError if there are no weights
        runs[name] = run
        metadata[name] = {"init": str(run.folder), "network": run.settings, "sha256": file_sha256(run.weights_path())}
    networks = {
        name: network.model_copy(update=metadata.get(name, {}))
        for name, network in config.network_group.networks.items()
    }
    group = config.network_group.model_copy(update={"networks": networks})
    config = config.model_copy(update={"network_group": group})
    students, messages = _build_students(config, build, open_run, load_weights)
    frozen = {name: run.load_model().requires_grad_(False).to(config.device) for name, run in runs.items()}
    for teacher in frozen.values():
        teacher.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    messages += [f"{name}: frozen, weights of {run.folder}" for name, run in runs.items()]
    return config, students, frozen, messages


def _build_students(
    config: NetworkGroupConfig[NetworkSettingsT],
    build: Callable[[NetworkSettingsT], NetworkT],
    open_run: Callable[[Path], RunT],
    load_weights: Callable[[NetworkT, RunT], str],
) -> tuple[dict[str, NetworkT], list[str]]:
    torch.manual_seed(config.seed)
    networks = {name: build(config.settings_of(name)) for name in config.network_group.students}
    used_inits: set[str] = set()
    messages: list[str] = []
    for index, (name, network) in enumerate(networks.items()):
        init, origin = config.init_of(name), "random weights"
        if init is not None:
            changes = load_weights(network, open_run(Path(absolute_path(init))))
            origin = f"weights of {init}" + (f": {changes}" if changes else "")
            if init in used_inits:
                _add_noise(network, config.network_group.init_noise, config.seed + index)
            used_inits.add(init)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        messages.append(f"{name}: {parameters:,} parameters, {origin}")
    return networks, messages


def save_teachers(run: Run, frozen: Mapping[str, nn.Module]) -> None:
    """Write the weights of the frozen networks into a run directory, unless they exist."""
    for name, network in frozen.items():
        if not run.weights_path(name).is_file():
            run.save_weights(network, name)


def _add_noise(network: nn.Module, fraction: float, seed: int) -> None:
    """Add noise to all parameters with more than one dimension, relative to their standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.add_(fraction * parameter.std() * noise)
