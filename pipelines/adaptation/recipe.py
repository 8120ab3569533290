"""The recipe of a round: fitted to the photographs, with the texts that were read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.adaptation.pseudo_labels import PseudoLabels
from pipelines.adaptation.settings import AdaptSettings
from pipelines.adaptation.text_filter import TextFilter
from pipelines.adaptation.texts import corpus_lines, with_corpus
from pipelines.adaptation.views import Reading
from pipelines.datasets.label_file import LabelFileSource
from pipelines.datasets.source import EncodedLine
from pipelines.domain_gap.changes import notable
from pipelines.domain_gap.fit import fit_recipe, number_of_rounds
from pipelines.domain_gap.fit_result import describe_changes
from pipelines.domain_gap.fit_store import FitSettings
from pipelines.domain_gap.line_set import read_lines
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.progress import progress_bar
from pipelines.recipes.recipe import CURRICULUM_KEY
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe

RECIPE_FILE, CORPUS_FILE, FITTED_FILE = "recipe.yaml", "corpus.txt", "fitted.yaml"

_FITTED_LINES = 2000  # of the photographs
_GENERATED_LINES = 600  # in a round of the fit, twice
_MAX_CHANGES, _SHOWN_TEXTS = 12, 40  # that are named


@dataclass(frozen=True)
class RoundRecipe:
    """The recipe of a round.

    Attributes:
        path: Its file.
        corpus: Number of different texts in its corpus.
        changes: What was changed, a sentence each.
        texts: Some texts of the corpus.
    """

    path: Path
    corpus: int
    changes: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class RelabelledLines(LabelFileSource):
    """The lines of a label file with other labels, one for each."""

    labels: tuple[str, ...] = ()

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order."""
        lines = super().read(rows)
        return [line._replace(text=self.labels[row]) for row, line in zip(rows.tolist(), lines, strict=True)]

    def texts(self) -> Iterator[str]:
        """Iterate over the labels."""
        return iter(self.labels)


def make_recipe(
    settings: AdaptSettings,
    source: LabelFileSource,
    readings: Sequence[Reading],
    labels: PseudoLabels,
    allowed: TextFilter,
    folder: Path,
) -> RoundRecipe:
    """Write the recipe of a round.

    The recipe is fitted to the lines, with the pseudo-labels as texts. The texts that were read are added as a corpus.

    Args:
        settings: Settings of the adaptation.
        source: The lines to adapt to.
        readings: Of all of them.
        labels: The pseudo-labels among them.
        allowed: Texts that may occur.
        folder: Of the round.
    """
    recipe, changes = resolve_recipe(settings.base), list[str]()
    lines = corpus_lines(readings, labels.kept, allowed, recipe.charset)
    texts = len(set(lines))
    if settings.fit_rounds and not recipe.settings.get(CURRICULUM_KEY):
        kept = set(labels.kept)
        known = tuple(reading.text if index in kept else "" for index, reading in enumerate(readings))
        recipe, changes = _fit(settings, RelabelledLines(source.path, known), recipe, folder)
    if lines:
        path = folder / CORPUS_FILE
        with wrap_write_errors(path):
            write_atomic(path, "\n".join(lines) + "\n")
        recipe = ResolvedRecipe(recipe.name, with_corpus(recipe.settings, path, texts))
        changes.append(f"new corpus of {texts:,} texts that were read")
    with wrap_write_errors(folder / RECIPE_FILE):
        write_atomic(folder / RECIPE_FILE, recipe.to_yaml())
    shown = tuple(dict.fromkeys(lines))[:: max(texts // _SHOWN_TEXTS, 1)][:_SHOWN_TEXTS]
    return RoundRecipe(folder / RECIPE_FILE, texts, tuple(changes), shown)


def _fit(
    settings: AdaptSettings, source: RelabelledLines, recipe: ResolvedRecipe, folder: Path
) -> tuple[ResolvedRecipe, list[str]]:
    """Fit a recipe to lines; a fit that was interrupted resumes. Return the recipe, and what was changed."""
    real = read_lines(source, _FITTED_LINES, settings.seed)
    fit_settings = FitSettings(rounds=settings.fit_rounds, lines=_GENERATED_LINES, seed=settings.seed)
    with progress_bar("fitting the recipe", total=number_of_rounds(real, fit_settings), unit="rounds") as bar:
        result = fit_recipe(real, recipe, folder / FITTED_FILE, fit_settings, bar.advance)
    changes = [f"{change.name}: {change.before} → {change.after}" for change in notable(describe_changes(result))]
    distance = f"distance to the photographs: {result.rounds[0].held_out:.2f} → {result.best.held_out:.2f}"
    return replace(result.recipe, name=recipe.name), [distance, *changes[:_MAX_CHANGES]]
