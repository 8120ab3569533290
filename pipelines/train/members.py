"""The networks of a detector's training, made from its settings."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from models.detector import Detector
from pipelines.run import CONFIG, Run
from pipelines.shards.files import sha256
from pipelines.train.detector_config import DetectorTrainConfig
from pipelines.train.resolve import absolute
from synthtext.core import InputError


def with_facts(config: DetectorTrainConfig) -> DetectorTrainConfig:
    """The settings with the sizes and weights of the frozen networks, so that a training goes on with the same ones.

    Raises:
        InputError: a frozen network has no RUN, or one that is no detector or wants another input.
    """
    facts = {}
    for name, member in config.team.frozen.items():
        if member.init is None:
            raise InputError(f"{name} is frozen and has no weights: name a detector's RUN with teacher=RUN")
        run = Run.open(_path(member.init))
        there, here = run.detector_preprocessing, config.preprocessing
        if (there.channels, there.mean, there.std) != (here.channels, here.mean, here.std):
            raise InputError(
                f"{run.folder} cannot teach: it wants {there.channels} with mean {there.mean} and deviation "
                f"{there.std}, but this training has {here.channels}, {here.mean} and {here.std}; change preprocessing"
            )
        run.load_detector()  # whether there are weights that fit
        facts[name] = {
            "init": str(run.folder),
            "network": run.detector_settings,
            "sha256": sha256(run.weights_of(None)),
        }
    return config.model_copy(update={"team": config.team.with_facts(facts)})


def _path(name: str) -> Path:
    return Path(absolute(name))


def build_learners(config: DetectorTrainConfig) -> dict[str, Detector]:
    """The networks that learn, with the weights that they start from.

    Raises:
        InputError: a RUN to start from is none, or of another network.
    """
    torch.manual_seed(config.seed)
    networks = {name: config.network.build() for name in config.team.learners}
    starts: set[str] = set()
    for number, (name, network) in enumerate(networks.items()):
        init = config.team.networks[name].init or config.init
        if init is None:
            continue
        _load(network, Run.open(_path(init)))
        if init in starts:
            _shake(network, config.team.init_noise, config.seed + number)
        starts.add(init)
    return networks


def build_frozen(config: DetectorTrainConfig) -> dict[str, Detector]:
    """The networks that do not learn."""
    return {name: Run.open(_path(member.init or "")).load_detector() for name, member in config.team.frozen.items()}


def describe_members(config: DetectorTrainConfig, learners: dict[str, Detector]) -> Iterator[str]:
    """Where weights come from; lines of text."""
    for name, network in learners.items():
        init = config.team.networks[name].init or config.init
        parameters = sum(parameter.numel() for parameter in network.parameters())
        yield f"{name}: {parameters:,} parameters, {f'from {init}' if init else 'fresh'}"
    for name, member in config.team.frozen.items():
        yield f"{name}: frozen, from {member.init}"


def _load(network: Detector, run: Run) -> None:
    weights = run.load_detector().state_dict()
    target = network.state_dict()
    for name, tensor in target.items():
        if name not in weights or weights[name].shape != tensor.shape:
            raise InputError(
                f"init: {run.folder} has another network ({name} differs); give the training the `network` settings of "
                f"{run.folder / CONFIG}"
            )
    network.load_state_dict({name: weights[name] for name in target})


def _shake(network: nn.Module, share: float, seed: int) -> None:
    """Add noise to the weights of the convolutions."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.add_(share * parameter.std() * noise)
