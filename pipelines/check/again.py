"""The job that made a data set, to be run again in its folder."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pipelines.config import Tree, read_yaml
from pipelines.copypaste.recipe import CopyPasteRecipe
from pipelines.copypaste.settings import settings_of
from pipelines.crops import CropsRecipe
from pipelines.generate.job import Job
from pipelines.generate.recipe import JobRecipe
from pipelines.importing import LinesImport, ScenesImport, open_import
from pipelines.progress import progress
from pipelines.reader import open_scenes
from pipelines.recipe import describe_difference, resolve_recipe
from pipelines.shards import DatasetFolder, Description, ShardPlan
from synthtext.core import InputError


class Again(Protocol):
    """A job that can go on in a data set's folder."""

    @property
    def description(self) -> Description:
        """Of what it would write."""
        ...

    def run(self) -> None:
        """Make the shards that are missing, then call the data set complete."""
        ...


@dataclass(frozen=True)
class DrawnAgain:
    """A job with a recipe.

    Attributes:
        job: as it was started, except for its workers.
    """

    job: Job

    @property
    def description(self) -> Description:
        """Of what it would write."""
        return self.job.description

    def run(self) -> None:
        """Draw the shards that are missing."""
        if isinstance(self.job.recipe, CopyPasteRecipe):
            with self.job.folder.open():
                self.job.recipe.build_bank()
        self.job.run()


@dataclass(frozen=True)
class ImportedAgain:
    """An import.

    Attributes:
        job: of the same source.
        folder: of the data set.
    """

    job: LinesImport | ScenesImport
    folder: DatasetFolder

    @property
    def description(self) -> Description:
        """Of what it would write."""
        return self.job.description()

    def run(self) -> None:
        """Import the shards that are missing."""
        with progress("importing", total=len(self.job.source), unit=self.job.ROW.KIND) as bar:
            self.job.write(self.folder.path, bar.advance)


def job_again(folder: DatasetFolder, before: Description, workers: int) -> Again:
    """The job that made a data set.

    Args:
        folder: of the data set.
        before: what it says of itself.
        workers: Ray processes; 0 for this one.

    Raises:
        InputError: it cannot be run again, or would make other samples; the sentence says what differs.
    """
    again = _imported(folder, before) if before.seed is None else _drawn(folder, before, before.seed, workers)
    difference = before.difference(again.description, _explain)
    if difference:
        raise InputError(
            f"{folder.path} cannot be repaired here, for it would get other samples ({difference}): undo that, or make "
            "the data set again in another folder"
        )
    return again


def _explain(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    return describe_difference(old, new) or "what it was imported from has changed"


def _imported(folder: DatasetFolder, before: Description) -> Again:
    try:
        found = open_import(Path(before.source))
    except InputError as error:
        raise InputError(
            f"{folder.path} cannot be repaired without what it was imported from: {error}; put that back, or import it "
            "again into another folder"
        ) from None
    return ImportedAgain(replace(found, shard_size=before.shard_size), folder)


def _drawn(folder: DatasetFolder, before: Description, seed: int, workers: int) -> Again:
    plan = ShardPlan(before.count, before.start, before.shard_size)
    try:
        recipe = _read_recipe(folder, before)
    except (KeyError, TypeError) as error:
        path = folder.path / "recipe.yaml"
        raise InputError(f"{path} is not as it was written ({error}): put a copy of it back") from None
    return DrawnAgain(Job(recipe, plan, seed, before.format, folder, workers, None))


def _read_recipe(folder: DatasetFolder, before: Description) -> JobRecipe:
    path = folder.path / "recipe.yaml"
    tree = read_yaml(path)
    if "copypaste" in tree:
        return _copypaste(tree["copypaste"], folder)
    if tree.get("kind") == "crops":
        scenes = str(tree["scenes"])
        with progress("looking", total=len(open_scenes(scenes)), unit="scenes") as bar:
            return CropsRecipe.of(scenes, tree["level"], tree["picture_format"], bar.advance)
    return replace(resolve_recipe(str(path)), name=before.source)


def _copypaste(tree: Tree, folder: DatasetFolder) -> CopyPasteRecipe:
    settings = {key: value for key, value in tree.items() if key not in ("target", "from", "mode")}
    sources = tuple(Path(source) for source in tree["from"])
    return CopyPasteRecipe(Path(tree["target"]), sources, settings_of(tree["mode"], settings), folder.crops)
