"""Recipes among the data of a training: their lines are drawn while it learns."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets.online import DrawnSource, Draws, Survey, take_survey
from pipelines.datasets.online_index import open_survey, save_survey
from pipelines.datasets.open import kind_of, open_source
from pipelines.datasets.source import RecognitionSource
from pipelines.errors import describe_counts
from pipelines.inference.run import Run
from pipelines.io.atomic import write_file, written
from pipelines.io.paths import readable
from pipelines.recipes.digest import describe_difference
from pipelines.recipes.presets import is_recipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from pipelines.training.recognizer_config import TrainConfig
from pipelines.training.settings import Config, DataSettings
from synthtext.core import InputError

FOLDER = "recipes"
"""Where a RUN has the recipes that it draws from, as they were resolved, and what is known of their lines."""


@dataclass(frozen=True)
class DrawnData:
    """A recipe among the data.

    Attributes:
        number: of its entry in `data`.
        entry: with count, seed and digest.
        recipe: of lines.
    """

    number: int
    entry: DataSettings
    recipe: ResolvedRecipe

    @property
    def path(self) -> Path:
        """Of its files in a RUN, without suffix."""
        return Path(FOLDER) / f"{self.number}-{Path(self.entry.source).stem}"

    @property
    def draws(self) -> Draws:
        """Its samples."""
        return Draws(self.recipe, self.recipe.digest, self.entry.seed or 0)

    def stored(self, folder: Path) -> Survey | None:
        """What a RUN knows of its lines.

        Args:
            folder: of the RUN; it may be none yet.

        Raises:
            InputError: the RUN was trained on other lines of the recipe; the sentence names what differs.
        """
        found = open_survey((folder / self.path).with_suffix(".arrow"))
        if found is None:
            return None
        survey, about = found
        ingredients = about.pop("ingredients", {})
        if about == self._about:
            return survey
        if about["source"] == self.entry.source and about["digest"] != self.recipe.digest:
            assert isinstance(ingredients, Mapping)
            raise InputError(
                f"{folder} is trained on other lines of recipe {self.recipe.name} "
                f"({describe_difference(ingredients, self.recipe.ingredients)}): undo that, or take another folder"
            )
        return None

    def open(self, folder: Path, data_workers: int) -> DrawnSource:
        """The recipe as a source.

        Where the RUN does not know its lines yet, all of them are drawn once: by one process for every CPU, or by this
        one if samples are to be read in this one.

        Raises:
            JobError: more than 1 % of the lines cannot be drawn.
        """
        assert self.entry.count is not None  # filled in
        survey = self.stored(folder)
        if survey is None:
            survey = take_survey(self.draws, self.entry.count, data_workers and len(os.sched_getaffinity(0)))
        return DrawnSource(self.draws, survey)

    def keep(self, folder: Path, survey: Survey) -> None:
        """Write down in a RUN's folder what is drawn and what is known of it.

        Raises:
            JobError: it cannot be written.
        """
        path = folder / self.path
        if self.stored(folder) is None:
            with written(path.with_suffix(".yaml")):
                path.parent.mkdir(exist_ok=True)
                write_file(path.with_suffix(".yaml"), self.recipe.to_yaml())
            save_survey(path.with_suffix(".arrow"), survey, {**self._about, "ingredients": self.recipe.ingredients})

    @property
    def _about(self) -> dict[str, object]:
        return self.entry.model_dump(include={"source", "count", "seed", "digest"})


def with_recipes(config: Config) -> tuple[Config, dict[int, DrawnData]]:
    """The settings with what is known of the recipes among the data.

    Returns:
        The settings, in which each recipe has its count, seed and digest; and the recipes, by the number of their
        entry.

    Raises:
        InputError: a recipe is wrong, draws no lines, or has another digest than the settings say; a source that is
            no recipe has what only a recipe can have.
    """
    total, entries, found = sum(entry.weight for entry in config.data), list(config.data), {}
    for number, entry in enumerate(config.data):
        if not is_recipe(entry.source):
            check_plain(number, entry)
            continue
        recipe = resolve_recipe(entry.source)
        if recipe.kind != "lines":
            raise InputError(
                f"recipe {entry.source} draws scenes, not lines: a recognizer cannot learn from it; ocrmill generate "
                "makes scenes of it, ocrmill crops cuts lines out of these"
            )
        if entry.digest not in (None, recipe.digest):
            raise InputError(
                f"data.{number}.digest: recipe {entry.source} has {recipe.digest[:12]}, not {entry.digest[:12]}: its "
                "lines are others now; leave the digest out to take them"
            )
        count = entry.count or math.ceil(config.samples * (entry.weight / total))
        entries[number] = entry.model_copy(update={"count": count, "seed": entry.seed or 0, "digest": recipe.digest})
        found[number] = DrawnData(number, entries[number], recipe)
    return config.model_copy(update={"data": tuple(entries)}), found


def check_plain(number: int, entry: DataSettings) -> None:
    """Raise InputError if an entry of `data` that is no recipe has settings of one."""
    given = [name for name in ("count", "seed", "digest") if getattr(entry, name) is not None]
    if given:
        raise InputError(
            f"data.{number}.{given[0]}: {entry.source} is no recipe but holds the lines that it holds; leave it out"
        )


def refuse_recipes(sources: Iterable[str], why: str) -> None:
    """Raise InputError if a recipe is among sources; `why` ends the sentence."""
    for source in sources:
        if is_recipe(source):
            raise InputError(f"{source} is a recipe: {why}")


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
