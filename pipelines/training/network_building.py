"""Which network of a team is the best."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from models.losses import ClassCenters
from models.recognizer import Recognizer, RecognizerOutput
from pipelines.inference.run import WEIGHTS_FILE, Run
from pipelines.io.atomic import file_sha256
from pipelines.training.network_group import LABELS, DistillationLoss, NetworkGroupConfig, NetworkSettingsT
from pipelines.training.recognizer_config import RecognizerLossSettings
from pipelines.training.resolve import absolute_data_path
from pipelines.training.task import ValidationResult
from synthtext.core import InputError

Candidate = TypeVar("Candidate", bound=nn.Module)


def select_best(
    networks: Mapping[str, Candidate], scores_of: Callable[[Candidate], dict[str, dict[str, float]]], by: str
) -> ValidationResult:
    """Score every network; the best is that of the highest mean over the sources, the first of equals.

    Args:
        networks: by name.
        scores_of: all scores of one, by source.
        by: the score that counts.
    """
    scores = {name: scores_of(network) for name, network in networks.items()}
    means = {name: sum(of_source[by] for of_source in found.values()) / len(found) for name, found in scores.items()}
    best = max(means, key=means.__getitem__)
    if len(networks) == 1:
        return ValidationResult(means[best], scores[best], networks[best])
    return ValidationResult(means[best], scores[best], networks[best], networks, best, {"networks": scores})


class RecognizerGroup(nn.Module):
    """Networks that learn, by name.

    Beside them there are projections, where the backbones of two networks that are to agree have another number of
    channels, and the centres of the characters. Neither is kept with the best weights.

    Args:
        learners: the networks that learn.
        frozen: those that only teach; they are no part of this.
        lessons: who learns from whom.
        loss: which of the losses there are.
    """

    def __init__(
        self,
        learners: Mapping[str, Recognizer],
        frozen: Mapping[str, Recognizer],
        lessons: Sequence[DistillationLoss],
        loss: RecognizerLossSettings,
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleDict(learners)
        self.projections, self.centers = nn.ModuleDict(), nn.ModuleDict()
        channels = {name: network.backbone.channels for name, network in (*learners.items(), *frozen.items())}
        for lesson in lessons:
            if lesson.target == LABELS:
                if loss.center_weight:
                    sizes = learners[lesson.student].config
                    self.centers[lesson.student] = ClassCenters(
                        sizes.num_classes, sizes.head_dim, paddle_compat=loss.paddle_compat
                    )
            elif loss.feature_weight and channels[lesson.student] != channels[lesson.target]:
                inputs, outputs = channels[lesson.student], channels[lesson.target]
                self.projections[_key(lesson)] = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward_all(self, images: Tensor) -> dict[str, RecognizerOutput]:
        """What every network says about normalised line images (B, 3, H, W)."""
        return {name: network(images) for name, network in self.networks.items()}

    def project_features(self, lesson: DistillationLoss, maps: Tensor) -> Tensor:
        """The backbone's maps (B, C, 1, T) of a lesson's learner, with as many channels as those of its source."""
        key = _key(lesson)
        projected: Tensor = self.projections[key](maps) if key in self.projections else maps
        return projected


def _key(lesson: DistillationLoss) -> str:
    return f"{lesson.student}_{lesson.target}"


NetworkT = TypeVar("NetworkT", bound=nn.Module)
GroupConfigT = TypeVar("GroupConfigT", bound=NetworkGroupConfig[Any])


def with_teacher_metadata(
    config: GroupConfigT, kind: str, facts_of: Callable[[Path], NetworkSettingsT]
) -> GroupConfigT:
    """The settings with the sizes and weights of the frozen networks, so that a training goes on with the same ones.

    Args:
        config: of the training.
        kind: of the networks, for the error.
        facts_of: the sizes of a RUN's network; raises an InputError if it cannot be loaded or cannot teach here.

    Raises:
        InputError: a frozen network has no RUN, or one that cannot teach.
    """
    facts = {}
    for name, member in config.network_group.frozen_networks.items():
        if member.init is None:
            raise InputError(f"{name} is frozen and has no weights: name a {kind}'s RUN with teacher=RUN")
        folder = _path(member.init)
        sizes = facts_of(folder)
        facts[name] = {"init": str(folder), "network": sizes, "sha256": file_sha256(folder / WEIGHTS_FILE)}
    return config.model_copy(update={"network_group": config.network_group.with_metadata(facts)})


def _path(name: str) -> Path:
    return Path(absolute_data_path(name))


def build_students(
    config: NetworkGroupConfig[NetworkSettingsT],
    build: Callable[[NetworkSettingsT], NetworkT],
    start: Callable[[NetworkT, Path], str],
) -> tuple[dict[str, NetworkT], list[str]]:
    """The networks that learn, with the weights that they start from, and lines of text that tell where those are from.

    Args:
        config: of the training.
        build: makes a network with fresh weights.
        start: copies the weights of a RUN into one, and tells what became of them; raises an InputError if it cannot.

    Raises:
        InputError: a RUN to start from is none, or of another network.
    """
    torch.manual_seed(config.seed)
    networks = {name: build(config.settings_of(name)) for name in config.network_group.students}
    starts: set[str] = set()
    told: list[str] = []
    for number, (name, network) in enumerate(networks.items()):
        init, source = config.init_of(name), "fresh"
        if init is not None:
            became = start(network, _path(init))
            source = f"from {init}" + (f": {became}" if became else "")
            if init in starts:
                _shake(network, config.network_group.init_noise, config.seed + number)
            starts.add(init)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        told.append(f"{name}: {parameters:,} parameters, {source}")
    return networks, told


def load_teachers(config: NetworkGroupConfig[Any], load: Callable[[Path], NetworkT]) -> dict[str, NetworkT]:
    """The networks that do not learn: in evaluation mode, without gradients, on the device, in channels-last layout."""
    return {
        name: _at_rest(load(_path(member.init or "")), config.device)
        for name, member in config.network_group.frozen_networks.items()
    }


def describe_teachers(config: NetworkGroupConfig[Any]) -> Iterator[str]:
    """Where their weights come from; lines of text."""
    for name, member in config.network_group.frozen_networks.items():
        yield f"{name}: frozen, from {member.init}"


def save_teachers(run: Run, frozen: Mapping[str, nn.Module]) -> None:
    """Write the weights of the frozen networks into a RUN, if they are not there."""
    for name, network in frozen.items():
        if not run.weights_path(name).is_file():
            run.save_weights(network, name)


def _at_rest(network: NetworkT, device: str) -> NetworkT:
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
