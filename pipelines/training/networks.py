"""The networks of a training: building, initial weights, selection of the best."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from models.losses.base import EdgeOutputs, Progress, TermConfig
from pipelines.inference.run import Run, RunDirectory
from pipelines.io.atomic import file_sha256
from pipelines.io.paths import absolute_path
from pipelines.training.network_group import NetworkGroupConfig, NetworkSettingsT
from pipelines.training.task import ValidationResult
from synthtext.core import InputError

NetworkT = TypeVar("NetworkT", bound=nn.Module)
RunT = TypeVar("RunT", bound=RunDirectory[Any])
GroupConfigT = TypeVar("GroupConfigT", bound=NetworkGroupConfig[Any])


class TrainedNetworks(nn.Module):
    """The trained networks of a group and their loss terms. Only the networks are saved with the best weights.

    Args:
        config: settings of the training.
        students: trained networks by name.
        frozen: frozen networks by name; they do not become part of this module.
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

    def forward_all(self, images: Tensor) -> dict[str, Any]:
        """Return the output of every network for normalised images (B, 3, H, W)."""
        return {name: network(images) for name, network in self.networks.items()}

    def edge_losses(
        self, student: str, target: str, outputs: EdgeOutputs, labels: Any, progress: Progress
    ) -> dict[str, Tensor]:
        """Return the weighted terms of an edge, by "student/target/term"."""
        edge, losses = f"{student}/{target}", dict[str, Tensor]()
        terms = self.terms[edge]
        assert isinstance(terms, nn.ModuleDict)
        for name, weight in self._weights[edge].items():
            for key, value in terms[name](outputs, labels, progress).items():
                losses[f"{edge}/{key}"] = weight * value
        return losses


def select_best(
    networks: Mapping[str, NetworkT], score: Callable[[NetworkT], dict[str, dict[str, float]]], metric: str
) -> ValidationResult:
    """Score every network; the best has the highest mean score over the sources, or comes first among equal ones.

    Args:
        networks: networks by name.
        score: returns all scores of a network, by source and metric.
        metric: name of the score that counts.
    """
    scores = {name: score(network) for name, network in networks.items()}
    means = {
        name: sum(of_source[metric] for of_source in by_source.values()) / len(by_source)
        for name, by_source in scores.items()
    }
    best = max(means, key=means.__getitem__)
    if len(networks) == 1:
        return ValidationResult(means[best], scores[best], networks[best])
    return ValidationResult(means[best], scores[best], networks[best], networks, best, {"networks": scores})


def with_teacher_metadata(
    config: GroupConfigT, open_run: Callable[[Path], RunT], settings_of: Callable[[RunT], BaseModel]
) -> GroupConfigT:
    """Add the sizes and the digests of the frozen networks' weights, so that a resumed training uses the same ones.

    Args:
        config: settings of the training.
        open_run: opens a run directory of the right kind.
        settings_of: returns the sizes of a run's network; raises InputError if it cannot be a teacher.

    Raises:
        InputError: a frozen network has no run, or one that cannot be a teacher.
    """
    metadata = {}
    for name, network in config.network_group.frozen_networks.items():
        if network.init is None:
            raise InputError(f"network {name} is frozen and has no weights: name its run directory with teacher=DIR")
        run = open_run(_path(network.init))
        sizes = settings_of(run)
        metadata[name] = {"init": str(run.folder), "network": sizes, "sha256": file_sha256(run.weights_path())}
    return config.model_copy(update={"network_group": config.network_group.with_metadata(metadata)})


def _path(name: str) -> Path:
    return Path(absolute_path(name))


def build_students(
    config: NetworkGroupConfig[NetworkSettingsT],
    build: Callable[[NetworkSettingsT], NetworkT],
    open_run: Callable[[Path], RunT],
    load_weights: Callable[[NetworkT, RunT], str],
) -> tuple[dict[str, NetworkT], list[str]]:
    """Build the trained networks with their initial weights.

    Args:
        config: settings of the training.
        build: makes a network with random weights.
        open_run: opens a run directory of the right kind.
        load_weights: copies the weights of a run into a network and describes what changed; raises InputError if the
            networks differ.

    Returns:
        The networks by name, and messages about the origin of their weights.

    Raises:
        InputError: `init` names no run, or one of another network.
    """
    torch.manual_seed(config.seed)
    networks = {name: build(config.settings_of(name)) for name in config.network_group.students}
    used_inits: set[str] = set()
    messages: list[str] = []
    for index, (name, network) in enumerate(networks.items()):
        init, origin = config.init_of(name), "random weights"
        if init is not None:
            changes = load_weights(network, open_run(_path(init)))
            origin = f"weights of {init}" + (f": {changes}" if changes else "")
            if init in used_inits:
                _add_noise(network, config.network_group.init_noise, config.seed + index)
            used_inits.add(init)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        messages.append(f"{name}: {parameters:,} parameters, {origin}")
    return networks, messages


def load_teachers(
    config: NetworkGroupConfig[Any], open_run: Callable[[Path], RunDirectory[NetworkT]]
) -> dict[str, NetworkT]:
    """Load the frozen networks: in evaluation mode, without gradients, on the device, in channels-last layout."""
    frozen = config.network_group.frozen_networks
    networks = {name: open_run(_path(network.init or "")).load_model() for name, network in frozen.items()}
    for network in networks.values():
        network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        network.to(config.device)
    return networks


def describe_teachers(config: NetworkGroupConfig[Any]) -> Iterator[str]:
    """Yield a message about the origin of each frozen network's weights."""
    for name, network in config.network_group.frozen_networks.items():
        yield f"{name}: frozen, weights of {network.init}"


def save_teachers(run: Run, frozen: Mapping[str, nn.Module]) -> None:
    """Write the weights of the frozen networks into a run directory, unless they exist."""
    for name, network in frozen.items():
        if not run.weights_path(name).is_file():
            run.save_weights(network, name)


def frozen_batch_norms(modules: Sequence[nn.Module]) -> list[nn.Module]:
    """Return the batch normalisation layers in some modules."""
    return [layer for module in modules for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]


def _add_noise(network: nn.Module, fraction: float, seed: int) -> None:
    """Add noise to all parameters with more than one dimension, relative to their standard deviation."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.add_(fraction * parameter.std() * noise)
