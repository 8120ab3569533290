"""Recipes: YAML settings, their validation, and the generators that they describe."""
