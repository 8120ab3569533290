"""How well corpora explain labels: character trigrams of each corpus, and the weights of a mixture of corpora."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_START, _END = "\x02", "\x03"
_UNIFORM = 1 / 200  # probability of any character where nothing is known
_STEPS = 100

Floats = NDArray[np.float64]


class CharacterTrigrams:
    """Probabilities of texts by their characters, each given the two before it.

    Trigrams are interpolated with bigrams, single characters and a uniform distribution by the method of Witten and
    Bell (1991). The end of a text is a character, so the lengths of texts count, too.

    Args:
        texts: At least one text.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: tuple[dict[str, Counter[str]], ...] = ({}, {}, {})
        for text in texts:
            padded = _START * 2 + text + _END
            for i in range(2, len(padded)):
                for order in range(3):
                    context = padded[i - order : i]
                    self._counts[order].setdefault(context, Counter())[padded[i]] += 1
        self._totals = [{key: (c.total(), len(c)) for key, c in by.items()} for by in self._counts]

    def log_probability(self, text: str) -> float:
        """Return the natural logarithm of the probability of a text."""
        padded = _START * 2 + text + _END
        return sum(math.log(self._probability(padded[i - 2 : i], padded[i])) for i in range(2, len(padded)))

    def _probability(self, context: str, character: str) -> float:
        probability = _UNIFORM
        for order in range(3):
            key = context[len(context) - order :]
            total, distinct = self._totals[order].get(key, (0, 0))
            if total:
                count = self._counts[order][key][character]
                probability = (count + distinct * probability) / (total + distinct)
        return probability


def mixture_weights(log_likelihoods: Floats, prior: Floats, prior_lines: float) -> Floats:
    """Return the most probable weights of a mixture by expectation maximization.

    Args:
        log_likelihoods: (N, K) of N labels in each of K corpora.
        prior: (K,) weights before, with a sum of 1.
        prior_lines: Number of labels that the prior counts for.

    Returns:
        (K,) weights with a sum of 1.
    """
    likelihoods = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True))
    weights = np.asarray(prior / prior.sum(), np.float64)
    for _ in range(_STEPS):
        joint = likelihoods * np.maximum(weights, 1e-12)
        counts = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0)
        weights = (counts + prior_lines * prior) / (len(likelihoods) + prior_lines)
    return weights


def label_likelihoods(models: Sequence[CharacterTrigrams], labels: Sequence[str]) -> Floats:
    """Return the log-probabilities of N labels in K models, (N, K)."""
    distinct = {label: [model.log_probability(label) for model in models] for label in dict.fromkeys(labels)}
    return np.array([distinct[label] for label in labels], np.float64).reshape(len(labels), len(models))
