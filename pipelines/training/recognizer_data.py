"""Recipes among the data of a training: their lines are drawn while it learns."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets.online import OnlineSource, RecipeSampler, SourceIndex, scan_recipe
from pipelines.datasets.online_index import load_index, save_index
from pipelines.datasets.open import dataset_kind, open_line_source
from pipelines.datasets.source import LineSource
from pipelines.errors import format_counts
from pipelines.inference.run import Run
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.io.paths import wrap_read_errors
from pipelines.recipes.digest import describe_difference
from pipelines.recipes.presets import is_recipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.settings import DataSettings, TrainConfigT
from synthtext.core import InputError

RECIPES_DIR = "recipes"
"""Where a RUN has the recipes that it draws from, as they were resolved, and what is known of their lines."""


@dataclass(frozen=True)
class OnlineData:
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
        return Path(RECIPES_DIR) / f"{self.number}-{Path(self.entry.source).stem}"

    @property
    def sampler(self) -> RecipeSampler:
        """Its samples."""
        return RecipeSampler(self.recipe, self.recipe.digest, self.entry.seed or 0)

    def load_index(self, folder: Path) -> SourceIndex | None:
        """What a RUN knows of its lines.

        Args:
            folder: of the RUN; it may be none yet.

        Raises:
            InputError: the RUN was trained on other lines of the recipe; the sentence names what differs.
        """
        found = load_index((folder / self.path).with_suffix(".arrow"))
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
                f"({describe_difference(ingredients, self.recipe.fingerprint)}): undo that, or take another folder"
            )
        return None

    def open(self, folder: Path, data_workers: int) -> OnlineSource:
        """The recipe as a source.

        Where the RUN does not know its lines yet, all of them are drawn once: by one process for every CPU, or by this
        one if samples are to be read in this one.

        Raises:
            JobError: more than 1 % of the lines cannot be drawn.
        """
        assert self.entry.count is not None  # filled in
        survey = self.load_index(folder)
        if survey is None:
            survey = scan_recipe(self.sampler, self.entry.count, data_workers and len(os.sched_getaffinity(0)))
        return OnlineSource(self.sampler, survey)

    def save(self, folder: Path, survey: SourceIndex) -> None:
        """Write down in a RUN's folder what is drawn and what is known of it.

        Raises:
            JobError: it cannot be written.
        """
        path = folder / self.path
        if self.load_index(folder) is None:
            with wrap_write_errors(path.with_suffix(".yaml")):
                path.parent.mkdir(exist_ok=True)
                write_atomic(path.with_suffix(".yaml"), self.recipe.to_yaml())
            save_index(path.with_suffix(".arrow"), survey, {**self._about, "ingredients": self.recipe.fingerprint})

    @property
    def _about(self) -> dict[str, object]:
        return self.entry.model_dump(include={"source", "count", "seed", "digest"})


def resolve_recipes(config: TrainConfigT) -> tuple[TrainConfigT, dict[int, OnlineData]]:
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
            check_not_a_recipe(number, entry)
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
        found[number] = OnlineData(number, entries[number], recipe)
    return config.model_copy(update={"data": tuple(entries)}), found


def check_not_a_recipe(number: int, entry: DataSettings) -> None:
    """Raise InputError if an entry of `data` that is no recipe has settings of one."""
    given = [name for name in ("count", "seed", "digest") if getattr(entry, name) is not None]
    if given:
        raise InputError(
            f"data.{number}.{given[0]}: {entry.source} is no recipe but holds the lines that it holds; leave it out"
        )


def reject_recipes(sources: Iterable[str], why: str) -> None:
    """Raise InputError if a recipe is among sources; `why` ends the sentence."""
    for source in sources:
        if is_recipe(source):
            raise InputError(f"{source} is a recipe: {why}")


@dataclass(frozen=True)
class LineData:
    """Opened data.

    Attributes:
        sources: to learn from, in the order of `data`.
        validation: to be scored on, in the order of `val`.
        drawn: those of the sources that are drawn, with their recipes.
    """

    sources: tuple[LineSource, ...]
    validation: tuple[LineSource, ...]
    online: tuple[tuple[OnlineData, OnlineSource], ...]

    def describe(self) -> Iterator[str]:
        """What is drawn, a line of text for each recipe."""
        for _, source in self.online:
            survey, seed = source.index, source.sampler.seed
            gaps = f"; could not be drawn: {format_counts(survey.skipped)}" if survey.skipped else ""
            yield f"draw {source.name}: samples 0 to {survey.count - 1:,} of seed {seed}{gaps}"

    def keep(self, run: Run) -> None:
        """Write down in a RUN what is drawn and what is known of it; raises JobError if that cannot be written."""
        for recipe, source in self.online:
            recipe.save(run.folder, source.index)


def open_lines(
    config: RecognizerTrainConfig, recipes: Mapping[int, OnlineData], folder: Path, check: Callable[[], None]
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
        recipe.load_index(folder)  # if it was other lines, it is said what has changed
    check()
    drawn = {number: recipe.open(folder, config.data_workers) for number, recipe in recipes.items()}
    in_order = tuple(source for _, source in sorted({**sources, **drawn}.items()))
    return LineData(in_order, held_out, tuple((recipes[number], source) for number, source in drawn.items()))


def _open(spec: str) -> LineSource:
    with wrap_read_errors(spec):
        there = "://" in spec or Path(spec).exists()
    if there and dataset_kind(spec) == "scenes":
        raise InputError(
            f"{spec} holds scenes, not lines: a recognizer cannot learn from it; take a preset det-..., or cut its "
            "texts out with ocrmill crops"
        )
    return open_line_source(spec)
