"""Generates lines and scenes from a recipe."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pipelines.config import SettingsDict
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ImageFormat
from pipelines.io.line_row import LineRow
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardPlan
from pipelines.io.row import Row
from pipelines.io.split import Split
from pipelines.jobs.first_fonts import describe_first_fonts
from pipelines.jobs.shard_job import JobOutput
from pipelines.jobs.shard_source import SampleSource, register_source
from pipelines.jobs.summary import JobSummary
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import Charset, Generator, SkippedSample
from synthtext.fonts import FontFile

_logger = logging.getLogger("pipelines.jobs")


@register_source("lines", "scenes")
@dataclass(frozen=True)
class GeneratedSource(SampleSource):
    """The samples of a recipe.

    Attributes:
        recipe: of lines or scenes.
        seed: 0 to 2**32 - 1.
    """

    recipe: ResolvedRecipe
    seed: int = 0

    @property
    def name(self) -> str:
        """The name of the recipe."""
        return self.recipe.name

    @property
    def kind(self) -> str:
        """The kind of the recipe."""
        return self.recipe.kind

    @property
    def charset(self) -> Charset:
        """The charset of the recipe."""
        return self.recipe.charset

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """The fonts of the recipe."""
        return self.recipe.fonts

    @property
    def image_format(self) -> ImageFormat:
        """The format of the recipe's images."""
        return self.recipe.image_format

    @property
    def fingerprint(self) -> dict[str, str]:
        """The fingerprint of the recipe."""
        return self.recipe.fingerprint

    def inspect(self, rows: Sequence[Row]) -> None:
        """Log which characters the fonts of the first lines cannot tell apart."""
        lines = [row for row in rows if isinstance(row, LineRow)]
        if found := describe_first_fonts(self.recipe, lines):
            _logger.info(found)

    def to_recipe(self) -> SettingsDict:
        """The recipe with every setting, from which `generate` can repeat the job."""
        return self.recipe.settings

    @classmethod
    def from_recipe(cls, recipe: SettingsDict, description: DatasetDescription) -> Self:
        """Build the source again."""
        resolved = ResolvedRecipe(description.source, recipe)
        resolved.check_files()
        return cls(resolved, description.seed or 0)

    def open_generator(self) -> Generator[Any]:
        """Open the fonts and corpora of the recipe."""
        return self.recipe.generator(self.seed)


def generate(
    recipe: str | ResolvedRecipe,
    out: str | AnyPath,
    count: int,
    *,
    overrides: Sequence[str] = (),
    start: int = 0,
    seed: int = 0,
    workers: int | None = None,
    address: str | None = None,
    shard_size: int | None = None,
    format: str = "parquet",
    split: Split | None = None,
) -> JobSummary:
    """Generate the samples of a recipe into a dataset folder, or resume an interrupted job.

    Args:
        recipe: name of a preset, path of a recipe file, or the result of `resolve_recipe`.
        out: folder of the dataset, or its URI; it may hold a part of the same dataset.
        count: number of samples of the whole dataset.
        overrides: settings of the form `key.sub=value`, for a recipe that is given by name.
        start: index of the first sample.
        seed: 0 to 2**32 - 1.
        workers: Ray processes; 0 uses this process; None uses all CPUs if several shards are pending.
        address: of a Ray cluster to join; then `workers` bounds the tasks in flight, and None uses the whole cluster.
        shard_size: samples in a shard; None: 4,096 lines or 256 scenes.
        format: "parquet" or "lmdb".
        split: generate the samples of this split only, see `generate_splits`.

    Raises:
        InputError: an argument is invalid, or the folder holds another dataset; nothing was written.
        JobError: too many samples are skipped, the disk is full, or another job is writing to the folder.

    Returns:
        What was written: `rows`, `shards`, `skipped` and `statistics`.

    Examples:
        >>> from pipelines import generate
        >>> summary = generate("digits", "data/more", count=20, seed=7, workers=0)
        >>> summary.rows, summary.shards
        (20, 1)
    """
    ShardPlan(count, start)
    output = JobOutput(out, workers=workers, address=address, shard_size=shard_size, format=format)
    source = GeneratedSource(resolve_recipe(recipe, overrides) if isinstance(recipe, str) else recipe, seed)
    return output.run(source, count, start, split)


def iterate_samples(recipe: str | ResolvedRecipe, count: int, seed: int = 0, start: int = 0) -> Iterator[Any]:
    """Generate samples `start` to `start + count - 1`, leaving out those that are skipped.

    Args:
        recipe: name of a preset, path of a recipe file, or the result of `resolve_recipe`.
        count: at least 1.
        seed: 0 to 2**32 - 1.
        start: index of the first sample.

    Returns:
        An iterator of `Sample` for a recipe of lines, of `Scene` for a recipe of scenes.

    Raises:
        InputError: the recipe or a number is invalid.

    Examples:
        >>> from pipelines import iterate_samples
        >>> [sample.text.isdecimal() for sample in iterate_samples("digits", count=3)]
        [True, True, True]
    """
    ShardPlan(count, start)
    resolved = resolve_recipe(recipe) if isinstance(recipe, str) else recipe
    samples = resolved.generator(seed).generate_many(range(start, start + count))
    return (sample for sample in samples if not isinstance(sample, SkippedSample))
