"""What is said about the data before the first step."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.datasets.image import image_size
from pipelines.datasets.open import dataset_kind, open_scene_source
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level
from pipelines.datasets.selection import Selection
from pipelines.datasets.source import LineSource, MissingDataError, describe_label_problems
from pipelines.io.paths import wrap_read_errors
from pipelines.progress import ProgressBar, progress_bar
from synthtext.core import Charset, CorpusCoverage, InputError, Level

_SHOWN = 20


def describe_data(selections: Sequence[Selection], val: Sequence[LineSource], charset: Charset) -> Iterator[str]:
    """Counts of what can be learnt from, what charset and labels lack of each other, and what validation shares.

    Args:
        selections: usable training lines.
        val: validation sources.
        charset: of the recognizer.

    Yields:
        Lines of text.
    """
    for selection in selections:
        yield f"train {selection.source.name}: {len(selection.rows):,} lines; {selection.discards}"
    texts = {source.name: list(source.texts()) for source in val}
    validated, shared = {charset.fold(text) for each in texts.values() for text in each}, set[str]()
    trained = charset.compare_with(_noticed(selections, validated, shared, charset))
    yield from _gaps("the training labels", trained)
    if trained.unused:
        yield f"{len(trained.unused)} of {len(charset)} characters are in no training label: {_few(trained.unused)}"
    for source in val:
        yield f"validate {source.name}: {len(source):,} lines"
        yield from _gaps("its labels", charset.compare_with(texts[source.name]))
        count = sum(charset.fold(text) in shared for text in texts[source.name])
        yield f"  {count:,} of them have a text that is also trained on"


def _gaps(labels: str, coverage: CorpusCoverage) -> Iterator[str]:
    if coverage.discarded_texts:
        outside = [f"{character} ({count:,})" for character, count in coverage.out_of_charset.items()]
        yield f"  {coverage.discarded_texts:,} of {labels} use characters outside the charset: {_few(outside)}"


def _few(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return " ".join("space" if entry == " " else entry for entry in entries[:_SHOWN]) + more


def _noticed(selections: Sequence[Selection], validated: set[str], shared: set[str], charset: Charset) -> Iterator[str]:
    """The training labels, in one pass; those that are validated on, too, are put into `shared` on their way."""
    for selection in selections:
        for text in selection.source.texts():
            if (folded := charset.fold(text)) in validated:
                shared.add(folded)
            yield text


@dataclass
class SceneSourceStats:
    """What is in a source.

    Attributes:
        name: of the source.
        pictures: how many.
        without_text: pictures without any text; what is found there is wrong.
        only_ignored: pictures whose texts are all to be ignored.
        texts: that count.
        ignored: texts that do not.
        small: of those that count, how many are too small, at the picture's own size, to be more than ignored.
        problems: labels that were mended, made ignored or left out, by what was wrong with them.
        digests: of the pictures' bytes.
    """

    name: str
    pictures: int = 0
    without_text: int = 0
    only_ignored: int = 0
    texts: int = 0
    ignored: int = 0
    small: int = 0
    problems: "Counter[str]" = field(default_factory=Counter)
    digests: list[bytes] = field(default_factory=list)

    def add(self, scene: EncodedScene, level: Level, min_size: float) -> None:
        """Count a picture."""
        instances = instances_at_level(scene.instances, level)
        counting = [instance.polygon for instance in instances if not instance.ignore]
        self.pictures += 1
        self.without_text += not instances
        self.only_ignored += bool(instances) and not counting
        self.texts += len(counting)
        self.ignored += len(instances) - len(counting)
        self.small += sum(bool(np.ptp(polygon, axis=0).min() < min_size) for polygon in counting)
        self.problems.update(scene.problems)
        self.digests.append(hashlib.blake2b(scene.image, digest_size=16).digest())


def open_detection_source(spec: str) -> SceneSource:
    """Open scenes to learn from or to be scored on.

    Raises:
        InputError: there is nothing of that name, or it holds lines.
    """
    if "://" in spec:
        return open_scene_source(spec)  # which says what else it may be
    path = Path(spec)
    with wrap_read_errors(path):
        labelled = path.is_file() or (path / "data.mdb").is_file()
    if labelled and dataset_kind(path) == "lines":
        raise InputError(f"{spec} holds lines, not scenes: a detector cannot learn from it; take a preset rec-...")
    return open_scene_source(path)


def scan_scenes(sources: Sequence[SceneSource], level: Level, min_size: float) -> list[SceneSourceStats]:
    """Read all of some sources once, without decoding a picture.

    Args:
        sources: of scenes.
        level: of the texts that count, where pictures have several.
        min_size: pixels of a text's shorter side, below which it is ignored.

    Raises:
        InputError: pictures are missing or are none, or a label cannot be read.
    """
    with progress_bar("checking", total=sum(map(len, sources)), unit="pictures") as bar:
        return [_survey(source, level, min_size, bar) for source in sources]


def _survey(source: SceneSource, level: Level, min_size: float, bar: ProgressBar) -> SceneSourceStats:
    survey, missing = SceneSourceStats(source.name), list[str]()
    for row in range(len(source)):
        try:
            (scene,) = source.read(np.array([row]))
        except MissingDataError as error:
            missing.append(str(error))
        else:
            image_size(scene.image, f"{source.name}: {scene.key}")
            survey.add(scene, level, min_size)
        bar.advance(1)
    if missing:
        raise InputError(
            f"{source.name}: {len(missing):,} of {len(source):,} pictures are missing, the first: {missing[0]}"
        )
    return survey


def check_scenes(train: Sequence[SceneSourceStats], val: Sequence[SceneSourceStats], min_size: float) -> None:
    """Refuse what nothing can be learnt from or scored on.

    Raises:
        InputError: no text counts in any source that is learnt from, or in one that is scored on.
    """
    if not any(survey.texts > survey.small for survey in train):
        texts, ignored = sum(s.texts for s in train), sum(s.ignored for s in train)
        raise InputError(
            f"there is no text to learn from in {', '.join(s.name for s in train)}: {ignored:,} texts are to be "
            f"ignored, and {texts:,} are smaller than targets.min_size ({min_size:g} pixels)"
        )
    for survey in val:
        if not survey.texts:
            raise InputError(
                f"{survey.name} cannot choose the best weights: not one text in its {survey.pictures:,} pictures counts"
            )


def describe_scenes(train: Sequence[SceneSourceStats], val: Sequence[SceneSourceStats]) -> Iterator[str]:
    """Counts of what can be learnt from, and of what validation shares with it; lines of text."""
    learnt = {digest for survey in train for digest in survey.digests}
    for survey in train:
        yield f"train {_counts(survey)}"
        yield from _notes(survey)
        if survey.small:
            yield f"  texts too small to be learnt, unless the view enlarges them: {survey.small:,}"
    for survey in val:
        yield f"validate {_counts(survey)}"
        yield from _notes(survey)
        shared = sum(digest in learnt for digest in survey.digests)
        yield f"  pictures that are also trained on: {shared:,}"


def _counts(survey: SceneSourceStats) -> str:
    return f"{survey.name}: {survey.pictures:,} pictures, {survey.texts:,} texts, {survey.ignored:,} to be ignored"


def _notes(survey: SceneSourceStats) -> Iterator[str]:
    if survey.without_text or survey.only_ignored:
        yield (
            f"  pictures without text: {survey.without_text:,}; with nothing but texts to be ignored: "
            f"{survey.only_ignored:,} (they teach where there is none)"
        )
    if survey.problems:
        yield f"  labels {describe_label_problems(survey.problems)}"
