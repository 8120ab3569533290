"""Share of the lines of every preset that the published recognizer cannot read.

    python -m benchmarks.readability [--lines N] [--similarity S] [RECIPE ...]

Lines whose label has characters that the recognizer does not know are not judged. A line is unreadable if the
similarity of its label and the reading, in the best of four orientations, is below S.
"""

import argparse
from collections.abc import Sequence

import cv2
import numpy as np

from pipelines.inference.readability import ReadabilityGate, open_gate
from pipelines.recipes.presets import recipe_preset_names
from pipelines.recipes.readability import PUBLISHED
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, Sample


def measure(name: str, lines: int, gate: ReadabilityGate, overrides: Sequence[str]) -> None:
    """Print the share of unreadable lines of a recipe, and the mean similarity of label and reading."""
    recipe = resolve_recipe(name, overrides)
    if recipe.kind != "lines":
        return
    try:
        samples = [one for one in recipe.generator(0).generate_many(range(lines)) if isinstance(one, Sample)]
    except InputError as error:
        print(f"{name:16s} {error}", flush=True)
        return
    found = [gate.similarity(sample.image, sample.text) for sample in samples]
    judged = np.array([similarity for similarity in found if similarity is not None])
    if len(judged):
        share = (judged < gate.min_similarity).mean()
        counts = f"{share:6.1%} +- {(share * (1 - share) / len(judged)) ** 0.5:.1%} of {len(judged)} unreadable"
        print(f"{name:16s} {counts}, mean similarity {judged.mean():.3f}", flush=True)
    else:
        print(f"{name:16s} none of {len(samples)} labels is known to the recognizer", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", help="names or files of recipes, and KEY=VALUE; all presets by default")
    parser.add_argument("--lines", type=int, default=500, help="lines of each recipe")
    parser.add_argument("--similarity", type=float, default=0.5, help="least similarity of a readable line")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    gate = open_gate(PUBLISHED, options.similarity)
    overrides = [entry for entry in options.recipes if "=" in entry]
    names = [entry for entry in options.recipes if "=" not in entry] or recipe_preset_names()
    for name in names:
        measure(name, options.lines, gate, overrides)


if __name__ == "__main__":
    main()
