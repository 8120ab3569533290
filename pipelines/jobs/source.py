"""What a job must know of what it draws."""

from collections.abc import Iterator
from typing import Any, Protocol

from pipelines.io.plan import ShardPlan
from pipelines.jobs.encode import ImageFormat
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import Charset, Generator, SkippedSample
from synthtext.fonts import FontFile


class ShardSource(Protocol):
    """Says what samples a job draws, and draws them. Is pickled to workers, which draw the same from it."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def kind(self) -> str:
        """What it makes: "lines" or "scenes"."""
        ...

    @property
    def image_format(self) -> ImageFormat:
        """How pictures are stored."""
        ...

    @property
    def charset(self) -> Charset | None:
        """The characters that it may draw; None when nobody can know them."""
        ...

    @property
    def fonts(self) -> tuple[FontFile, ...]:
        """The fonts it draws from."""
        ...

    @property
    def digest(self) -> str:
        """64 hexadecimal digits: equal when all that decides the bytes is equal."""
        ...

    @property
    def fingerprint(self) -> dict[str, str]:
        """What the digest is made of, by name."""
        ...

    def to_yaml(self) -> str:
        """Everything from which the job can be repeated."""
        ...

    def generator(self, seed: int) -> Generator[Any]:
        """A generator of its samples or scenes, for a seed from 0 to 2**32 - 1."""
        ...


def iterate_samples(recipe: str | ResolvedRecipe, count: int, seed: int = 0, start: int = 0) -> Iterator[Any]:
    """Draw samples `start` to `start + count - 1`, without those that cannot be drawn.

    A recipe of lines gives `Sample`, one of scenes `Scene`.

    Args:
        recipe: a preset's name, a recipe file, or what `resolve_recipe` gave.
        count: at least 1.
        seed: 0 to 2**32 - 1.
        start: index of the first.

    Raises:
        InputError: the recipe or a number is wrong.
    """
    plan = ShardPlan(count, start)
    resolved = resolve_recipe(recipe) if isinstance(recipe, str) else recipe
    generator = resolved.generator(seed)
    drawn = generator.generate_many(range(plan.start, plan.start + plan.count))
    return (item for item in drawn if not isinstance(item, SkippedSample))
