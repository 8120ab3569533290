"""Adaptation of the texts of a recipe to labels: weights and cases of corpora, patterns, lengths and characters."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from pipelines.config import SettingsDict
from pipelines.domain_gap.fitted_settings import rounded
from pipelines.domain_gap.fitted_values import PRIOR_LINES
from pipelines.domain_gap.patterns import InducedPattern, induce_patterns
from pipelines.domain_gap.text_model import CharacterTrigrams, label_likelihoods, mixture_weights
from pipelines.recipes.components import Component
from pipelines.recipes.recipe import LinesRecipe
from synthtext.core import WeightedComponent
from synthtext.corpora import CorpusMixture, Pattern, TextFile, clean_text
from synthtext.corpora.language import language_words

TextMode: TypeAlias = Literal["patterns", "words", "off"]
"""What a fit takes from labels: patterns and statistics, the words themselves too, or nothing."""

LENGTHS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (7, 8), (9, 11), (12, 15), (16, 22), (23, 32), (33, 48), (49, 80))
"""Classes of lengths of texts, in characters."""

_DRAWS = 500  # texts of a corpus that its model is made of
_MIXED_DRAWS = 4000  # texts of the mixture whose lengths are counted
_PATTERN_PRIOR = 0.1  # share of the induced patterns before the labels are considered
_MAX_FACTOR = 5.0  # of a length or a character
_MIN_DIFFERENCE = 0.1  # total variation of the lengths below which they are left alone
_LEXICON = 50_000  # words
_MIN_WEIGHT = 1e-3  # share of a corpus below which its weight becomes 0
_WORDS_SHARE, _WORDS_LABELS = 0.5, 100.0  # greatest share of the words of labels; labels at which it has half of that


@dataclass(frozen=True)
class TextFit:
    """What a fit of the texts changes.

    Attributes:
        changes: New values of settings, by path in the recipe.
        patterns: Induced patterns that the new corpora have.
        words: Words of the labels for a corpus of their own; empty unless asked for.
        outside: Number of labels with characters that the charset lacks; they are not used.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    patterns: tuple[InducedPattern, ...] = ()
    words: tuple[str, ...] = ()
    outside: int = 0


class _Entry(NamedTuple):
    """A corpus of the mixture: its settings as an entry of a recipe, and one case of it."""

    settings: SettingsDict
    instance: Any
    prior: float
    number: int  # of the corpus in the new recipe; the cases of a corpus have the same
    case: str = ""


def fit_texts(
    recipe: LinesRecipe, labels: Sequence[str], mode: TextMode, words_path: Path, rng: np.random.Generator
) -> TextFit:
    """Adapt the texts of a recipe to the labels of real lines.

    The weights of corpora, and of the letter cases within them, are those of the mixture that explains the labels best,
    by character trigrams of texts of each. Patterns that labels have become corpora, too. What then remains of the
    difference of lengths becomes `layout.length_weights`, and the frequencies of characters become `coverage.weights`.

    Args:
        recipe: The recipe.
        labels: Of the real lines that may be used.
        mode: Not "off".
        words_path: The text file that words of the labels will be in.
        rng: Draws the texts of corpora.
    """
    cleaned = [clean_text(label) for label in labels]
    known = [label for label in cleaned if label and recipe.charset.covers(recipe.charset.fold(label))]
    outside = len(cleaned) - len(known)
    if not known:
        return TextFit(outside=outside)
    patterns = induce_patterns(known, _dictionary(recipe))
    entries = _mixture_entries(recipe, patterns, known)
    models = [CharacterTrigrams(_texts(entry.instance, rng)) for entry in entries]
    prior = np.array([entry.prior for entry in entries])
    weights = mixture_weights(label_likelihoods(models, known), prior / prior.sum(), PRIOR_LINES)
    corpora = _corpus_settings(entries, weights)
    words = tuple(dict.fromkeys(word for label in known for word in label.split())) if mode == "words" else ()
    if words:
        share = _WORDS_SHARE * len(known) / (len(known) + _WORDS_LABELS)
        total = sum(float(entry["weight"]) for entry in corpora)
        weight = rounded(total * share / (1 - share))
        corpora.append({"use": "text_file", "weight": weight, "path": str(words_path.absolute())})
    changes: dict[str, Any] = {"corpus": corpora}
    mixture = CorpusMixture([WeightedComponent("", e.instance, w) for e, w in zip(entries, weights, strict=True)])
    drawn = [mixture.draw(rng).text for _ in range(_MIXED_DRAWS)]
    if factors := length_factors(known, drawn, recipe.settings.layout.length_range):
        changes["layout.length_weights"] = factors
    if recipe.settings.coverage.share:
        changes["coverage.weights"] = _character_weights(recipe, known)
    return TextFit(changes, tuple(patterns), words, outside)


