"""Recipes among the data of a training: their lines are drawn while it learns."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.drawn import DrawnSource, Draws, Survey, open_survey, save_survey, take_survey
from pipelines.recipe import ResolvedRecipe, describe_difference, is_recipe, resolve_recipe
from pipelines.shards.files import write_file
from pipelines.shards.written import written
from pipelines.train.settings import Config, DataSettings
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
