"""Samples from a recipe: one after the other, as shards on disk, or as a page to look at."""

from pipelines.generate.job import generate
from pipelines.generate.looks import draw_looks
from pipelines.generate.preview import Preview, draw_preview
from pipelines.generate.samples import iterate_samples
from pipelines.generate.summary import Summary

__all__ = ["Preview", "Summary", "draw_looks", "draw_preview", "generate", "iterate_samples"]
