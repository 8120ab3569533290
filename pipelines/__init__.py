"""The jobs: recipes, shards, generation with Ray, reading, training, evaluation, pages and the command line."""

from pathlib import Path

from pipelines.guard import check_package_shadowing

check_package_shadowing(Path(__file__).resolve().parent.parent)
