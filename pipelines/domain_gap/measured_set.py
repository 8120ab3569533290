"""Sets of measured samples that are compared: lines, texts of scenes, or scenes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.line_profile import sample_rows
from pipelines.datasets.source import RowSource
from pipelines.domain_gap.features import Feature, FeatureTable, Subject

_WHOLE_SOURCE = 20  # sources of at most this many times the chosen rows are chosen from row by row


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """N measured samples.

    Attributes:
        name: As the user gave it.
        total: Number of samples of the source; N of them were chosen at random. N for a recipe.
        keys: Their names.
        images: Encoded images that show them.
        texts: Their labels; empty ones are unknown.
        features: Values of all features.
        is_recipe: They were drawn from a recipe, and `name` is its name.
    """

    FEATURES: ClassVar[Sequence[Feature]]
    """All features of images of this kind of samples."""

    name: str
    total: int
    keys: Sequence[str]
    images: Sequence[bytes]
    texts: Sequence[str]
    features: FeatureTable
    is_recipe: bool = False

    def __len__(self) -> int:
        return len(self.images)

    @property
    def subject(self) -> Subject:
        """What the samples are."""
        return self.FEATURES[0].subject

    @property
    def is_labelled(self) -> bool:
        """Whether any label is known."""
        return any(self.texts)


def choose_rows(source: RowSource[Any], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose rows of a source: single ones of small sources, else those of a few row groups."""
    if len(source) <= _WHOLE_SOURCE * count:
        return np.sort(rng.choice(len(source), min(count, len(source)), replace=False))
    return sample_rows(source.group_offsets, rng, count)
