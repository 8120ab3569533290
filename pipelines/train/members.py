"""The networks of a training, made from its settings."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from pipelines.run import Run
from pipelines.shards.files import sha256
from pipelines.train.resolve import absolute
from pipelines.train.team import Sizes, TeamConfig
from synthtext.core import InputError

Network = TypeVar("Network", bound=nn.Module)
Config = TypeVar("Config", bound=TeamConfig[Any])


def with_facts(config: Config, kind: str, facts_of: Callable[[Run], Sizes]) -> Config:
    """The settings with the sizes and weights of the frozen networks, so that a training goes on with the same ones.

    Args:
        config: of the training.
        kind: of the networks, for the error.
        facts_of: the sizes of a RUN's network; raises an InputError if it cannot be loaded or cannot teach here.

    Raises:
        InputError: a frozen network has no RUN, or one that cannot teach.
    """
    facts = {}
    for name, member in config.team.frozen.items():
        if member.init is None:
            raise InputError(f"{name} is frozen and has no weights: name a {kind}'s RUN with teacher=RUN")
        run = Run.open(_path(member.init))
        sizes = facts_of(run)
        facts[name] = {"init": str(run.folder), "network": sizes, "sha256": sha256(run.weights_of(None))}
    return config.model_copy(update={"team": config.team.with_facts(facts)})


def _path(name: str) -> Path:
    return Path(absolute(name))


def build_learners(
    config: TeamConfig[Sizes], build: Callable[[Sizes], Network], start: Callable[[Network, Run], str]
) -> tuple[dict[str, Network], list[str]]:
    """The networks that learn, with the weights that they start from, and lines of text that tell where those are from.

    Args:
        config: of the training.
        build: makes a network with fresh weights.
        start: copies the weights of a RUN into one, and tells what became of them; raises an InputError if it cannot.

    Raises:
        InputError: a RUN to start from is none, or of another network.
    """
    torch.manual_seed(config.seed)
    networks = {name: build(config.sizes(name)) for name in config.team.learners}
    starts: set[str] = set()
    told: list[str] = []
    for number, (name, network) in enumerate(networks.items()):
        init, source = config.start(name), "fresh"
        if init is not None:
            became = start(network, Run.open(_path(init)))
            source = f"from {init}" + (f": {became}" if became else "")
            if init in starts:
                _shake(network, config.team.init_noise, config.seed + number)
            starts.add(init)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        told.append(f"{name}: {parameters:,} parameters, {source}")
    return networks, told


def build_frozen(config: TeamConfig[Any], load: Callable[[Run], Network]) -> dict[str, Network]:
    """The networks that do not learn: in evaluation mode, without gradients, on the device, in channels-last layout."""
    return {
        name: _at_rest(load(Run.open(_path(member.init or ""))), config.device)
        for name, member in config.team.frozen.items()
    }


def describe_frozen(config: TeamConfig[Any]) -> Iterator[str]:
    """Where their weights come from; lines of text."""
    for name, member in config.team.frozen.items():
        yield f"{name}: frozen, from {member.init}"


def keep_frozen(run: Run, frozen: Mapping[str, nn.Module]) -> None:
    """Write the weights of the frozen networks into a RUN, if they are not there."""
    for name, network in frozen.items():
        if not run.weights_of(name).is_file():
            run.save_weights(network, name)


def _at_rest(network: Network, device: str) -> Network:
    network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.to(device)


def _shake(network: nn.Module, share: float, seed: int) -> None:
    """Add noise to the weights of the convolutions and of whatever else has a matrix."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.add_(share * parameter.std() * noise)
