"""A round of the adaptation of a recognizer."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pipelines.adaptation.decision import decide
from pipelines.adaptation.photos import adapt_source, held_out_source
from pipelines.adaptation.pseudo_dataset import COPIES, LABELS_FILE, write_pseudo_labels
from pipelines.adaptation.pseudo_labels import ConfidenceBand, PseudoLabels, select_pseudo_labels
from pipelines.adaptation.recipe import RoundRecipe, make_recipe
from pipelines.adaptation.recognizer_scores import RoundScores, ScoredRecognizer, read_all, score_round
from pipelines.adaptation.round import Example, RoundResult, RoundRunner
from pipelines.adaptation.steps import run_step
from pipelines.adaptation.text_filter import TextFilter
from pipelines.adaptation.training_data import Mixture, mix, training_overrides
from pipelines.adaptation.views import LONG_TEXT, Reading, Readings
from pipelines.datasets.label_file import LabelFileSource
from pipelines.datasets.open import open_line_source
from pipelines.errors import format_counts
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.resolve import open_recognizer
from pipelines.jobs.generation import generate
from pipelines.recipes.presets import is_recipe
from pipelines.recipes.resolve import resolve_recipe
from pipelines.training.job import train
from synthtext.core import InputError

_logger = logging.getLogger("pipelines.adaptation")

_PRESET = "rec-distill"
_MIN_KEPT, _MIN_KEPT_SHARE, _MIN_KEPT_TEXTS = 20, 0.01, 5
_EXAMPLES = 6  # of each decision


class RecognizerRounds(RoundRunner):
    """Runs the rounds of a recognizer."""

    def run_round(self, number: int, model: Path, folder: Path) -> RoundResult:
        """Run a round."""
        source, allowed = adapt_source(self.out / "photos"), TextFilter(self.settings.lexicon, self.settings.pattern)
        recognizer = open_recognizer(model)
        readings = self._readings(folder / "readings.json", recognizer, source, f"round {number}: reading")
        labels = select_pseudo_labels(readings, self._band, allowed)
        self._check(labels, readings)
        seeds = np.random.SeedSequence([self.settings.seed, number]).generate_state(4).tolist()
        pseudo, recipe = self._make_data(source, readings, labels, allowed, folder, seeds)
        mixture = self._train(folder, model, recipe, pseudo, len(labels.kept), seeds)
        scores = run_step(folder / "scores.json", RoundScores, lambda: self._score(number, model, recognizer, folder))
        return RoundResult(
            number=number,
            candidates=len(readings),
            kept=len(labels.kept),
            left_out=labels.counts,
            rules=tuple(self._rules(labels)),
            corpus=recipe.corpus,
            texts=recipe.texts,
            recipe=recipe.changes,
            mixture=mixture.to_dict("generated"),
            before=scores.before,
            after=scores.after,
            decision=decide(scores.before, scores.after, scores.collapse),
            examples=tuple(_examples(source, readings, labels)),
        )

    @property
    def _band(self) -> ConfidenceBand:
        return ConfidenceBand(self.settings.min_confidence, self.settings.max_confidence)

    def _readings(
        self, path: Path, recognizer: TextRecognizer, source: LabelFileSource, label: str
    ) -> tuple[Reading, ...]:
        return run_step(path, Readings, lambda: read_all(recognizer, source, label)).items

    def _check(self, labels: PseudoLabels, readings: Sequence[Reading]) -> None:
        """Raise InputError if hardly any text was read: there is nothing to learn from."""
        kept = len(labels.kept)
        texts = len({readings[index].text for index in labels.kept})
        if kept < max(_MIN_KEPT, _MIN_KEPT_SHARE * len(readings)) or texts < _MIN_KEPT_TEXTS:
            raise InputError(
                f"only {kept:,} of {len(readings):,} lines of the photographs ({texts:,} different texts) were read "
                f"with agreement and confidence (others: {format_counts(labels.counts)}): the photographs show hardly "
                f"any text that {self.first} can read; give photographs with text, or a recognizer of their script"
            )

    def _make_data(
        self,
        source: LabelFileSource,
        readings: Sequence[Reading],
        labels: PseudoLabels,
        allowed: TextFilter,
        folder: Path,
        seeds: Sequence[int],
    ) -> tuple[Path, RoundRecipe]:
        """Write the pseudo-labels, the recipe, and the generated lines of the calibration."""
        pseudo = folder / "pseudo" / LABELS_FILE
        if not pseudo.is_file():
            write_pseudo_labels(source, readings, labels.kept, pseudo.parent, seeds[0])
        recipe = run_step(
            folder / "recipe.json",
            RoundRecipe,
            lambda: make_recipe(self.settings, source, readings, labels, allowed, folder),
        )
        generate(
            resolve_recipe(str(recipe.path)),
            folder / "generated",
            self.settings.generated,
            seed=seeds[1],
            workers=0,
        )
        return pseudo, recipe

    def _train(
        self, folder: Path, model: Path, recipe: RoundRecipe, pseudo: Path, kept: int, seeds: Sequence[int]
    ) -> Mixture:
        """Train from the best recognizer so far on generated lines, pseudo-labels and replay, with a frozen teacher."""

        def start() -> Mixture:
            mixture = mix(kept, self.settings.samples)
            replay = self.settings.replay or self.settings.base
            seeded = [f"data.0.seed={seeds[2]}"] + ([f"data.2.seed={seeds[3]}"] if is_recipe(replay) else [])
            train(
                _PRESET,
                folder / "run",
                [f"{recipe.path}={mixture.new}", f"{pseudo}={mixture.pseudo}", f"{replay}={mixture.replay}"],
                [self.settings.val or str(folder / "generated")],
                training_overrides(_PRESET, self.settings, model, self.first, seeded),
                _logger.info,
            )
            return mixture

        return run_step(folder / "training.json", Mixture, start)

    def _score(self, number: int, model: Path, before: TextRecognizer, folder: Path) -> RoundScores:
        held_out, after = held_out_source(self.out / "photos"), open_recognizer(folder / "run")
        first = self._readings(
            self.out / "held_out.json", open_recognizer(self.first), held_out, "reading held-out lines"
        )
        label = f"round {number}: reading held-out lines"
        former = (
            first if model == self.first else self._readings(model.parent / "held_out.json", before, held_out, label)
        )
        return score_round(
            first,
            ScoredRecognizer(before, former),
            ScoredRecognizer(after, self._readings(folder / "held_out.json", after, held_out, label)),
            open_line_source(folder / "generated"),
            None if self.settings.val is None else open_line_source(self.settings.val),
        )

    def _rules(self, labels: PseudoLabels) -> Iterator[str]:
        yield f"all views agree; from {LONG_TEXT} characters on, a minority of the views may differ by one edit"
        yield f"confidence from {self._band.low:g} to {self._band.high:g}"
        yield f"at most {labels.cap:,} lines with the same text"
        yield f"every line also as {COPIES} augmented copies"


def _examples(source: LabelFileSource, readings: Sequence[Reading], labels: PseudoLabels) -> Iterator[Example]:
    """Yield some lines of each decision, spread evenly over all of them."""
    counts = Counter(labels.reasons)
    seen = Counter[str]()
    for index, reason in enumerate(labels.reasons):
        position = seen[reason]
        seen[reason] += 1
        if position * _EXAMPLES // counts[reason] != (position - 1) * _EXAMPLES // counts[reason] or not position:
            (line,) = source.read(np.array([index]))
            texts = dict.fromkeys(readings[index].texts)
            yield Example(f"photos/{line.key}", " | ".join(texts), reason)
