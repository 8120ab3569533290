"""Scenes to lines: every text cut out of its picture and set upright."""

from pipelines.crops.choice import Choice, CropLevel, choose
from pipelines.crops.recipe import CropsRecipe
from pipelines.crops.survey import Survey, survey

__all__ = ["Choice", "CropLevel", "CropsRecipe", "Survey", "choose", "survey"]
