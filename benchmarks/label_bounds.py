"""Whether the labels of many lines lie within their images, and whether CTC can align every text with its image.

    python -m benchmarks.label_bounds [--lines N] [RECIPE ...]

Only the text, its shape and its placement are computed, which takes a third of a millisecond per line; nothing is
rendered. Rejected first attempts are counted and not repeated. The exit status is 1 if a line is wrong.
"""

import argparse
import sys
from collections import Counter

from pipelines.recipes.presets import recipe_preset_names
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.core import StreamSource
from synthtext.core.ctc import TALL, required_steps, time_steps
from synthtext.core.errors import Rejection
from synthtext.lines.generator import BATCH_SIZE
from synthtext.lines.state import LineState

STAGES = ("sample text", "shape", "choose style", "draw geometric effects", "place")


def check_recipe(name: str, lines: int, seed: int = 0) -> int:
    """Print how many of the first lines of a recipe are wrong, and return the number."""
    generator = resolve_recipe(name).generator(seed)
    if not isinstance(generator, LineGenerator):
        return 0
    sources, counts = [StreamSource(seed) for _ in range(BATCH_SIZE)], Counter[str]()
    wrong: list[tuple[object, ...]] = []
    for first in range(0, lines, BATCH_SIZE):
        states = [
            LineState(index, source.start(index), generator.resources.at(index))
            for source, index in zip(sources, range(first, min(first + BATCH_SIZE, lines)), strict=False)
        ]
        for stage in STAGES:
            generator.stages.steps[stage]([state for state in states if state.failure is None])
        for state in states:
            if isinstance(state.failure, Rejection):
                counts[state.failure.reason] += 1
            elif state.failure is not None:
                raise state.failure
            elif problem := find_problem(state):
                wrong.append((state.index, *problem))
    print(f"{name}: {len(wrong)} of {lines:,} lines are wrong; rejected: {dict(counts)}", flush=True)
    for example in wrong[:5]:
        print(f"  {example}")
    return len(wrong)


def find_problem(state: LineState) -> tuple[object, ...]:
    """Return what is wrong with a placed line; empty if nothing is."""
    placement, line = state.placement, state.layout.curved.line
    size, low, high = placement.size, placement.labels.min(axis=(0, 1)), placement.labels.max(axis=(0, 1))
    if low.min() < 0 or high[0] > size.width or high[1] > size.height:
        return "label beyond the image", low.tolist(), high.tolist(), size
    read = size.turned() if size.height >= TALL * size.width else size
    if not line.vertical and required_steps(line.text) > time_steps(read):
        return "too few time steps", line.text, size
    return ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", help="names or files of recipes; all presets by default")
    parser.add_argument("--lines", type=int, default=200_000, help="lines of each recipe")
    options = parser.parse_args()
    sys.exit(any(check_recipe(name, options.lines) for name in options.recipes or recipe_preset_names()))


if __name__ == "__main__":
    main()
