"""Fit of a recipe to real lines: rounds of generating, measuring and improving, until the last one is stored."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipelines.config import SettingsDict, with_settings
from pipelines.domain_gap.distance import distances, feature_matrix
from pipelines.domain_gap.features import FEATURES, FeatureTable
from pipelines.domain_gap.fit_result import FEW_LINES, FitResult, best_round
from pipelines.domain_gap.fit_round import DIGITS, Workspace, improve
from pipelines.domain_gap.fit_store import FitSettings, Round, RoundStore
from pipelines.domain_gap.line_set import LineSet
from pipelines.domain_gap.measured_set import MeasuredSet
from pipelines.domain_gap.text_features import TEXT_FEATURES
from pipelines.domain_gap.text_fit import TextFit, fit_texts
from pipelines.domain_gap.two_sample import two_sample_auc
from pipelines.io.atomic import write_atomic
from pipelines.recipes.recipe import CURRICULUM_KEY, LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext.core import InputError

MIN_LINES = 20
"""Least number of real lines, or scenes."""

_MIN_HELD_OUT = 10  # fewer cannot be compared
_TEXT_SEED, _SPLIT_SEED = 1_000_001, 1_000_002  # in place of the number of a round


def state_folder(out: Path) -> Path:
    """Return the folder of the rounds of a fit that writes the recipe `out`."""
    return out.with_suffix(".fit")


def words_file(out: Path) -> Path:
    """Return the file of the words of the labels of a fit that writes the recipe `out`."""
    return out.with_suffix(".words.txt")


def fit_recipe(
    real: LineSet,
    base: ResolvedRecipe,
    out: Path,
    settings: FitSettings,
    advance: Callable[[int], None] = lambda _: None,
) -> FitResult:
    """Change the settings of a recipe of lines such that its lines resemble real ones.

    The rounds are stored in `state_folder(out)`; a fit that was interrupted resumes there, and a finished one is only
    read.

    Args:
        real: The real lines.
        base: The recipe before the fit.
        out: The recipe to write, by the caller.
        settings: Settings of the fit.
        advance: Called with the number of rounds that have finished since the last call.

    Raises:
        InputError: There are too few real lines, the recipe cannot be fitted, or the folder has the rounds of another
            fit.
    """
    check_fit(real, base)
    recipe = LinesRecipe.read(base.settings, Path.cwd(), f"recipe {base.name}")
    fitted, held_out = split_rows(len(real), settings)
    store = RoundStore(state_folder(out), fingerprint(real, base, settings))
    rounds = store.read()
    resumed = len(rounds)
    advance(resumed)
    texts = TextFit()
    if uses_labels(real, settings):
        labels = [real.texts[i] for i in fitted if real.texts[i]]
        rng = np.random.default_rng([settings.seed, _TEXT_SEED])
        texts = fit_texts(recipe, labels, settings.texts, words_file(out), rng)
        if texts.words:
            write_atomic(words_file(out), "\n".join(texts.words) + "\n")
    fit = _Fit(recipe, real, settings, fitted, held_out, texts)
    finish_rounds(store, rounds, number_of_rounds(real, settings), base, fit.run, advance)
    best = best_round(rounds)
    new = ResolvedRecipe(base.name, best.settings)
    return FitResult(
        base, new, tuple(rounds), real.name, tuple(fitted), tuple(held_out), texts.patterns, texts.outside, resumed
    )


def uses_labels(real: LineSet, settings: FitSettings) -> bool:
    """Return whether a fit changes the texts of the recipe by the labels of real lines."""
    return real.is_labelled and settings.texts != "off"


def number_of_rounds(real: LineSet, settings: FitSettings) -> int:
    """Return how many recipes a fit measures: before, with the texts of labels, and after each improvement."""
    return settings.rounds + 1 + uses_labels(real, settings)


class RunRound(Protocol):
    """Runs a round of a fit."""

    def __call__(self, number: int, settings: SettingsDict, *, is_last: bool) -> Round:
        """Measure the recipe of a round, and improve it unless it is the last one."""
        ...


def finish_rounds(
    store: RoundStore,
    rounds: list[Round],
    total: int,
    base: ResolvedRecipe,
    run: RunRound,
    advance: Callable[[int], None],
) -> None:
    """Run the rounds that are missing of `total`, store them, and append them to `rounds`."""
    while len(rounds) < total:
        settings = base.settings if not rounds else rounds[-1].next_settings or rounds[-1].settings
        finished = run(len(rounds), settings, is_last=len(rounds) == total - 1)
        store.write(finished)
        rounds.append(finished)
        advance(1)


def check_fit(real: MeasuredSet, base: ResolvedRecipe) -> None:
    """Check that there are enough real lines or scenes, and that the recipe can be fitted; raises InputError if not."""
    subject = real.subject
    if len(real) < MIN_LINES:
        raise InputError(
            f"{real.name} has {len(real)} {subject}, too few to fit a recipe to: give at least {MIN_LINES}, "
            f"better {2 * FEW_LINES} or more"
        )
    if base.kind != subject:
        raise InputError(f"{real.name} holds {subject}, and recipe {base.name} generates {base.kind}: name another one")
    if base.settings.get(CURRICULUM_KEY):
        raise InputError(f"recipe {base.name} has a curriculum, whose stages would undo the fit: remove the key")


def split_rows(count: int, settings: FitSettings) -> tuple[list[int], list[int]]:
    """Return the indices of the real lines or scenes that may be used, and of those that are held out, both sorted."""
    order = np.random.default_rng([settings.seed, _SPLIT_SEED]).permutation(count)
    held = max(_MIN_HELD_OUT, round(settings.held_out * count))
    return sorted(order[held:].tolist()), sorted(order[:held].tolist())


def fingerprint(real: MeasuredSet, base: ResolvedRecipe, settings: FitSettings) -> dict[str, Any]:
    """Return what the rounds of a fit depend on, as JSON."""
    digest = hashlib.sha256()
    for image, text in zip(real.images, real.texts, strict=True):
        digest.update(hashlib.sha256(image).digest() + text.encode() + b"\0")
    return {"real": digest.hexdigest(), "recipe": base.digest, "settings": settings.model_dump(mode="json")}


class _Fit:
    """Runs the rounds of a fit."""

    def __init__(
        self,
        recipe: LinesRecipe,
        real: LineSet,
        settings: FitSettings,
        fitted: Sequence[int],
        held_out: Sequence[int],
        texts: TextFit,
    ) -> None:
        self._recipe, self._settings, self._texts = recipe, settings, texts
        self._fitted, self._held_out = (_select(real.features, rows) for rows in (fitted, held_out))
        self._uses_labels = uses_labels(real, settings)
        self._compared = (*FEATURES, *TEXT_FEATURES) if self._uses_labels else FEATURES

    @cached_property
    def _workspace(self) -> Workspace:
        return Workspace(self._recipe, self._settings.lines)

    def run(self, number: int, settings: SettingsDict, *, is_last: bool) -> Round:
        """Draw and measure the recipe of a round, and improve it."""
        recipe = LinesRecipe.read(settings, Path.cwd(), f"the recipe of round {number}")
        seeds = np.random.SeedSequence([self._settings.seed, number]).generate_state(4).tolist()
        drawn = self._workspace.measure(recipe, self._workspace.draw(recipe, seeds[0]))
        if is_last:
            following = None
        elif number == 0 and self._texts.changes:
            following = with_settings(settings, self._texts.changes)
        else:
            following = improve(
                self._workspace, settings, self._fitted, drawn, seeds[1:], lengths=not self._uses_labels
            )
        to_held_out = self._distances(self._held_out, drawn)
        matrices = feature_matrix(self._held_out), feature_matrix(drawn)
        return Round(
            number=number,
            settings=settings,
            distance=mean_distance(self._distances(self._fitted, drawn)),
            held_out=mean_distance(to_held_out),
            auc=round(two_sample_auc(*matrices, seeds[1]).auc, DIGITS),
            features=to_held_out,
            next_settings=following,
        )

    def _distances(self, real: FeatureTable, drawn: FeatureTable) -> dict[str, float]:
        found = distances(real, drawn, [feature for feature in self._compared if feature.classified])
        return {entry.name: round(entry.distance, DIGITS) for entry in found}


def _select(features: FeatureTable, rows: Sequence[int]) -> FeatureTable:
    return {name: np.round(values[np.array(rows)], DIGITS) for name, values in features.items()}


def mean_distance(values: Mapping[str, float]) -> float:
    """Return the rounded mean of the distances of features."""
    return round(float(np.mean(list(values.values()))), DIGITS)
