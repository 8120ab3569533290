"""The lines of a recognizer's training: what it learns from, and what it is scored on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.counts import describe_counts
from pipelines.drawn import DrawnSource
from pipelines.reader import RecognitionSource, open_source
from pipelines.reader.kind import kind_of
from pipelines.run import Run
from pipelines.storage import readable
from pipelines.train.config import TrainConfig
from pipelines.train.drawn_data import DrawnData
from synthtext.core import InputError


@dataclass(frozen=True)
class LineData:
    """Opened data.

    Attributes:
        sources: to learn from, in the order of `data`.
        held_out: to be scored on, in the order of `val`.
        drawn: those of the sources that are drawn, with their recipes.
    """

    sources: tuple[RecognitionSource, ...]
    held_out: tuple[RecognitionSource, ...]
    drawn: tuple[tuple[DrawnData, DrawnSource], ...]

    def told(self) -> Iterator[str]:
        """What is drawn, a line of text for each recipe."""
        for _, source in self.drawn:
            survey, seed = source.survey, source.draws.seed
            gaps = f"; could not be drawn: {describe_counts(survey.gaps)}" if survey.gaps else ""
            yield f"draw {source.name}: samples 0 to {survey.count - 1:,} of seed {seed}{gaps}"

    def keep(self, run: Run) -> None:
        """Write down in a RUN what is drawn and what is known of it; raises JobError if that cannot be written."""
        for recipe, source in self.drawn:
            recipe.keep(run.folder, source.survey)


def open_lines(
    config: TrainConfig, recipes: Mapping[int, DrawnData], folder: Path, check: Callable[[], None]
) -> LineData:
    """Open the data of a training.

    Args:
        config: as `with_recipes` gave it.
        recipes: likewise.
        folder: of the RUN, which is only read: it may know the lines of the recipes from an earlier start.
        check: refuses another training in that folder; is called before all lines of a recipe are drawn, which takes
            long.

    Raises:
        InputError: a source cannot be opened, or the RUN was trained on other lines of a recipe.
        JobError: too many lines of a recipe could not be drawn.
    """
    held_out = tuple(map(_open, config.val))
    sources = {number: _open(entry.source) for number, entry in enumerate(config.data) if number not in recipes}
    for recipe in recipes.values():
        recipe.stored(folder)  # if it was other lines, it is said what has changed
    check()
    drawn = {number: recipe.open(folder, config.data_workers) for number, recipe in recipes.items()}
    in_order = tuple(source for _, source in sorted({**sources, **drawn}.items()))
    return LineData(in_order, held_out, tuple((recipes[number], source) for number, source in drawn.items()))


def _open(spec: str) -> RecognitionSource:
    with readable(spec):
        there = "://" in spec or Path(spec).exists()
    if there and kind_of(spec) == "scenes":
        raise InputError(
            f"{spec} holds scenes, not lines: a recognizer cannot learn from it; take a preset det-..., or cut its "
            "texts out with ocrmill crops"
        )
    return open_source(spec)
