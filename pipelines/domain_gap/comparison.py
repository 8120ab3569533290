"""Comparison of real samples with generated ones: distances, classifiers, unusual samples, characters and patterns."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.difference import describe_difference
from pipelines.domain_gap.distance import FeatureDistance, distances, feature_matrix, mean_distance
from pipelines.domain_gap.line_set import LineSet
from pipelines.domain_gap.measured_set import MeasuredSet
from pipelines.domain_gap.scene_set import SceneSet
from pipelines.domain_gap.text_features import TEXT_FEATURES, character_counts, text_pattern
from pipelines.domain_gap.two_sample import TwoSampleResult, two_sample_auc
from pipelines.domain_gap.unusual import UnusualLine, unusual_lines

MAX_UNUSUAL = 20
"""Real samples that no generated one resembles, of a comparison."""

_MAX_NAMES = 16  # characters, and patterns


class ShareDifference(NamedTuple):
    """Shares of a character or a pattern in the real and in the generated labels, 0 to 1."""

    name: str
    real: float
    drawn: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between real and generated lines, texts of scenes, or scenes.

    Attributes:
        real: The real samples.
        drawn: The generated ones.
        distances: Of all features, the largest first.
        tests: Results of classifiers by what they are given: "images" (the features of images), and for lines "texts"
            (those of labels, if both are labelled) and "recognizer" (the features of a recognizer, if there is one).
        unusual: The real samples that no generated one resembles.
        characters: The characters whose shares differ most.
        patterns: The patterns of labels whose shares differ most, see `text_pattern`.
    """

    real: MeasuredSet
    drawn: MeasuredSet
    distances: Sequence[FeatureDistance]
    tests: Mapping[str, TwoSampleResult]
    unusual: Sequence[UnusualLine]
    characters: Sequence[ShareDifference]
    patterns: Sequence[ShareDifference]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers for a JSON file."""
        return {
            "real": {"name": self.real.name, self.real.subject: len(self.real)},
            "drawn": {"name": self.drawn.name, self.drawn.subject: len(self.drawn)},
            "auc": {name: test.auc for name, test in self.tests.items()},
            "auc_interval": {name: list(test.interval) for name, test in self.tests.items()},
            "mean_distance": mean_distance(self.distances),
            "features": [_to_dict(found) for found in self.distances],
            "unusual": [
                {
                    "key": self.real.keys[line.row],
                    "ratio": line.ratio,
                    "reasons": [
                        {"feature": r.feature.name, "value": r.value, "drawn": [r.low, r.high]} for r in line.reasons
                    ],
                }
                for line in self.unusual
            ],
            "characters": [found._asdict() for found in self.characters],
            "patterns": [found._asdict() for found in self.patterns],
        }


def _to_dict(found: FeatureDistance) -> dict[str, Any]:
    difference, change = describe_difference(found)
    numbers = {name: getattr(found, name) for name in ("distance", "share_outside", "shift", "widening")}
    spreads = {"real": asdict(found.real), "drawn": asdict(found.drawn)}
    return {
        "name": found.name,
        "unit": found.feature.unit,
        **numbers,
        **spreads,
        "difference": difference,
        "change": change,
    }


def compare_lines(
    real: LineSet,
    drawn: LineSet,
    seed: int = 0,
    recognizer: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Comparison:
    """Compare two sets of lines.

    Args:
        real: N real lines.
        drawn: M generated lines.
        seed: Of the folds of the classifiers.
        recognizer: Features (N, D) and (M, D) of a recognizer, or None.

    Raises:
        InputError: There are too few lines on either side.
    """
    is_labelled = real.is_labelled and drawn.is_labelled
    features = (*LineSet.FEATURES, *TEXT_FEATURES) if is_labelled else LineSet.FEATURES
    tests = {"images": _test(real, drawn, seed)}
    if is_labelled:
        labels = [feature_matrix(lines.features, TEXT_FEATURES) for lines in (real, drawn)]
        tests["texts"] = two_sample_auc(labels[0], labels[1], seed)
    if recognizer is not None:
        tests["recognizer"] = two_sample_auc(recognizer[0], recognizer[1], seed)
    return Comparison(
        real,
        drawn,
        distances(real.features, drawn.features, features),
        tests,
        _unusual(real, drawn),
        _share_differences(*(character_counts(lines.texts) for lines in (real, drawn))) if is_labelled else (),
        _share_differences(*(_pattern_counts(lines.texts) for lines in (real, drawn))) if is_labelled else (),
    )


@dataclass(frozen=True, eq=False)
class SceneComparison:
    """What differs between real and generated scenes: their legible texts, and the scenes as a whole."""

    texts: Comparison
    scenes: Comparison

    @property
    def tests(self) -> Mapping[str, TwoSampleResult]:
        """Results of the classifiers that see "texts" and "scenes"."""
        return {"texts": self.texts.tests["images"], "scenes": self.scenes.tests["images"]}

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers for a JSON file."""
        return {"texts": self.texts.to_dict(), "scenes": self.scenes.to_dict()}


def compare_scenes(real: SceneSet, drawn: SceneSet, seed: int = 0) -> SceneComparison:
    """Compare two sets of scenes.

    Args:
        real: N real scenes.
        drawn: M generated scenes.
        seed: Of the folds of the classifiers.

    Raises:
        InputError: There are too few scenes or texts on either side.
    """
    groups = real.instances.scenes, drawn.instances.scenes
    return SceneComparison(_compare(real.instances, drawn.instances, seed, groups), _compare(real, drawn, seed))


def _compare(
    real: MeasuredSet,
    drawn: MeasuredSet,
    seed: int,
    groups: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Comparison:
    found = distances(real.features, drawn.features, real.FEATURES)
    return Comparison(real, drawn, found, {"images": _test(real, drawn, seed, groups)}, _unusual(real, drawn), (), ())


def _test(
    real: MeasuredSet,
    drawn: MeasuredSet,
    seed: int,
    groups: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> TwoSampleResult:
    matrices = [feature_matrix(samples.features, samples.FEATURES) for samples in (real, drawn)]
    return two_sample_auc(matrices[0], matrices[1], seed, groups)


def _unusual(real: MeasuredSet, drawn: MeasuredSet) -> list[UnusualLine]:
    return unusual_lines(real.features, drawn.features, MAX_UNUSUAL, real.FEATURES)


def _pattern_counts(texts: Iterable[str]) -> Counter[str]:
    return Counter(text_pattern(text) for text in texts if text)


def _share_differences(real: Counter[str], drawn: Counter[str]) -> tuple[ShareDifference, ...]:
    totals = max(real.total(), 1), max(drawn.total(), 1)
    found = [ShareDifference(name, real[name] / totals[0], drawn[name] / totals[1]) for name in {*real, *drawn}]
    return tuple(sorted(found, key=lambda one: (-abs(one.real - one.drawn), one.name))[:_MAX_NAMES])
