"""Which network of a team is the best."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from torch import nn

from pipelines.train.task import Validation

Candidate = TypeVar("Candidate", bound=nn.Module)


def contest(
    networks: Mapping[str, Candidate], scores_of: Callable[[Candidate], dict[str, dict[str, float]]], by: str
) -> Validation:
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
        return Validation(means[best], scores[best], networks[best])
    return Validation(means[best], scores[best], networks[best], networks, best, {"networks": scores})
