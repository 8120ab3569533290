"""Data of a recognizer's training, with recipes whose lines are generated online."""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.datasets.online import OnlineSource, RecipeSampler, SourceIndex, load_index, save_index, scan_recipe
from pipelines.datasets.open import dataset_kind, open_line_source
from pipelines.datasets.source import LineSource
from pipelines.errors import format_counts
from pipelines.inference.run import Run
from pipelines.io.atomic import wrap_write_errors, write_atomic
from pipelines.io.paths import wrap_read_errors
from pipelines.recipes.digest import describe_difference
from pipelines.recipes.presets import is_recipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from pipelines.training.configs import RecognizerTrainConfig
from pipelines.training.data_checks import check_not_a_recipe
from pipelines.training.settings import DataSettings, TrainConfigT
from synthtext.core import InputError

RECIPES_DIR = "recipes"
"""Folder of a run directory for its resolved recipes and the indexes of their lines."""


@dataclass(frozen=True)
class OnlineData:
    """A recipe among the data."""

    index_in_data: int  # index of its entry in `data`
    entry: DataSettings  # with count, seed and digest
    recipe: ResolvedRecipe  # of lines

    @property
    def path(self) -> Path:
        """Path of its files in a run directory, without suffix."""
        return Path(RECIPES_DIR) / f"{self.index_in_data}-{Path(self.entry.source).stem}"

    @property
    def sampler(self) -> RecipeSampler:
        """The sampler of its lines."""
        return RecipeSampler(self.recipe, self.recipe.digest, self.entry.seed or 0)

    def load_index(self, folder: Path) -> SourceIndex | None:
        """Load the index of its lines from a run directory; None if there is none of this recipe.

        Args:
            folder: the run directory, which may not exist.

        Raises:
            InputError: the run was trained on other lines of the recipe; the message names what differs.
        """
        saved = load_index((folder / self.path).with_suffix(".arrow"))
        if saved is None:
            return None
        index, metadata = saved
        fingerprint = metadata.pop("fingerprint", {})
        if metadata == self._metadata:
            return index
        if metadata["source"] == self.entry.source and metadata["digest"] != self.recipe.digest:
            assert isinstance(fingerprint, Mapping)
            raise InputError(
                f"{folder} was trained on other lines of recipe {self.recipe.name} "
                f"({describe_difference(fingerprint, self.recipe.fingerprint)}): undo the change, or use another folder"
            )
        return None

    def open(self, folder: Path, data_workers: int) -> OnlineSource:
        """Open the recipe as a source.

        Without an index in the run directory, all lines are generated once: by one process per CPU, or by this process
        if it also reads the samples (`data_workers=0`).

        Raises:
            JobError: more than 1 % of the lines cannot be generated.
        """
        assert self.entry.count is not None  # `resolve_recipes` has set it
        index = self.load_index(folder)
        if index is None:
            index = scan_recipe(self.sampler, self.entry.count, data_workers and len(os.sched_getaffinity(0)))
        return OnlineSource(self.sampler, index)

    def save(self, folder: Path, index: SourceIndex) -> None:
        """Write the recipe and the index of its lines into a run directory, unless they exist; may raise JobError."""
        path = folder / self.path
        if self.load_index(folder) is None:
            with wrap_write_errors(path.with_suffix(".yaml")):
                path.parent.mkdir(exist_ok=True)
                write_atomic(path.with_suffix(".yaml"), self.recipe.to_yaml())
            save_index(path.with_suffix(".arrow"), index, {**self._metadata, "fingerprint": self.recipe.fingerprint})

    @property
    def _metadata(self) -> dict[str, object]:
        return self.entry.model_dump(include={"source", "count", "seed", "digest"})


