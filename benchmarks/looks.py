"""CPU time of a line with every ink style, source of colours, background and effect.

    python -m benchmarks.looks [RECIPE] [KEY=VALUE ...]

All variants have the same texts and fonts, straight, without neighbours, in batches as in a job. The first column is
the time of a line without encoding, the second its increase over a plain line. Times are CPU time of this process, the
minimum of several rounds, in which the variants take turns. Tiles of backgrounds are created in the first round.
Machines are noisy: compare ratios within one run.
"""

import sys
import time

import cv2

from pipelines.jobs.component_sheet import list_component_previews
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator

ROUNDS, COUNT = 5, 256


def spent(generator: LineGenerator, count: int) -> float:
    """CPU microseconds of a line."""
    start = time.process_time()
    for _ in generator.generate_many(range(count)):
        pass
    return (time.process_time() - start) / count * 1e6


def measure(name: str, overrides: list[str]) -> None:
    looks = list(list_component_previews(resolve_recipe(name, overrides)))
    inventory = looks[0].recipe.inventory()
    plain = looks[0].recipe.generator(inventory, 1, "")
    generators = {(look.key, look.name): plain.with_design(look.recipe.design(inventory)) for look in looks}
    rounds = [{key: spent(generator, COUNT) for key, generator in generators.items()} for _ in range(ROUNDS)]
    least = {key: min(measured[key] for measured in rounds) for key in generators}
    bare = least["ink.styles", "plain"]
    print(f"recipe {name}: a plain line takes {bare:.0f} us")
    for (key, look), whole in least.items():
        print(f"  {key:12s} {look:20s} {whole:8.0f} us {whole / bare - 1:+8.0%}")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    given = sys.argv[1:]
    recipes = [argument for argument in given if "=" not in argument] or ["lines"]
    for recipe in recipes:
        measure(recipe, [argument for argument in given if "=" in argument])
