"""A round of the adaptation of a detector."""

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pipelines.adaptation.decision import Score, decide
from pipelines.adaptation.detector_scores import ScoredDetector, find_detector_collapse, score_detector
from pipelines.adaptation.photos import adapt_source, held_out_source
from pipelines.adaptation.round import Example, RoundResult, RoundRunner
from pipelines.adaptation.stable_boxes import LOW_SCORE, SCALES, PictureBoxes, Pictures, detect_views
from pipelines.adaptation.steps import run_step, write_labels
from pipelines.adaptation.training_data import Mixture, mix, training_overrides
from pipelines.datasets.image import image_suffix
from pipelines.datasets.label_file import LabelFileSource
from pipelines.datasets.open import open_scene_source
from pipelines.inference.predictors import TextDetector
from pipelines.inference.resolve import open_detector
from pipelines.jobs.generation import generate
from pipelines.progress import progress_bar
from pipelines.recipes.resolve import resolve_recipe
from pipelines.training.job import train
from synthtext.core import InputError

_logger = logging.getLogger("pipelines.adaptation")

_PRESET = "det-distill"
_MIN_TEXTS, _MIN_PICTURES = 20, 5
_MIN_VALIDATION = 16  # generated scenes
_COPY_PASTE = 0.5  # share of the images into which stable texts are pasted
_TEXT, _IGNORED = "text", "###"  # transcriptions of stable and of uncertain texts
_EXAMPLES = 6
NO_STABLE, UNCERTAIN = "picture without a stable text", "not stable over the scales"


class DetectorRounds(RoundRunner):
    """Runs the rounds of a detector."""

    def run_round(self, number: int, model: Path, folder: Path) -> RoundResult:
        """Run a round."""
        source, before = adapt_source(self.out / "photos"), open_detector(model)
        found = self._detect(folder / "boxes.json", before, source, f"round {number}: finding texts")
        stable, uncertain = (sum(len(getattr(item, kind)) for item in found.items) for kind in ("stable", "uncertain"))
        used = [index for index, item in enumerate(found.items) if item.stable]
        self._check(stable, uncertain, len(used), len(source))
        seeds = np.random.SeedSequence([self.settings.seed, number]).generate_state(2).tolist()
        pseudo = folder / "pseudo" / "labels.tsv"
        if not pseudo.is_file():
            _write_labels(source, found.items, used, pseudo)
        mixture = self._train(folder, model, pseudo, len(used), seeds[0])
        scores, collapse = self._score(number, model, before, folder)
        return RoundResult(
            number=number,
            candidates=stable + uncertain,
            kept=stable,
            left_out={UNCERTAIN: uncertain},
            rules=(
                f"found at the scales {', '.join(f'{scale:g}' for scale in SCALES)}",
                f"score from {self.settings.min_confidence:g}",
                f"boxes from a score of {LOW_SCORE:g} that are not stable are ignored",
            ),
            corpus=0,
            texts=(),
            recipe=(),
            mixture=mixture.to_dict("generated"),
            before=scores[0],
            after=scores[1],
            decision=decide(scores[0], scores[1], collapse),
            examples=tuple(_examples(source, found.items)),
        )

    def _check(self, stable: int, uncertain: int, used: int, pictures: int) -> None:
        """Raise InputError if hardly any text is stable: there is nothing to learn from."""
        if stable < _MIN_TEXTS or used < _MIN_PICTURES:
            raise InputError(
                f"only {stable:,} texts in {used:,} of {pictures:,} photographs are found at all scales "
                f"({uncertain:,} others are uncertain): the photographs show hardly any text that {self.first} can "
                "find; give photographs with text, or a detector for their kind of text"
            )

    def _detect(self, path: Path, detector: TextDetector, source: LabelFileSource, label: str) -> Pictures:
        def make() -> Pictures:
            with progress_bar(label, total=len(source), unit="pictures") as bar:
                return detect_views(detector, source, self.settings.min_confidence, bar.advance)

        return run_step(path, Pictures, make)

    def _score(self, number: int, model: Path, before: TextDetector, folder: Path) -> tuple[list[Score], str]:
        """Return the scores before and after the round, and the collapse of the new detector, if there is one."""
        label, after = f"round {number}: finding held-out texts", open_detector(folder / "run")
        held_out = held_out_source(self.out / "photos")
        first = self._detect(self.out / "held_out.json", open_detector(self.first), held_out, "finding held-out texts")
        former = first if model == self.first else self._detect(model.parent / "held_out.json", before, held_out, label)
        present = self._detect(folder / "held_out.json", after, held_out, label)
        labelled = None if self.settings.val is None else open_scene_source(self.settings.val)
        scored = [ScoredDetector(before, former), ScoredDetector(after, present)]
        return [score_detector(each, first, labelled) for each in scored], find_detector_collapse(first, present)

    def _train(self, folder: Path, model: Path, pseudo: Path, pictures: int, seed: int) -> Mixture:
        """Train from the best detector so far on generated scenes, pseudo-labels and replay, with a frozen teacher."""
        count = self.settings.generated
        recipe = resolve_recipe(self.settings.base)
        generate(recipe, folder / "generated", count, seed=seed, workers=0)
        if self.settings.val is None:
            generate(recipe, folder / "validation", max(count // 8, _MIN_VALIDATION), seed=seed + 1, workers=0)

        def start() -> Mixture:
            mixture = mix(pictures, self.settings.samples)
            generated, pasted = (
                str(folder / "generated"),
                json.dumps({"from": [str(pseudo)], "probability": _COPY_PASTE}),
            )
            data = [f"{generated}={mixture.new}", f"{pseudo}={mixture.pseudo}"]
            if self.settings.replay:
                data.append(f"{self.settings.replay}={mixture.replay}")
            train(
                _PRESET,
                folder / "run",
                data,
                [self.settings.val or str(folder / "validation")],
                training_overrides(_PRESET, self.settings, model, self.first, [f"copy_paste={pasted}"]),
                _logger.info,
            )
            return mixture

        return run_step(folder / "training.json", Mixture, start)


def _write_labels(source: LabelFileSource, items: Sequence[PictureBoxes], used: Sequence[int], path: Path) -> None:
    """Write pictures with their stable texts as labels, and their uncertain ones as ignored texts."""
    (path.parent / "images").mkdir(parents=True, exist_ok=True)
    rows = []
    for index in used:
        (line,) = source.read(np.array([index]))
        name = f"images/{index:06d}{image_suffix(line.image)}"
        (path.parent / name).write_bytes(line.image)
        texts = [(_TEXT, outline) for outline in items[index].stable]
        texts += [(_IGNORED, outline) for outline in items[index].uncertain]
        rows.append((name, json.dumps([{"transcription": text, "points": points} for text, points in texts])))
    write_labels(path, rows)


def _examples(source: LabelFileSource, items: Sequence[PictureBoxes]) -> Iterator[Example]:
    """Yield some pictures with stable texts, and some without, spread evenly over all of them."""
    for has_text in (True, False):
        rows = [index for index, item in enumerate(items) if bool(item.stable) == has_text]
        for index in rows[:: max(len(rows) // _EXAMPLES, 1)][:_EXAMPLES]:
            (line,) = source.read(np.array([index]))
            counts = f"{len(items[index].stable)} stable texts, {len(items[index].uncertain)} uncertain ones"
            yield Example(f"photos/{line.key}", counts, "" if has_text else NO_STABLE)