def resolve_recipes(config: TrainConfigT) -> tuple[TrainConfigT, dict[int, OnlineData]]:
    """Resolve the recipes among the data.

    Returns:
        The settings, in which each recipe has its count, seed and digest; and the recipes, by the index of their entry.

    Raises:
        InputError: a recipe is invalid, generates scenes, or has another digest than the settings; or a source that is
            not a recipe has settings of one.
    """
    total, entries, recipes = sum(entry.weight for entry in config.data), list(config.data), {}
    for index, entry in enumerate(config.data):
        if not is_recipe(entry.source):
            check_not_a_recipe(index, entry)
            continue
        recipe = resolve_recipe(entry.source)
        if recipe.kind != "lines":
            raise InputError(
                f"recipe {entry.source} generates scenes, but a recognizer needs lines: make scenes with ocrmill "
                "generate and lines of them with ocrmill crops"
            )
        if entry.digest not in (None, recipe.digest):
            raise InputError(
                f"data.{index}.digest: recipe {entry.source} has {recipe.digest[:12]}, not {entry.digest[:12]}: its "
                "lines have changed; remove the digest to use them"
            )
        count = entry.count or math.ceil(config.samples * (entry.weight / total))
        entries[index] = entry.model_copy(update={"count": count, "seed": entry.seed or 0, "digest": recipe.digest})
        recipes[index] = OnlineData(index, entries[index], recipe)
    return config.model_copy(update={"data": tuple(entries)}), recipes


@dataclass(frozen=True)
class LineData:
    """Opened data."""

    sources: tuple[LineSource, ...]  # to train on, in the order of `data`
    validation: tuple[LineSource, ...]  # in the order of `val`
    online: tuple[tuple[OnlineData, OnlineSource], ...]  # the sources that are generated online, with their recipes

    def describe(self) -> Iterator[str]:
        """Yield a message about each recipe."""
        for _, source in self.online:
            index, seed = source.index, source.sampler.seed
            skipped = f"; skipped: {format_counts(index.skipped)}" if index.skipped else ""
            yield f"generate {source.name} online: samples 0 to {index.count - 1:,} of seed {seed}{skipped}"

    def save_indexes(self, run: Run) -> None:
        """Write the recipes and their indexes into a run directory; raise JobError if that fails."""
        for recipe, source in self.online:
            recipe.save(run.folder, source.index)


def open_stored_lines(config: RecognizerTrainConfig, recipes: Mapping[int, OnlineData]) -> dict[int, LineSource]:
    """Open the training sources that are not recipes, by the index of their entry; raises InputError."""
    return {index: _open(entry.source) for index, entry in enumerate(config.data) if index not in recipes}


def open_lines(
    config: RecognizerTrainConfig,
    recipes: Mapping[int, OnlineData],
    stored: Mapping[int, LineSource],
    folder: Path,
    check: Callable[[], None],
) -> LineData:
    """Open the data of a training.

    Args:
        config, recipes: from `resolve_recipes`.
        stored: from `open_stored_lines`.
        folder: the run directory, which is only read; it may hold indexes from an earlier start.
        check: rejects another training in that folder; called before the lines of a recipe are generated, which takes
            long.

    Raises:
        InputError: a source cannot be opened, or the run was trained on other lines of a recipe.
        JobError: too many lines of a recipe cannot be generated.
    """
    validation = tuple(map(_open, config.val))
    for recipe in recipes.values():
        recipe.load_index(folder)  # its error names what has changed, unlike that of `check`
    check()
    online = {index: recipe.open(folder, config.data_workers) for index, recipe in recipes.items()}
    in_order = tuple(source for _, source in sorted({**stored, **online}.items()))
    return LineData(in_order, validation, tuple((recipes[index], source) for index, source in online.items()))


def _open(spec: str) -> LineSource:
    with wrap_read_errors(spec):
        exists = "://" in spec or Path(spec).exists()
    if exists and dataset_kind(spec) == "scenes":
        raise InputError(
            f"{spec} holds scenes, but a recognizer needs lines: use a preset det-..., or make lines with ocrmill crops"
        )
    return open_line_source(spec)
