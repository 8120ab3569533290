"""Recipes: what is to be drawn, checked before the first sample, with a digest of all that decides the bytes."""

from pipelines.recipe.digest import code_digest, describe_difference, digest_of, python_version
from pipelines.recipe.named import is_recipe, preset_names
from pipelines.recipe.resolve import ResolvedRecipe, resolve_recipe

__all__ = [
    "ResolvedRecipe",
    "code_digest",
    "describe_difference",
    "digest_of",
    "is_recipe",
    "preset_names",
    "python_version",
    "resolve_recipe",
]