def _dictionary(recipe: LinesRecipe) -> Callable[[str], bool]:
    """Return whether a text is a word of one of the languages of the recipe's corpora, or of English."""
    languages = {str(c.settings["language"]) for c in recipe.listed_components["corpus"] if c.settings.get("language")}
    words = frozenset(word for name in languages or {"en"} for word in _lowercase_words(name))
    return lambda text: text.lower() in words


@cache
def _lowercase_words(language: str) -> frozenset[str]:
    return frozenset(word.lower() for word in language_words(language, _LEXICON)[0])


def _mixture_entries(recipe: LinesRecipe, patterns: Sequence[InducedPattern], labels: Sequence[str]) -> list[_Entry]:
    """Return the corpora of the recipe, one entry for each letter case, and those of the patterns."""
    used = [component for component in recipe.listed_components["corpus"] if component.weight > 0]
    total = sum(component.weight for component in used)
    entries = []
    for number, component in enumerate(used):
        settings = {"use": component.use, **component.settings}
        entries += _cases(component, settings, component.weight / total, number)
    for number, pattern in enumerate(patterns, len(used)):
        prior = _PATTERN_PRIOR * pattern.total / len(labels)
        settings = {"use": "pattern", "pattern": pattern.pattern}
        entries.append(_Entry(settings, Pattern(pattern.pattern), prior, number))
    return entries


def _cases(component: Component, settings: SettingsDict, prior: float, number: int) -> list[_Entry]:
    cases = settings.get("case")
    if not isinstance(cases, dict) or not cases or isinstance(component.instance, TextFile):
        return [_Entry(settings, component.instance, prior, number)]
    total = sum(cases.values())
    return [
        _Entry(settings, replace(component.instance, case={case: 1.0}), prior * weight / total, number, case)
        for case, weight in cases.items()
        if weight > 0
    ]


def _texts(corpus: Any, rng: np.random.Generator) -> list[str]:
    return [clean_text(corpus.draw(rng)) for _ in range(_DRAWS)]


def _corpus_settings(entries: Sequence[_Entry], weights: np.typing.NDArray[np.float64]) -> list[SettingsDict]:
    """Return the entries of `corpus` with new weights, without those that explain no label."""
    totals, cases = Counter[int](), dict[int, dict[str, float]]()
    for entry, weight in zip(entries, weights.tolist(), strict=True):
        totals[entry.number] += weight
        if entry.case:
            cases.setdefault(entry.number, {})[entry.case] = weight
    settings = {entry.number: entry.settings for entry in entries}
    found = []
    for number, total in sorted(totals.items()):
        if total >= _MIN_WEIGHT:
            own = {name: rounded(w / total) for name, w in cases.get(number, {}).items() if w / total >= _MIN_WEIGHT}
            written = {**settings[number], **({"case": own} if own else {})}
            found.append({"use": written.pop("use"), "weight": rounded(10 * total), **written})
    return found


def length_factors(labels: Sequence[str], drawn: Sequence[str], lengths: tuple[int, int]) -> dict[str, float]:
    """Return `layout.length_weights` with which drawn texts have the lengths of labels; empty if they nearly have.

    Args:
        labels: Of real lines.
        drawn: Texts without weights of lengths.
        lengths: Minimum and maximum length of the recipe.
    """
    real, own = (_length_shares(texts) for texts in (labels, drawn))
    target = (len(labels) * real + PRIOR_LINES * own) / (len(labels) + PRIOR_LINES)
    if np.abs(target - own).sum() / 2 < _MIN_DIFFERENCE:
        return {}
    factors = {}
    for (low, high), wanted, share in zip(LENGTHS, target.tolist(), own.tolist(), strict=True):
        if share and low <= lengths[1] and high >= lengths[0]:
            factors[f"{low}-{high}"] = rounded(min(max(wanted / share, 1 / _MAX_FACTOR**2), _MAX_FACTOR))
    return factors


def _length_shares(texts: Sequence[str]) -> np.typing.NDArray[np.float64]:
    counts = np.zeros(len(LENGTHS))
    for text in texts:
        counts[length_class(text)] += 1
    return np.asarray(counts / max(len(texts), 1), np.float64)


def length_class(text: str) -> int:
    """Return the index of the class of a text's length; the last one has all longer texts."""
    return next((i for i, (_, high) in enumerate(LENGTHS) if len(text) <= high), len(LENGTHS) - 1)


def _character_weights(recipe: LinesRecipe, labels: Sequence[str]) -> dict[str, float]:
    """Return the weights of required characters: relative frequencies in labels, shrunk towards equal ones."""
    characters = recipe.settings.coverage.weights_for(recipe.charset)
    counts = Counter("".join(map(recipe.charset.fold, labels)))
    total = sum(counts[character] for character in characters)
    equal = 1 / len(characters)
    weights = {}
    for character, base in characters.items():
        share = (counts[character] + PRIOR_LINES * equal) / (total + PRIOR_LINES)
        weights[character] = rounded(base * min(max((share / equal) ** 0.5, 1 / _MAX_FACTOR), _MAX_FACTOR))
    return weights
