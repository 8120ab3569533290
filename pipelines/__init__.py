"""The jobs: recipes, shards, generation with Ray, reading, training, evaluation, pages and the command line."""

from pathlib import Path

from pipelines.guard import check_siblings

check_siblings(Path(__file__).resolve().parent.parent)
