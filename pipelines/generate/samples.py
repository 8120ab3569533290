"""The samples of a recipe, in this process."""

from collections.abc import Iterator
from typing import Any

from pipelines.recipe import ResolvedRecipe, resolve_recipe
from pipelines.shards import ShardPlan
from synthtext.core import Gap


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
    drawn = generator.draw_many(range(plan.start, plan.start + plan.count))
    return (item for item in drawn if not isinstance(item, Gap))
